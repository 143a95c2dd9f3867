//! What is compared: the same Envoy with nothing, with an empty filter, with ours, and with its own mirror.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde_json::{Value, json};

/// The name of the arm that all others are compared with.
pub const BASELINE: &str = "none";
/// The same again: what it seems to add is noise, and shows how much there is.
pub const AGAIN: &str = "none-again";
/// The arm that the filter is to equal.
pub const NATIVE: &str = "native-100";
/// The empty filter as it is, without the exports that it does not need, and without any callback.
pub const EMPTY: [&str; 3] = ["empty", "empty-trimmed", "hollow"];
/// The least that a mirror in wasm can be.
pub const BARE: &str = "bare";

/// How long a copy may take, in every arm that makes one.
pub const TIMEOUT: &str = "1s";

/// One way to run Envoy.
#[derive(Clone, Debug)]
pub struct Arm {
    /// Unique: the kind, and with several builds of the filter the build's label before it.
    pub name: String,
    /// Without the label.
    pub kind: &'static str,
    pub work: Work,
}

/// What the arm's listener does besides routing.
#[derive(Clone, Debug)]
pub enum Work {
    Nothing,
    /// A wasm module without configuration.
    Module(PathBuf),
    /// The mirror filter.
    Filter {
        module: PathBuf,
        percentage: u32,
        matches: bool,
    },
    /// A wasm module that sends the head of every request to the shadow.
    Bare(PathBuf),
    /// `request_mirror_policies`.
    Native {
        percentage: u32,
    },
}

/// Modules to compare the filter with.
#[derive(Clone, Debug, Default)]
pub struct References {
    /// In the order of [`EMPTY`].
    pub empty: Option<[PathBuf; 3]>,
    pub bare: Option<PathBuf>,
}

/// One build of the filter.
#[derive(Clone, Debug)]
pub struct Build {
    /// Empty, if there is only one.
    pub label: String,
    pub module: PathBuf,
}

// === impl Build ===

impl Build {
    /// From `path` or `label=path`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (label, path) = text.split_once('=').unwrap_or(("", text));
        let module = Path::new(path)
            .canonicalize()
            .map_err(|error| format!("no filter at {path}: {error}"))?;
        Ok(Self {
            label: label.to_owned(),
            module,
        })
    }
}

/// All arms, for these builds and references.
pub fn all(builds: &[Build], references: &References) -> Vec<Arm> {
    let arm = |kind: &'static str, work| Arm {
        name: kind.to_owned(),
        kind,
        work,
    };
    let mut arms = vec![arm(BASELINE, Work::Nothing), arm(AGAIN, Work::Nothing)];
    for (kind, module) in EMPTY.into_iter().zip(references.empty.iter().flatten()) {
        arms.push(arm(kind, Work::Module(module.clone())));
    }
    for build in builds {
        for (kind, percentage, matches) in [
            ("filter-nomatch", 100, false),
            ("filter-0", 0, true),
            ("filter-1", 1, true),
            ("filter-10", 10, true),
            ("filter-100", 100, true),
        ] {
            let name = if build.label.is_empty() {
                kind.to_owned()
            } else {
                format!("{}:{kind}", build.label)
            };
            let work = Work::Filter {
                module: build.module.clone(),
                percentage,
                matches,
            };
            arms.push(Arm { name, kind, work });
        }
    }
    if let Some(module) = &references.bare {
        arms.push(arm(BARE, Work::Bare(module.clone())));
    }
    arms.push(arm("native-10", Work::Native { percentage: 10 }));
    arms.push(arm(NATIVE, Work::Native { percentage: 100 }));
    arms
}

/// Those with one of these names or kinds, and the baseline.
pub fn select(mut arms: Vec<Arm>, wanted: &[String]) -> Result<Vec<Arm>> {
    for name in wanted {
        if !arms.iter().any(|arm| arm.is(name)) {
            let known: Vec<_> = arms.iter().map(|arm| arm.name.as_str()).collect();
            bail!("there is no arm {name}; there are {}", known.join(", "));
        }
    }
    arms.retain(|arm| wanted.is_empty() || arm.name == BASELINE || wanted.iter().any(|name| arm.is(name)));
    Ok(arms)
}

