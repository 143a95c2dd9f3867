//! The filter behind the router instead of in front of it: among the router's `upstream_http_filters`, where a request
//! is as the upstream gets it.

use anyhow::{Context as _, Result};
use serde_yaml_ng::Value;

use super::values::at;

/// What each chain of upstream filters must end with.
const CODEC: &str = r#"
name: envoy.filters.http.upstream_codec
typed_config:
  "@type": type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec
"#;

/// Moves the discovered filter, the first of the connection manager, into its router.
pub(super) fn move_behind_the_router(manager: &mut Value) -> Result<()> {
    let filters = at(manager, &["http_filters"])?
        .as_sequence_mut()
        .context("filters are a list")?;
    let mut filter = filters.remove(0);
    let discovery = at(&mut filter, &["config_discovery"])?
        .as_mapping_mut()
        .context("discovery is a map")?;
    // The stand-in until the first configuration, an RBAC filter, cannot stand here.
    discovery.remove("default_config");
    let types = discovery
        .get_mut("type_urls")
        .and_then(Value::as_sequence_mut)
        .context("type_urls are a list")?;
    types.truncate(1);
    let router = filters.last_mut().context("no router")?;
    let options = at(router, &["typed_config"])?
        .as_mapping_mut()
        .context("a router is a map")?;
    options.insert(
        "upstream_http_filters".into(),
        Value::Sequence(vec![filter, serde_yaml_ng::from_str(CODEC)?]),
    );
    Ok(())
}
