//! One statistic as Prometheus reads it: a name, labels, a value.

use std::collections::BTreeMap;
use std::fmt;

/// A name and its labels, all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
}

impl Sample {
    /// A statistic of a mirror, or of a plugin, on a stock Istio. `name` is what follows `traffic_mirror_`.
    pub fn of(owner: &str, name: &str) -> Self {
        Self {
            name: format!("traffic_mirror_{name}"),
            labels: BTreeMap::from([("wasm_filter".to_owned(), owner.to_owned())]),
        }
    }

    /// The same with a result.
    pub fn result(mut self, result: &str) -> Self {
        self.labels.insert("tag".to_owned(), result.to_owned());
        self
    }

    /// Reads a line. Our values are whole numbers, and our labels have no character that is escaped.
    pub fn parse(line: &str) -> Option<(Self, u64)> {
        let (name, rest) = line.split_once('{')?;
        let (labels, value) = rest.split_once('}')?;
        let pair = |label: &str| {
            let (key, value) = label.split_once('=')?;
            Some((key.to_owned(), value.trim_matches('"').to_owned()))
        };
        let sample = Self {
            name: name.to_owned(),
            labels: labels.split(',').map(pair).collect::<Option<_>>()?,
        };
        Some((sample, value.trim().parse().ok()?))
    }

    /// Whether a line shows the same statistic, maybe with other labels: what helps to see what is wrong.
    pub fn resembles(&self, line: &str) -> bool {
        let owner = self.labels.get("wasm_filter").map_or("", String::as_str);
        line.starts_with(&self.name) && line.contains(owner)
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<_> = self
            .labels
            .iter()
            .map(|(key, value)| format!("{key}=\"{value}\""))
            .collect();
        write!(f, "{}{{{}}}", self.name, labels.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::Sample;

    #[test]
    fn labels_are_compared_in_any_order() {
        let line = r#"traffic_mirror_skipped_total{wasm_filter="copy",tag="loop"} 3"#;
        let wanted = Sample::of("copy", "skipped_total").result("loop");
        assert_eq!(Sample::parse(line), Some((wanted.clone(), 3)));
        assert_eq!(
            wanted.to_string(),
            r#"traffic_mirror_skipped_total{tag="loop",wasm_filter="copy"}"#
        );
    }

    #[test]
    fn a_label_too_many_is_another_statistic() {
        let line = r#"traffic_mirror_sent_total{cache="tag",wasm_filter="copy"} 3"#;
        let wanted = Sample::of("copy", "sent_total");
        assert_ne!(Sample::parse(line).map(|(sample, _)| sample), Some(wanted.clone()));
        assert!(wanted.resembles(line));
    }
}
