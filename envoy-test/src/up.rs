//! `envoy-test up`: the demo's set-up and its dashboard left running, with what to type printed.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result, bail};
use tokio::net::TcpListener;

use crate::backend::{Behaviour, Echo, Journal};
use crate::envoy::{self, Binaries, Bootstrap, Envoy};
use crate::mirrorctl::{Dashboard, Mirrorctl, Place, of_envoys};
use crate::terminal::Paint;

/// Starts everything and waits for Ctrl-C, which ends this future.
pub async fn run(binaries: &Binaries, port: u16, admin_port: u16) -> Result<()> {
    for (port, option) in [(port, "--port"), (admin_port, "--admin-port")] {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        free.with_context(|| format!("port {port} is in use; choose another with {option}"))?;
    }
    let backend = async |name| {
        Echo::start(
            name,
            SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            Behaviour::default(),
            Journal::latest(200),
        )
        .await
    };
    let (primary, shadow, shadow_b) = (
        backend("primary").await?,
        backend("shadow").await?,
        backend("shadow-b").await?,
    );
    let options = envoy::Options {
        bootstrap: Bootstrap {
            port,
            admin_port,
            clusters: vec![
                ("primary", Some(primary.address())),
                ("shadow", Some(shadow.address())),
                ("shadow-b", Some(shadow_b.address())),
            ],
            ..Bootstrap::default()
        },
        filter: envoy::filter_file::filter_to_edit(&binaries.module),
        workers: 2,
    };
    let mut envoy = Envoy::start(binaries, &options).await?;
    let sources = of_envoys(&[envoy.admin().address]);
    let mut live = Live::start(binaries, &sources).await;
    print(
        &envoy,
        port,
        admin_port,
        [&primary, &shadow, &shadow_b],
        &live,
        &sources,
    );
    tokio::select! {
        status = envoy.ended() => bail!("Envoy ended with {}:\n{}", status?, envoy.log().tail(10).join("\n")),
        // Without a dashboard everything else runs on.
        Some(problem) = async { Some(live.as_mut().ok()?.dashboard.ended().await) } => bail!("the dashboard ended: {}", problem?),
    }
}

/// What shows how the mirror does.
struct Live {
    mirrorctl: Mirrorctl,
    dashboard: Dashboard,
    place: Place,
}

// === impl Live ===

impl Live {
    async fn start(binaries: &Binaries, sources: &[String]) -> Result<Self> {
        let (mirrorctl, place) = (Mirrorctl::find(&binaries.mirrorctl)?, Place::free().await?);
        let dashboard = mirrorctl.dashboard(place.address, sources).await?;
        Ok(Self {
            mirrorctl,
            dashboard,
            place,
        })
    }

    /// What shows the mirror elsewhere.
    fn lines(&self, sources: &[String]) -> Vec<Line> {
        [
            ("watch", "the same charts in a terminal"),
            ("status", "how the mirror does, in one line"),
            ("report", "the numbers of a minute, for a pull request"),
        ]
        .map(|(command, meaning)| (self.mirrorctl.typed(command, sources), meaning))
        .into()
    }
}

/// A command to type, and what it does.
type Line = (String, &'static str);

fn print(
    envoy: &Envoy,
    port: u16,
    admin_port: u16,
    [primary, shadow, shadow_b]: [&Echo; 3],
    live: &Result<Live>,
    sources: &[String],
) {
    let paint = Paint::stdout();
    let title = "Running: Envoy with the mirror filter, a primary and its shadow";
    println!("{}", paint.bold(title));
    println!();
    println!(
        "  dashboard {}",
        match live {
            Ok(live) => paint.green(&live.place.to_string()),
            Err(problem) => paint.yellow(&format!("is not served: {problem:#}")),
        }
    );
    println!("  Envoy     http://localhost:{port}    admin http://localhost:{admin_port}");
    println!("  primary   http://{}", primary.address());
    println!(
        "  shadow    http://{}    shadow-b http://{}",
        shadow.address(),
        shadow_b.address()
    );
    println!("  filter    {}", envoy.filter_file().display());
    println!("  log       {}", envoy.folder().join("envoy.log").display());
    let section = |title: &str, lines: &[Line]| {
        println!();
        println!("{}", paint.bold(title));
        for (command, meaning) in lines {
            println!("  {}", paint.dim(&format!("# {meaning}")));
            println!("  {}", paint.cyan(command));
        }
    };
    section(
        "Send, and see what arrived",
        &to_send(port, admin_port, shadow.address()),
    );
    if let Ok(live) = live {
        section("See how the mirror does", &live.lines(sources));
    }
    section("Tune it while it runs", &to_tune(envoy));
    println!();
    println!("Ctrl-C stops everything and removes the folder.");
}

/// Requests, and what shows where they arrived.
fn to_send(port: u16, admin_port: u16, shadow: SocketAddr) -> [Line; 6] {
    [
        (
            format!("curl localhost:{port}/reviews/1"),
            "the primary's answer: what it received",
        ),
        (
            format!("for i in {{1..300}}; do curl -so /dev/null localhost:{port}/reviews/$i; done"),
            "many, so that the charts move",
        ),
        (
            format!("curl {shadow}/_echo/requests"),
            "what the shadow received, with -shadow in the authority",
        ),
        (
            format!("curl 'localhost:{port}/reviews/1?shadow.delay=2s'"),
            "a slow shadow; also shadow.status=503, shadow.reset, shadow.silent",
        ),
        (
            format!("curl -s 'localhost:{admin_port}/stats?filter=wasm_filter&usedonly'"),
            "what the filter counted",
        ),
        (
            format!("curl -s localhost:{admin_port}/stats/prometheus | grep ^traffic_mirror"),
            "the same for Prometheus, with labels",
        ),
    ]
}

/// Changes of the configuration, and what shows whether the filter took them.
fn to_tune(envoy: &Envoy) -> [Line; 3] {
    let file = envoy.filter_file();
    let file = file.display();
    [
        (
            format!("sed -i 's/percentage: .*/percentage: 25/' {file}"),
            "a share; `sed -i` renames, as Envoy wants it",
        ),
        (
            format!("sed -i 's/percentage: .*/percentage: 140/' {file}"),
            "a mistake: refused, and the old configuration stays",
        ),
        (
            format!("grep refused {}", envoy.folder().join("envoy.log").display()),
            "the reason",
        ),
    ]
}
