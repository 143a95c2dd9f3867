//! 20 MiB go up while the shadow accepts and reads nothing. Envoy's own mirror streams the copy along, so the client is
//! held up with its shadow: it has no answer, nor has its primary the request, for as long as the shadow stays silent.
//! With the filter the client has its answer meanwhile. When the shadow reads at last, both copies arrive.

use std::pin::pin;

use anyhow::{Result, bail, ensure};

use crate::backend::Fault;
use crate::client::{Ask, Connection};
use crate::envoy::side_by_side::NATIVE;
use crate::lab::{Lab, PATIENCE, Setup};
use crate::wire::ID;

const LENGTH: usize = 20 << 20;

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
        .side_by_side("{}")
        .hostile_shadows(Fault::Deaf)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let upload = |id: &str| Ask::post("/upload", vec![b'x'; LENGTH]).header(ID, id);
    let (recorders, shadows) = (lab.recorders()?, lab.hostile()?);
    let mut connection = Connection::http1(lab.envoy.admin().listener(NATIVE).await?).await?;
    let mut native = pin!(connection.send(upload("native")));
    let filtered = async {
        lab.wait_for_backpressure("native-shadow").await?;
        lab.connect().await?.send(upload("filtered")).await?.expect_ok()?;
        recorders.primary.wait_for("filtered", PATIENCE).await?;
        let meanwhile = lab.statistics().await?.mirror("copy")?.clone();
        ensure!(meanwhile.gauge("in_flight") == 1, "the copy is not under way");
        ensure!(
            meanwhile.gauge("buffered_bytes") >= LENGTH as u64,
            "its bytes are not charged"
        );
        lab.wait_for_backpressure("native-shadow").await
    };
    tokio::select! {
        answer = &mut native => bail!("the native mirror did not hold its client up: {answer:?}"),
        filtered = filtered => filtered?,
    }
    ensure!(
        recorders.native_primary.ids().is_empty(),
        "the primary has all of a request that is held up"
    );
    ensure!(
        shadows.iter().all(|shadow| shadow.requests() == 0),
        "a shadow was not silent"
    );

    for shadow in shadows {
        shadow.tell(Fault::None).await?;
    }
    native.await?.expect_ok()?;
    recorders.native_primary.wait_for("native", PATIENCE).await?;
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 1),
        ("sent", 1),
        ("responses.2xx", 1),
        ("primary.2xx", 1),
    ])?;
    ensure!(shadows[0].requests() == 1, "the filter's shadow has not got the copy");
    Ok(())
}