// === impl Arm ===

impl Arm {
    /// The share of the requests that the shadow is to receive.
    pub fn share(&self) -> f64 {
        match &self.work {
            Work::Nothing | Work::Module(_) | Work::Filter { matches: false, .. } => 0.0,
            Work::Bare(_) => 1.0,
            Work::Filter { percentage, .. } | Work::Native { percentage } => f64::from(*percentage) / 100.0,
        }
    }

    /// The filter before the router, as Envoy is told.
    pub fn http_filter(&self) -> Option<Value> {
        let (module, configuration) = match &self.work {
            Work::Nothing | Work::Native { .. } => return None,
            Work::Module(module) | Work::Bare(module) => (module, String::new()),
            Work::Filter {
                module,
                percentage,
                matches,
            } => (module, self.plugin(*percentage, *matches).to_string()),
        };
        Some(json!({
            "name": "wasm",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": {
                    "name": self.name,
                    "fail_open": true,
                    "vm_config": {
                        "vm_id": self.name,
                        "runtime": "envoy.wasm.runtime.v8",
                        "code": {"local": {"filename": module}},
                    },
                    "configuration": {
                        "@type": "type.googleapis.com/google.protobuf.StringValue",
                        "value": configuration,
                    },
                },
            },
        }))
    }

    /// The mirror policies of the route, as Envoy is told.
    pub fn mirror_policies(&self) -> Value {
        match &self.work {
            Work::Native { percentage } => json!([{
                "cluster": "shadow",
                "runtime_fraction": {"default_value": {"numerator": percentage, "denominator": "HUNDRED"}},
            }]),
            _ => json!([]),
        }
    }

    /// The filter's configuration: one mirror, with limits that this load does not reach.
    fn plugin(&self, percentage: u32, matches: bool) -> Value {
        let conditions = if matches {
            json!([])
        } else {
            json!([{"uri": {"prefix": "/another/"}}])
        };
        json!({"mirrors": [{
            "name": self.name.replace(':', "-").to_lowercase(),
            "cluster": "shadow",
            "percentage": percentage,
            "match": conditions,
            "timeout": TIMEOUT,
            "limits": {"maxInFlight": 65536, "maxBufferedBytes": 256 << 20},
            "body": {"maxBytes": 64 << 20},
        }]})
    }

    fn is(&self, name: &str) -> bool {
        self.name == name || self.kind == name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builds(labels: &[&str]) -> Vec<Build> {
        let build = |label: &&str| Build {
            label: (*label).to_owned(),
            module: PathBuf::from("/m.wasm"),
        };
        labels.iter().map(build).collect()
    }

    fn names(arms: &[Arm]) -> Vec<&str> {
        arms.iter().map(|arm| arm.name.as_str()).collect()
    }

    #[test]
    fn a_kind_selects_all_builds_and_the_baseline_is_always_there() {
        let arms = all(&builds(&["old", "new"]), &References::default());
        let wanted = ["native-100".to_owned(), "filter-100".to_owned()];
        let selected = select(arms, &wanted).expect("they exist");
        assert_eq!(
            names(&selected),
            ["none", "old:filter-100", "new:filter-100", "native-100"]
        );
    }

    #[test]
    fn an_arm_that_does_not_exist_is_refused_with_those_that_do() {
        let error =
            select(all(&builds(&[""]), &References::default()), &["filter-2".to_owned()]).expect_err("no such arm");
        assert!(
            error
                .to_string()
                .contains("there is no arm filter-2; there are none, none-again")
        );
    }

    #[test]
    fn the_configuration_is_one_that_the_filter_takes() {
        for arm in all(&builds(&["", "A-b"]), &References::default()) {
            let Work::Filter {
                percentage, matches, ..
            } = arm.work
            else {
                assert!(arm.http_filter().is_none());
                continue;
            };
            let text = arm.plugin(percentage, matches).to_string();
            mirror_policy::Plan::parse(text.as_bytes()).expect("a plan");
            assert!((arm.share() > 0.0) == (matches && percentage > 0), "{}", arm.name);
        }
    }
}
