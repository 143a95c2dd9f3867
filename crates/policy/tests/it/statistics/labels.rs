//! The labels that Envoy makes of the raw names: with the expressions of a stock Istio, with ours, and for any name
//! that a mirror can have.

use std::collections::BTreeMap;

use mirror_policy::sample::Dice;
use mirror_policy::statistics::Statistic;
use regex_lite::Regex;
use serde_yaml_ng::Value;

/// What a stock Istio writes into the bootstrap of a proxy. The real Envoy of the tests runs with this file too.
const ISTIO: &str = include_str!("../../../../../envoy-test/istio-stats.yaml");

/// The bootstrap of our own Envoy.
const OURS: &str = include_str!("../../../../../envoy-test/envoy.yaml");

/// Words that some expression looks for, and words of the raw names.
const WORDS: [&str; 20] = [
    "tag",
    "wasm",
    "filter",
    "cache",
    "component",
    "rbac",
    "allowed",
    "denied",
    "shadow",
    "allow",
    "istio",
    "dry",
    "run",
    "rq",
    "200",
    "2xx",
    "cluster",
    "http",
    "traffic",
    "mirror",
];

/// The expressions of a bootstrap, in order: the label and its expression.
struct Extraction(Vec<(String, Regex)>);

/// What remains of a name, and its labels.
type Extracted = (String, BTreeMap<String, String>);

impl Extraction {
    fn read(config: &Value) -> Self {
        let tags = config["stats_tags"].as_sequence().expect("a list of labels");
        let pair = |tag: &Value| {
            let text = |key: &str| tag[key].as_str().expect("a text").to_owned();
            // The expression behind this lookahead asks for the same letter, so the meaning stays.
            let regex = text("regex").replace(r"^listener(?=\.)", "^listener");
            (text("tag_name"), Regex::new(&regex).expect(&regex))
        };
        Self(tags.iter().map(pair).collect())
    }

    /// As Envoy's TagProducerImpl::produceTags and TagExtractorStdRegexImpl::extractTag: each expression is looked for
    /// in the whole name, the first match wins, the first group is removed and the second one is the value.
    fn extract(&self, name: &str) -> Extracted {
        let (mut labels, mut removed) = (BTreeMap::new(), vec![false; name.len()]);
        for (label, regex) in &self.0 {
            let Some(found) = regex.captures(name) else { continue };
            let Some(remove) = found.get(1) else { continue };
            let value = found.get(2).unwrap_or(remove);
            labels.insert(label.clone(), value.as_str().to_owned());
            removed[remove.range()].fill(true);
        }
        let kept = name.char_indices().filter(|(at, _)| !removed[*at]);
        (kept.map(|(_, letter)| letter).collect(), labels)
    }
}

/// The expressions of a stock Istio and of our Envoy, with the names of the labels for the mirror and the result.
fn extractions() -> [(Extraction, &'static str, &'static str); 2] {
    let istio: Value = serde_yaml_ng::from_str(ISTIO).expect("YAML");
    let ours: Value = serde_yaml_ng::from_str(OURS).expect("YAML");
    [
        (Extraction::read(&istio), "wasm_filter", "tag"),
        (Extraction::read(&ours["stats_config"]), "mirror", "result"),
    ]
}

/// A DNS label of hostile words.
fn random_name(dice: &mut Dice) -> String {
    let mut pick = |count: usize| (dice.roll() % count as u64) as usize;
    let words: Vec<&str> = (0..=pick(4)).map(|_| WORDS[pick(WORDS.len())]).collect();
    words.join(["-", "", "--"][pick(3)])
}

#[test]
fn every_name_of_a_mirror_gives_exactly_its_labels() {
    let extractions = extractions();
    let mut dice = Dice::new(11);
    let fixed = [
        "etag",
        "price-tag",
        "product-cache",
        "wasm-filter",
        "response-code",
        "0",
        "a",
    ];
    let random = (0..100).map(|_| random_name(&mut dice));
    for mirror in fixed.map(str::to_owned).into_iter().chain(random) {
        assert!(mirror_policy::grammar::is_dns_label(&mirror), "{mirror}");
        for statistic in Statistic::all() {
            let raw = format!("wasmcustom.{}", statistic.raw_name(&mirror));
            for (extraction, mirror_label, result_label) in &extractions {
                let mut labels = BTreeMap::from([((*mirror_label).to_owned(), mirror.clone())]);
                if let Some(result) = statistic.result() {
                    labels.insert((*result_label).to_owned(), result.to_owned());
                }
                let expected = (format!("wasmcustom.{}", statistic.name()), labels);
                assert_eq!(extraction.extract(&raw), expected, "{raw}");
            }
        }
    }
}
