//! gRPC says in its trailers, or without a message in its headers, how a call ended; its HTTP status is always 200. The
//! shadow's and the primary's answers are classed by grpc-status, never as `2xx`, and the client gets the primary's
//! trailers as they are.

use anyhow::{Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup, assert_same};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml")).http2_upstreams()
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect_http2().await?;
    for (path, status) in [
        ("/shop.Reviews/Get?grpc=0", "0"),
        ("/shop.Reviews/Get?grpc=0&shadow.grpc=13", "0"),
        ("/shop.Reviews/Get?grpc=5&shadow.grpc=0", "5"),
        ("/shop.Reviews/Get?grpc_only=5", "5"),
        ("/shop.Reviews/Get?grpc=0&shadow.grpc_only=0", "0"),
        // No gRPC server answers like this, but a proxy in front of one does.
        ("/shop.Reviews/Get?primary.grpc=0&shadow.status=404", "0"),
    ] {
        let call = Ask::post(path, b"\0\0\0\0\x03abc".as_slice())
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        let answer = connection.send(call).await?;
        answer.expect_ok()?;
        let got = answer.trailers.get("grpc-status").or(answer.headers.get("grpc-status"));
        ensure!(
            got.is_some_and(|got| got == status),
            "{path}: the client got grpc-status {got:?}"
        );
        let (primary, shadow) = lab.pair(&answer).await?;
        assert_same(&primary, &shadow)?;
        ensure!(
            shadow.text("te").as_deref() == Some("trailers"),
            "the copy lost `te: trailers`"
        );
    }
    lab.shadow.journal().wait_for(6, PATIENCE).await?;
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 6),
        ("sent", 6),
        ("responses.grpc_ok", 3),
        ("responses.grpc_error", 2),
        ("responses.4xx", 1),
        ("primary.grpc_ok", 4),
        ("primary.grpc_error", 2),
    ])
}
