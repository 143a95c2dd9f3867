//! Short ways to write a configuration.

use mirror_policy::Plan;

/// The plan of one mirror `v2`, of which only the keys behind its cluster are given: `"percentage": 10`.
///
/// # Panics
/// If the policy refuses the configuration.
#[track_caller]
pub fn mirror(keys: &str) -> Plan {
    plan(&with_mirror(keys))
}

/// The configuration of [`mirror`] as JSON.
pub fn with_mirror(keys: &str) -> String {
    let comma = if keys.is_empty() { "" } else { ", " };
    format!(r#"{{"mirrors": [{{"name": "v2", "cluster": "shadow"{comma}{keys}}}]}}"#)
}

/// The plan of a configuration.
///
/// # Panics
/// If the policy refuses the configuration.
#[track_caller]
pub fn plan(config: &str) -> Plan {
    parse(config).unwrap_or_else(|error| panic!("{error}: {config}"))
}

/// The plan of a configuration that the policy may refuse.
///
/// # Errors
/// The policy's refusal as a text.
pub fn parse(config: &str) -> Result<Plan, String> {
    Plan::parse(config.as_bytes()).map_err(|error| error.to_string())
}
