//! Envoy's YAML reader makes text of every number with a fraction, so `percentage: 0.5` in a `google.protobuf.Struct`
//! reaches the filter as `"0.5"`. A person who writes it means the number.

use anyhow::{Result, ensure};

use crate::lab::{Lab, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let percentage = lab.settled().await?.mirror("copy")?.gauge("percentage_ppm");
    ensure!(percentage == 5000, "the percentage is {percentage} parts per million");
    Ok(())
}
