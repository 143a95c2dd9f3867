//! What is counted: Envoy with nothing, with its own mirror, with the least wasm modules, and with the filter in each
//! of its configurations that has a price of its own.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::measure::arm::{AGAIN, BASELINE, Module, Work};
use crate::measure::{Arm, Build, Request};

/// A filter made with the SDK that does nothing.
pub const EMPTY: &str = "empty";
/// The same without the exports that it does not need.
pub const TRIMMED: &str = "empty-trimmed";
/// The least that a mirror in wasm can be.
pub const BARE: &str = "bare";
/// What the names of all arms with the filter begin with.
pub const FILTER: &str = "filter-";
/// One mirror of all requests.
pub const ONE: &str = "filter-100";
/// The same with `redact.preset: credentials`.
pub const REDACTED: &str = "filter-100-redact";
/// Two mirrors of all requests.
pub const TWO: &str = "filter-100-two";
/// Four mirrors of all requests.
pub const FOUR: &str = "filter-100-four";
/// The same with one pointer in `redact.json`.
pub const POINTER: &str = "filter-100-json-1";
/// The same with as many pointers as `redact.json` may have.
pub const POINTERS: &str = "filter-100-json-64";
/// Four mirrors with that list.
pub const POINTERS_FOUR: &str = "filter-100-json-64-four";
/// The arms without which no ratio can be told.
pub const ALWAYS: [&str; 2] = [BASELINE, crate::measure::arm::NATIVE];

/// The conditions of an arm with many of them.
const CONDITIONS: usize = 64;

/// An arm, and what is to be seen of it if it works.
#[derive(Clone, Debug)]
pub struct Case {
    pub arm: Arm,
    /// The names of the filter's mirrors, which have statistics.
    pub mirrors: Vec<String>,
    /// Whether every request meets the `match` of every mirror, or none does.
    pub matches: bool,
}

/// Modules to compare the filter with.
#[derive(Clone, Debug, Default)]
pub struct References {
    pub empty: Option<PathBuf>,
    pub trimmed: Option<PathBuf>,
    pub bare: Option<PathBuf>,
}

/// The filter in one configuration.
struct Shape {
    kind: &'static str,
    /// The number of mirrors, which differ in their names alone.
    mirrors: usize,
    /// The keys of each mirror, besides name and cluster.
    keys: Value,
    matches: bool,
    copies: f64,
}

/// All arms, for these builds of the filter and these references.
pub fn all(builds: &[Build], references: &References) -> Vec<Case> {
    let plain = |arm: Arm| Case {
        arm,
        mirrors: Vec::new(),
        matches: false,
    };
    let mut cases = vec![
        plain(Arm::nothing(BASELINE)),
        plain(Arm::nothing(AGAIN)),
        plain(Arm::native()),
    ];
    let References { empty, trimmed, bare } = references;
    for (kind, file, copies) in [(EMPTY, empty, 0.0), (TRIMMED, trimmed, 0.0), (BARE, bare, 1.0)] {
        cases.extend(file.clone().map(|file| plain(module(kind, file, copies))));
    }
    for build in builds {
        cases.extend(shapes().into_iter().map(|shape| shape.case(build)));
    }
    cases
}

fn module(kind: &'static str, file: PathBuf, copies: f64) -> Arm {
    Arm {
        name: kind.to_owned(),
        kind,
        work: Work::Module(Module {
            file,
            vm: kind.to_owned(),
            configuration: Value::Null,
        }),
        copies,
    }
}

