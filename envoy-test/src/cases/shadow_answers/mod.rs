//! Statuses are counted by class, the shadow's and the primary's apart. Cut connections and answers over Envoy's
//! response buffer are failures. Whatever the shadow does, the client gets the primary's answer.

use anyhow::Result;

use crate::lab::{Lab, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    for (path, status) in [
        ("/?shadow.status=201", 200),
        ("/?shadow.status=302", 200),
        ("/?shadow.status=404", 200),
        ("/?shadow.status=503", 200),
        ("/?shadow.status=504", 200),
        ("/?primary.status=404&shadow.status=200", 404),
        ("/?primary.status=500&shadow.status=200", 500),
        ("/?shadow.size=500000", 200),
        ("/?shadow.size=2000000", 200),
        ("/?shadow.reset", 200),
        ("/?shadow.reset_after_headers", 200),
    ] {
        connection.get(path).await?.expect(status)?;
    }
    lab.settled().await?.mirror("copy")?.expect(&[
        ("matched", 11),
        ("sent", 11),
        ("responses.2xx", 4),
        ("responses.3xx", 1),
        ("responses.4xx", 1),
        ("responses.5xx", 2),
        ("failures.reset", 3),
        ("primary.2xx", 9),
        ("primary.4xx", 1),
        ("primary.5xx", 1),
    ])
}
