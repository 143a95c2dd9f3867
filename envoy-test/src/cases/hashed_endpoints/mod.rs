//! A cluster of two endpoints that chooses by a hash, once with RING_HASH and once with MAGLEV. The route has a hash
//! policy and a mirror of Envoy's own, so each request has a copy of either kind. Envoy hashes a callout by its
//! authority, so all copies of the filter for one host go to one endpoint. Envoy gives its own copies no hash
//! (`router.cc` sets no hash policy for them), so each of them goes to either endpoint by chance, whatever the route
//! hashes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};

use crate::backend::{Echo, Received};
use crate::client::Ask;
use crate::lab::{Lab, Setup};

const CLUSTERS: [&str; 2] = ["ring", "maglev"];

/// Each has one request for each host.
const USERS: usize = 30;

const HOSTS: usize = 20;

/// The header by which the routes hash.
const USER: &str = "x-user";

/// The endpoints that got the copies with a key: a user, or a host.
type Endpoints = BTreeMap<String, BTreeSet<usize>>;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
        .clusters(include_str!("clusters.yaml"))
        .routes(include_str!("routes.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let shadows = [&lab.shadow, &lab.shadow_b];
    for cluster in CLUSTERS {
        lab.endpoints(cluster, &shadows.map(Echo::address)).await?;
        assert_spread(lab, shadows, cluster).await?;
    }
    Ok(())
}

async fn assert_spread(lab: &Lab, shadows: [&Echo; 2], cluster: &str) -> Result<()> {
    let mut connection = lab.connect().await?;
    for user in 0..USERS {
        for host in 0..HOSTS {
            let ask = Ask::get(&format!("/{cluster}")).host(&format!("{host}.example.com"));
            connection.send(ask.header(USER, user.to_string())).await?.expect_ok()?;
        }
    }
    let count = (USERS * HOSTS) as u64;
    lab.settled().await?.mirror(cluster)?.expect(&[
        ("matched", count),
        ("sent", count),
        ("responses.2xx", count),
        ("primary.2xx", count),
    ])?;
    // Nothing in the statistics tells that Envoy's own copies have come.
    lab.wait_for_envoy(&format!("cluster.{cluster}.upstream_rq_completed"), 2 * count)
        .await?;
    let copies = copies(shadows, cluster);

    let (ours, native): (Vec<_>, Vec<_>) = copies.iter().partition(|(_, copy)| is_ours(copy));
    ensure!(
        (ours.len(), native.len()) == (USERS * HOSTS, USERS * HOSTS),
        "{cluster}: {} copies of the filter, and {} of Envoy's own",
        ours.len(),
        native.len()
    );
    let by_host = |copies: &[&(usize, Received)]| endpoints(copies, |copy| Some(copy.authority.clone()));
    let by_user = |copies: &[&(usize, Received)]| endpoints(copies, |copy| copy.text(USER));
    let hosts = by_host(&ours);
    ensure!(
        hosts.len() == HOSTS && hosts.values().all(|some| some.len() == 1),
        "{cluster}: the filter's copies of one host went to more than one endpoint: {hosts:?}"
    );
    let used: BTreeSet<_> = hosts.values().flatten().collect();
    ensure!(
        used.len() == shadows.len(),
        "{cluster}: the filter's copies of all hosts went to one endpoint: {hosts:?}"
    );
    let hosts = by_host(&native);
    ensure!(
        hosts.len() == HOSTS && hosts.values().all(|some| some.len() == shadows.len()),
        "{cluster}: Envoy's own copies of one host went to one endpoint: {hosts:?}"
    );
    let users = by_user(&native);
    ensure!(
        users.len() == USERS && users.values().any(|some| some.len() == shadows.len()),
        "{cluster}: Envoy's own copies are hashed by the policy of the route: {users:?}"
    );
    Ok(())
}

/// The copies that the endpoints got for a cluster, each with the number of its endpoint.
fn copies(shadows: [&Echo; 2], cluster: &str) -> Vec<(usize, Received)> {
    let path = format!("/{cluster}");
    let of_endpoint = |(number, shadow): (usize, &Echo)| {
        let all = shadow.journal().complete_ones();
        all.into_iter().map(move |copy| (number, copy))
    };
    let all = shadows.into_iter().enumerate().flat_map(of_endpoint);
    all.filter(|(_, copy)| copy.path == path).collect()
}

/// Whether a copy has the filter's marker.
fn is_ours(copy: &Received) -> bool {
    copy.header("x-mirrored-by").is_some()
}

fn endpoints(copies: &[&(usize, Received)], key: impl Fn(&Received) -> Option<String>) -> Endpoints {
    let mut endpoints = Endpoints::new();
    for (number, copy) in copies {
        endpoints
            .entry(key(copy).unwrap_or_default())
            .or_default()
            .insert(*number);
    }
    endpoints
}
