//! Through a real Prometheus that scrapes two proxies, `mirrorctl` says the same as the backends counted, while it
//! looks and when it looks once.

use anyhow::{Context as _, Result, ensure};

use crate::client::Connection;
use crate::lab::{self, Lab, Setup};
use crate::onlooker::{Onlookers, assert_same, counted};
use crate::traffic;

const MIRROR: &str = "reviews-v2";

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).workers(2)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let other = lab.another_envoy().await?;
    let prometheus = lab.prometheus(&[&lab.envoy, &other]).await?;
    let source = vec![format!("--prometheus={}", prometheus.url())];
    let onlookers = Onlookers::start(&lab.mirrorctl()?, source).await?;
    // What it has not scraped before the first request it cannot know.
    onlookers
        .when("two proxies", |view| *view.get("/source/proxies") == 2)
        .await?;
    let nothing = onlookers.now().await?;
    ensure!(nothing.state(MIRROR) == "NoTraffic", "{}", nothing.brief());

    for envoy in [&lab.envoy, &other] {
        traffic::varied(envoy.listener(), &mut Connection::http1(envoy.listener()).await?).await?;
        lab::settled(envoy).await?;
    }
    let counts = counted(
        &lab.primary.journal().complete_ones(),
        &lab.shadow.journal().complete_ones(),
    )?;
    ensure!(counts["matched"] == 600, "{counts:?}");
    let view = onlookers.now().await?;
    view.assert_counted(MIRROR, &counts, Some(&counts))?;
    ensure!(view.state(MIRROR) == "Losing", "{}", view.brief());
    // Each of the shadow's late answers is 300 ms late, and they are more than one in a hundred.
    let slowest = view.mirror(MIRROR)?["window"]["shadow"]["p99"].as_f64();
    ensure!(slowest.is_some_and(|slowest| slowest > 250.0), "{slowest:?} ms");

    for command in ["status", "report"] {
        let once = onlookers.say(&[command]).await?;
        once.assert_counted(MIRROR, &counts, Some(&counts)).context(command)?;
        assert_same((command, &once), ("the page", &view))?;
    }
    onlookers.stop().await?;
    other.stop().await?;
    Ok(())
}
