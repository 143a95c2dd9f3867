//! The rules of `deploy/prometheus`, and the cases that say when each alert fires.
//!
//! A case names what differs from a healthy mirror and all alerts that must then fire; every other alert must stay
//! silent. Each becomes a unit test for `promtool` in every [`Naming`], so an alert that knows only one pair of labels
//! fails.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

/// Seconds between two samples of a case.
const INTERVAL: u64 = 15;
/// The mirror of every case.
pub const MIRROR: &str = "reviews-v2";

/// Groups of rules, as Prometheus reads them.
#[derive(Debug, Deserialize)]
pub struct Rules {
    /// In the order in which they are evaluated.
    pub groups: Vec<Group>,
}

/// One group.
#[derive(Debug, Deserialize)]
pub struct Group {
    /// Unique in the file.
    pub name: String,
    /// In the order in which they are evaluated.
    pub rules: Vec<Rule>,
}

/// A recording rule or an alert.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What a recording rule writes.
    pub record: Option<String>,
    /// The name of an alert.
    pub alert: Option<String>,
    /// PromQL.
    pub expr: String,
    /// How long it must hold before the alert fires.
    #[serde(rename = "for")]
    pub pending: Option<String>,
    /// Besides those of the expression.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// For people: summary, description, runbook_url.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

/// Series by name and labels, in promtool's notation; `null` takes one away.
pub type Inputs = BTreeMap<String, Option<String>>;

/// One case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The proxies, each with all series of a healthy mirror.
    #[serde(default = "one_proxy")]
    pub proxies: Vec<String>,
    /// What differs. The label `proxy` says where; without it, on every proxy.
    #[serde(default)]
    pub series: Inputs,
    /// When to look, in minutes.
    #[serde(default = "forty")]
    pub minutes: u64,
    /// All alerts that fire then, with the labels that they have besides mirror, namespace and severity. With
    /// the label `plugin`, an alert has no mirror.
    #[serde(default)]
    pub firing: BTreeMap<String, BTreeMap<String, String>>,
    /// What the only alert that fires says: summary and description.
    pub says: Option<(String, String)>,
}

/// How targets and labels are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// A stock Istio: `wasm_filter` and `tag`, a namespace, Istio's standard metrics.
    Istio,
    /// `mirror` and `result`, in Kubernetes all the same.
    Kubernetes,
    /// `mirror` and `result`, no namespace, Envoy's own metrics.
    Envoy,
}

fn one_proxy() -> Vec<String> {
    vec!["a".to_owned()]
}

fn forty() -> u64 {
    40
}

// === impl Rules ===

impl Rules {
    /// Reads a file of rules.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_yaml_ng::from_str(&text).with_context(|| format!("in {}", path.display()))
    }

    /// The alerts, in their order.
    pub fn alerts(&self) -> impl Iterator<Item = (&str, &Rule)> {
        let rules = self.groups.iter().flat_map(|group| &group.rules);
        rules.filter_map(|rule| Some((rule.alert.as_deref()?, rule)))
    }

    /// The alert of this name.
    pub fn alert(&self, name: &str) -> Result<&Rule> {
        let found = self.alerts().find(|(alert, _)| *alert == name);
        Ok(found.with_context(|| format!("there is no alert {name}"))?.1)
    }
}

// === impl Naming ===

impl Naming {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Istio, Self::Kubernetes, Self::Envoy];

    /// The series of a case as this naming has it on one proxy.
    fn series(self, key: &str, proxy: &str) -> String {
        let (name, labels) = key.split_once('{').unwrap_or((key, "}"));
        let mut labels = labels.trim_end_matches('}').to_owned();
        let mut name = name;
        if name == "istio_requests_total" && labels.contains("\"destination\"") && self == Self::Envoy {
            name = "envoy_http_downstream_rq_total";
            labels = "envoy_http_conn_manager_prefix=\"ingress\"".to_owned();
        }
        if self == Self::Istio {
            labels = labels.replace("result=", "tag=");
        }
        let mut all = vec![format!("job=\"proxies\",instance=\"{proxy}:15020\"")];
        if !labels.is_empty() {
            all.push(labels);
        }
        if name.starts_with("traffic_mirror_") {
            let label = if self == Self::Istio { "wasm_filter" } else { "mirror" };
            all.push(format!("{label}=\"{MIRROR}\""));
        }
        if self != Self::Envoy {
            all.push(format!("namespace=\"demo\",pod=\"reviews-v1-{proxy}\""));
        }
        format!("{name}{{{}}}", all.join(","))
    }

    fn identity(self) -> Vec<(&'static str, &'static str)> {
        match self {
            Self::Envoy => vec![("mirror", MIRROR)],
            Self::Istio | Self::Kubernetes => vec![("mirror", MIRROR), ("namespace", "demo")],
        }
    }
}

