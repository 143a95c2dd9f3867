//! When a gRPC copy fails, Envoy answers in its stead, with 200 and a grpc-status of its own. That is no answer of the
//! shadow: it is counted as the failure that Envoy's message names.

use anyhow::Result;

use crate::backend::Ending;
use crate::client::Ask;
use crate::lab::{Lab, Setup, Shadow};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
        .http2_upstreams()
        .shadow(Shadow::Refusing)
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect_http2().await?;
    for ending in [Ending::Silent, Ending::Reset, Ending::Grpc(14)] {
        lab.shadow_b.behave(crate::backend::Behaviour::ending(ending));
        let call = Ask::post("/shop.Reviews/Get?primary.grpc=0", b"\0\0\0\0\0".as_slice())
            .header("content-type", "application/grpc+proto")
            .header("te", "trailers");
        connection.send(call).await?.expect_ok()?;
        lab.settled().await?;
    }
    let statistics = lab.settled().await?;
    let refused = [
        ("matched", 3),
        ("sent", 3),
        ("failures.connect", 3),
        ("primary.grpc_ok", 3),
    ];
    statistics.mirror("refused")?.expect(&refused)?;
    statistics.mirror("unlucky")?.expect(&[
        ("matched", 3),
        ("sent", 3),
        ("failures.timeout", 1),
        ("failures.reset", 1),
        ("responses.grpc_error", 1),
        ("primary.grpc_ok", 3),
    ])
}
