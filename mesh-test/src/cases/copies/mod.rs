//! What is right is copied: by a TrafficExtension and by a WasmPlugin, for callers without a proxy and for those of the
//! mesh, whose requests come by mutual TLS.

use anyhow::Result;

use crate::plugin::{Kind, Plugin};
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

pub(super) fn run(stage: &Stage) -> Result<()> {
    let (primary, shadow) = (stage.primary()?, stage.shadow()?);
    for (kind, name) in [
        (Kind::TrafficExtension, "by-extension"),
        (Kind::WasmPlugin, "by-plugin"),
    ] {
        let plugin = Plugin::new(kind, name, &stage.mirror(name));
        stage.serve(&plugin)?;
        stage.wait_until_copying(&primary)?;
        stage.expect_copied(&primary, name, 50)?;
        let of_mesh = format!("{name}-of-mesh");
        shadow.ask_service("reviews", &stage.service_address("reviews")?, &of_mesh, 50)?;
        shadow.wait_for_received(&of_mesh, 50)?;
        stage.remove(&plugin)?;
    }
    Ok(())
}
