//! The names under which a statistic can arrive, turned into the one table's statistic: Envoy's raw names, and the
//! labels that a stock Istio or our own Envoy take out of them. What is no statistic of the filter is `None`, never a
//! guess.

use std::sync::LazyLock;

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

/// The mirror and the statistic of one of Envoy's raw names: `wasmcustom.wasm_filter.MIRROR.tag.RESULT;.NAME`, or
/// without `tag.RESULT;`.
pub fn raw_name(raw: &str) -> Option<(&str, Statistic)> {
    let rest = raw.strip_prefix("wasmcustom.").unwrap_or(raw);
    let (mirror, rest) = rest.strip_prefix("wasm_filter.")?.split_once('.')?;
    let statistic = match rest.strip_prefix("tag.").and_then(|rest| rest.split_once(";.")) {
        Some((result, name)) => statistic(name, Some(result)),
        None => statistic(rest, None),
    };
    Some((mirror, statistic?))
}