fn shapes() -> Vec<Shape> {
    let conditions = |text: &dyn Fn(usize) -> Value| -> Value {
        let all = (0..CONDITIONS).map(|number| json!({"uri": text(number)}));
        json!({"match": all.collect::<Vec<_>>()})
    };
    let prefix = |number| json!({"prefix": format!("/another/{number}/")});
    let expression = |number| json!({"regex": format!("/another/{number}/[a-z]+(/.*)?")});
    let pointers = |count: usize| -> Value {
        let first = ["/user/email".to_owned()];
        let more = (1..count).map(|number| format!("/items/*/secret{number}"));
        json!({"redact": {"json": first.into_iter().chain(more).collect::<Vec<_>>()}})
    };
    let keyed = json!({"by": "header", "name": "traceparent"});
    let none = |kind, keys| Shape::new(kind, keys, false, 0.0);
    let zero = |kind, keys| Shape::new(kind, keys, true, 0.0);
    let copied = |kind, keys| Shape::new(kind, keys, true, 1.0);
    vec![
        none("filter-nomatch", json!({"match": [{"uri": {"prefix": "/another/"}}]})),
        none("filter-nomatch-64-prefixes", conditions(&prefix)),
        none("filter-nomatch-64-regexes", conditions(&expression)),
        zero("filter-0", json!({"percentage": 0})),
        zero(
            "filter-0-match",
            json!({"percentage": 0, "match": [{"uri": {"prefix": "/reviews/"}}]}),
        ),
        zero("filter-0-keyed", json!({"percentage": 0, "sample": keyed})),
        zero("filter-0-sixteen", json!({"percentage": 0})).of(16),
        Shape::new("filter-10", json!({"percentage": 10}), true, 0.1),
        copied(ONE, json!({})),
        copied(REDACTED, json!({"redact": {"preset": "credentials"}})),
        copied("filter-100-keyed", json!({"sample": keyed})),
        copied(POINTER, pointers(1)),
        copied(POINTERS, pointers(64)),
        copied(POINTERS_FOUR, pointers(64)).of(4),
        copied(TWO, json!({})).of(2),
        copied(FOUR, json!({})).of(4),
    ]
}

// === impl Case ===

impl Case {
    /// Whether the arm takes such requests: the least mirror has no body to send, and only the arms that read JSON take
    /// large bodies.
    pub fn takes(&self, request: Request) -> bool {
        match self.arm.kind {
            BARE => request == Request::Get,
            BASELINE | crate::measure::arm::NATIVE => true,
            POINTER | POINTERS | POINTERS_FOUR => request.is_large(),
            _ => !request.is_large(),
        }
    }

    /// The VM that the arm needs, if the arm needs one.
    pub fn vm(&self) -> Option<&str> {
        match &self.arm.work {
            Work::Module(module) => Some(&module.vm),
            Work::Nothing | Work::Native => None,
        }
    }

    /// Whether the number of copies is chance.
    pub fn is_by_chance(&self) -> bool {
        self.arm.copies.fract() > 0.0
    }
}

// === impl Shape ===

impl Shape {
    fn new(kind: &'static str, keys: Value, matches: bool, copies: f64) -> Self {
        Self {
            kind,
            mirrors: 1,
            keys,
            matches,
            copies,
        }
    }

    /// So many mirrors instead of one.
    fn of(self, mirrors: usize) -> Self {
        Self {
            mirrors,
            copies: self.copies * mirrors as f64,
            ..self
        }
    }

    fn case(&self, build: &Build) -> Case {
        let name = build.arm(self.kind);
        let label = name.replace(':', "-").to_lowercase();
        let mirrors: Vec<_> = (1..=self.mirrors).map(|number| format!("{label}-{number}")).collect();
        let mirror = |name: &String| {
            let mut keys = self.keys.clone();
            keys["name"] = name.as_str().into();
            keys["cluster"] = "shadow".into();
            keys
        };
        Case {
            arm: Arm {
                kind: self.kind,
                work: Work::Module(Module {
                    file: build.module.clone(),
                    vm: build.arm("filter"),
                    configuration: json!({"mirrors": mirrors.iter().map(mirror).collect::<Vec<_>>()}),
                }),
                copies: self.copies,
                name,
            },
            mirrors,
            matches: self.matches,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn cases() -> Vec<Case> {
        let build = |label: &str| Build {
            label: label.to_owned(),
            module: PathBuf::from("/m.wasm"),
        };
        all(&[build("old"), build("New")], &References::default())
    }

    #[test]
    fn every_configuration_is_one_that_the_filter_takes() {
        for case in cases() {
            let Work::Module(module) = &case.arm.work else { continue };
            let plan = mirror_policy::Plan::parse(module.configuration.to_string().as_bytes());
            assert!(plan.is_ok(), "{}: {:?}", case.arm.name, plan.err());
        }
    }

    #[test]
    fn arms_and_mirrors_have_names_of_their_own() {
        let cases = cases();
        let arms: BTreeSet<_> = cases.iter().map(|case| &case.arm.name).collect();
        assert_eq!(arms.len(), cases.len());
        let mirrors: Vec<_> = cases.iter().flat_map(|case| &case.mirrors).collect();
        assert_eq!(mirrors.iter().collect::<BTreeSet<_>>().len(), mirrors.len());
        assert_eq!(mirrors.len(), 2 * (12 + 16 + 2 + 4 + 4));
    }
}
