//! A primary that redirects the client has answered with a 3xx. A redirect that Envoy follows itself is a request of
//! its own, and is mirrored as such, as Envoy's own mirroring does: one copy each way, and the primary's answer counted
//! where the client got it.

use anyhow::{Result, ensure};

use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).routes(include_str!("routes.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let redirect = "primary.status=302&primary.location=http://shop.example/there";
    let answer = connection.get(&format!("/client?{redirect}")).await?;
    answer.expect(302)?;
    lab.pair(&answer).await?;
    let all = [("matched", 1), ("sent", 1), ("responses.2xx", 1), ("primary.3xx", 1)];
    lab.settled().await?.mirror("copy")?.expect(&all)?;

    connection.get(&format!("/envoy?{redirect}")).await?.expect_ok()?;
    let paths = |received: Vec<crate::backend::Received>| -> Vec<String> {
        let of = |one: crate::backend::Received| one.path.split('?').next().unwrap_or_default().to_owned();
        received.into_iter().map(of).collect()
    };
    let primary = paths(lab.primary.journal().wait_for(3, PATIENCE).await?);
    ensure!(
        primary == ["/client", "/envoy", "/there"],
        "the primary got {primary:?}"
    );
    let mut shadow = paths(lab.shadow.journal().wait_for(3, PATIENCE).await?);
    shadow.sort();
    ensure!(shadow == ["/client", "/envoy", "/there"], "the shadow got {shadow:?}");
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 3),
        ("sent", 3),
        ("responses.2xx", 3),
        ("primary.2xx", 1),
        ("primary.3xx", 1),
    ])
}