// === impl Case ===

impl Case {
    /// Reads a file of cases.
    pub fn read(path: &Path) -> Result<Vec<Self>> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_yaml_ng::from_str(&text).with_context(|| format!("in {}", path.display()))
    }

    /// The unit test that promtool runs, one of the list `tests`.
    pub fn unit_test(&self, healthy: &Inputs, rules: &Rules, naming: Naming) -> Result<Value> {
        let mut series = Vec::new();
        for proxy in &self.proxies {
            let mut inputs = healthy.clone();
            for (key, values) in &self.series {
                if let Some(key) = for_proxy(key, proxy) {
                    inputs.insert(key, values.clone());
                }
            }
            for (key, values) in inputs {
                if let Some(values) = values {
                    series.push(json!({"series": naming.series(&key, proxy), "values": values}));
                }
            }
        }
        let time = format!("{}m", self.minutes);
        let mut firing = Vec::new();
        let mut said = Vec::new();
        for (alert, more) in &self.firing {
            let mut labels = rules.alert(alert)?.labels.clone();
            // The alert of a plugin has no mirror.
            let is_of_mirror = !more.contains_key("plugin");
            let identity = naming.identity().into_iter();
            let identity = identity.filter(|(name, _)| is_of_mirror || *name != "mirror");
            labels.extend(identity.map(|(name, value)| (name.to_owned(), value.to_owned())));
            labels.extend(more.clone());
            if let Some((summary, description)) = &self.says {
                ensure!(self.firing.len() == 1, "{}: `says` is for one alert", self.name);
                let place = if naming == Naming::Envoy { "" } else { " in demo" };
                let annotations = json!({
                    "summary": summary,
                    "description": description.replace(" in demo", place),
                    "runbook_url": rules.alert(alert)?.annotations.get("runbook_url"),
                });
                let expected = json!([{"exp_labels": labels, "exp_annotations": annotations}]);
                said.push(json!({"eval_time": time, "alertname": alert, "exp_alerts": expected}));
            }
            let mut pairs = vec![format!("alertname=\"{alert}\",alertstate=\"firing\"")];
            pairs.extend(labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")));
            firing.push(json!({"labels": format!("ALERTS{{{}}}", pairs.join(",")), "value": 1}));
        }
        Ok(json!({
            "name": format!("{} ({naming:?})", self.name),
            "interval": format!("{INTERVAL}s"),
            "input_series": series,
            "alert_rule_test": said,
            "promql_expr_test": [{"expr": "ALERTS{alertstate=\"firing\"}", "eval_time": time, "exp_samples": firing}],
        }))
    }
}

/// The key without its label `proxy`, if it is meant for this one.
fn for_proxy(key: &str, proxy: &str) -> Option<String> {
    let Some(start) = key.find("proxy=\"") else {
        return Some(key.to_owned());
    };
    let own = format!("proxy=\"{proxy}\"");
    let rest = key.get(start..)?;
    let key = key.replacen(&own, "", 1);
    rest.starts_with(&own)
        .then(|| key.replace("{,", "{").replace(",}", "}").replace("{}", ""))
}

#[cfg(test)]
mod tests {
    use super::{Naming, for_proxy};

    #[test]
    fn the_label_proxy_says_where() {
        assert_eq!(for_proxy("up", "a").as_deref(), Some("up"));
        assert_eq!(for_proxy("up{proxy=\"a\"}", "a").as_deref(), Some("up"));
        assert_eq!(for_proxy("up{proxy=\"b\"}", "a"), None);
        let with_result = "x{proxy=\"a\",result=\"2xx\"}";
        assert_eq!(for_proxy(with_result, "a").as_deref(), Some("x{result=\"2xx\"}"));
    }

    #[test]
    fn each_naming_has_its_labels() {
        let key = "traffic_mirror_skipped_total{result=\"loop\"}";
        let istio = Naming::Istio.series(key, "a");
        assert!(
            istio.contains("tag=\"loop\"") && istio.contains("wasm_filter=\"reviews-v2\""),
            "{istio}"
        );
        let envoy = Naming::Envoy.series(key, "a");
        assert!(
            envoy.contains("result=\"loop\"") && !envoy.contains("namespace"),
            "{envoy}"
        );
        let requests = Naming::Envoy.series("istio_requests_total{reporter=\"destination\"}", "a");
        assert!(requests.starts_with("envoy_http_downstream_rq_total{"), "{requests}");
    }
}
