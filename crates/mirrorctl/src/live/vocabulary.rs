//! The names under which a statistic can arrive, turned into the one table's statistic: Envoy's raw names, and the
//! labels that a stock Istio or our own Envoy take out of them. What is no statistic of the filter is `None`, never a
//! guess.

use std::sync::LazyLock;

use mirror_policy::plugin::REFUSED;
use mirror_policy::statistics::Statistic;

/// The label pairs that carry the mirror and the result: of a stock Istio, and of `envoy-test/envoy.yaml`.
pub const LABEL_PAIRS: [(&str, &str); 2] = [("wasm_filter", "tag"), ("mirror", "result")];

static ALL: LazyLock<Vec<Statistic>> = LazyLock::new(Statistic::all);

/// Every statistic of a mirror, each at its own index.
pub fn all() -> &'static [Statistic] {
    &ALL
}

/// The statistic of a family's name and its result.
pub fn statistic(name: &str, result: Option<&str>) -> Option<Statistic> {
    all()
        .iter()
        .copied()
        .find(|one| one.name() == name && one.result() == result)
}

/// The label of the plugin whose configuration one of Envoy's raw names tells of.
pub fn refused_plugin(raw: &str) -> Option<&str> {
    let rest = raw.strip_prefix("wasmcustom.").unwrap_or(raw);
    let (plugin, name) = rest.strip_prefix("wasm_filter.")?.split_once('.')?;
    (name == REFUSED.name).then_some(plugin)
}

/// The mirror and the statistic of one of Envoy's raw names: `wasmcustom.tag.RESULT;.wasm_filter.MIRROR.NAME`, or
/// without `tag.RESULT;`. A proxy may still run a filter that has the result behind the mirror, so that order is read
/// as well.
pub fn raw_name(raw: &str) -> Option<(&str, Statistic)> {
    let rest = raw.strip_prefix("wasmcustom.").unwrap_or(raw);
    let (first, rest) = split_result(rest);
    let (mirror, rest) = rest.strip_prefix("wasm_filter.")?.split_once('.')?;
    let (second, name) = split_result(rest);
    // A name with two results is no name of the filter.
    let result = if second.is_some() && first.is_some() {
        return None;
    } else {
        first.or(second)
    };
    Some((mirror, statistic(name, result)?))
}

/// The result at the start of a name, and the rest of the name.
fn split_result(name: &str) -> (Option<&str>, &str) {
    match name.strip_prefix("tag.").and_then(|rest| rest.split_once(";.")) {
        Some((result, rest)) => (Some(result), rest),
        None => (None, name),
    }
}
