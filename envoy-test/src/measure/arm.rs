//! One way to run Envoy: with nothing, with a wasm module, or with its own mirror. Each has a listener of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The name of the arm that all others are compared with.
pub const BASELINE: &str = "none";
/// The same arm again: what this arm seems to add is noise, and shows how much noise there is.
pub const AGAIN: &str = "none-again";
/// Envoy's own mirror of all requests.
pub const NATIVE: &str = "native-100";

/// One way to run Envoy.
#[derive(Clone, Debug)]
pub struct Arm {
    /// Unique: the kind, and with several builds of the filter the build's label before it.
    pub name: String,
    /// The name without the label.
    pub kind: &'static str,
    pub work: Work,
    /// The copies that the shadow is to receive for each request.
    pub copies: f64,
}

/// What the arm's listener does besides routing.
#[derive(Clone, Debug)]
pub enum Work {
    Nothing,
    /// `request_mirror_policies` for all requests.
    Native,
    Module(Module),
}

/// A wasm module before the router.
#[derive(Clone, Debug)]
pub struct Module {
    pub file: PathBuf,
    /// Arms with the same file and the same of this share a VM.
    pub vm: String,
    /// The plugin configuration; null stands for none.
    pub configuration: Value,
}

/// One build of the filter.
#[derive(Clone, Debug)]
pub struct Build {
    /// Empty, if there is only one build.
    pub label: String,
    pub module: PathBuf,
}

/// The size of a build.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Size {
    pub label: String,
    pub bytes: u64,
}

// === impl Arm ===

impl Arm {
    /// The arm that all others are compared with, under this name.
    pub fn nothing(name: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            kind: name,
            work: Work::Nothing,
            copies: 0.0,
        }
    }

    /// Envoy's own mirror.
    pub fn native() -> Self {
        Self {
            name: NATIVE.to_owned(),
            kind: NATIVE,
            work: Work::Native,
            copies: 1.0,
        }
    }

    /// The filter before the router, as Envoy reads it. A module that does not work fails the requests, so that it is
    /// seen.
    pub fn http_filter(&self) -> Option<Value> {
        let Work::Module(module) = &self.work else { return None };
        let configuration = match &module.configuration {
            Value::Null => String::new(),
            some => some.to_string(),
        };
        Some(json!({
            "name": "wasm",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": {
                    "name": self.name,
                    "failure_policy": "FAIL_CLOSED",
                    "vm_config": {
                        "vm_id": module.vm,
                        "runtime": "envoy.wasm.runtime.v8",
                        "code": {"local": {"filename": module.file}},
                    },
                    "configuration": {
                        "@type": "type.googleapis.com/google.protobuf.StringValue",
                        "value": configuration,
                    },
                },
            },
        }))
    }

    /// The mirror policies of the route, as Envoy reads them.
    pub fn mirror_policies(&self) -> Value {
        match &self.work {
            Work::Native => json!([{"cluster": "shadow"}]),
            Work::Nothing | Work::Module(_) => json!([]),
        }
    }

    fn is(&self, name: &str) -> bool {
        self.name == name || self.kind == name
    }
}

// === impl Size ===

impl Size {
    /// Such as `filter 290000 bytes`.
    pub fn shown(&self) -> String {
        let label = if self.label.is_empty() { "filter" } else { &self.label };
        format!("{label} {} bytes", self.bytes)
    }
}

// === impl Build ===

impl Build {
    /// From `path` or `label=path`.
    ///
    /// # Errors
    /// There is no file at the path.
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

    /// The size of the module.
    ///
    /// # Errors
    /// The module cannot be read.
    pub fn size(&self) -> Result<Size> {
        let found = std::fs::metadata(&self.module);
        let found = found.with_context(|| format!("no filter at {}", self.module.display()))?;
        Ok(Size {
            label: self.label.clone(),
            bytes: found.len(),
        })
    }

    /// The name of an arm with this build.
    pub fn arm(&self, kind: &str) -> String {
        if self.label.is_empty() {
            kind.to_owned()
        } else {
            format!("{}:{kind}", self.label)
        }
    }
}

/// The arms with one of the wanted names or kinds, and those of the kinds that are always there.
///
/// # Errors
/// A wanted name is that of no arm.
pub fn select(mut arms: Vec<Arm>, wanted: &[String], always: &[&str]) -> Result<Vec<Arm>> {
    for name in wanted {
        if !arms.iter().any(|arm| arm.is(name)) {
            let known: Vec<_> = arms.iter().map(|arm| arm.name.as_str()).collect();
            bail!("there is no arm {name}; there are {}", known.join(", "));
        }
    }
    arms.retain(|arm| wanted.is_empty() || always.contains(&arm.kind) || wanted.iter().any(|name| arm.is(name)));
    Ok(arms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arms() -> Vec<Arm> {
        let build = |label: &str| Build {
            label: label.to_owned(),
            module: PathBuf::from("/m.wasm"),
        };
        let filter = |build: Build| Arm {
            name: build.arm("filter-100"),
            kind: "filter-100",
            work: Work::Nothing,
            copies: 1.0,
        };
        vec![
            Arm::nothing(BASELINE),
            Arm::nothing(AGAIN),
            filter(build("old")),
            filter(build("new")),
            filter(build("")),
            Arm::native(),
        ]
    }

    fn names(arms: &[Arm]) -> Vec<&str> {
        arms.iter().map(|arm| arm.name.as_str()).collect()
    }

    #[test]
    fn a_kind_selects_all_builds_and_some_arms_are_always_there() {
        let selected = select(arms(), &["filter-100".to_owned()], &[BASELINE]).expect("the arms exist");
        assert_eq!(
            names(&selected),
            ["none", "old:filter-100", "new:filter-100", "filter-100"]
        );
        let selected = select(arms(), &["new:filter-100".to_owned()], &[]).expect("the arm exists");
        assert_eq!(names(&selected), ["new:filter-100"]);
    }

    #[test]
    fn an_arm_that_does_not_exist_is_refused_with_those_that_do() {
        let error = select(arms(), &["filter-2".to_owned()], &[BASELINE]).expect_err("no such arm");
        assert_eq!(
            error.to_string(),
            "there is no arm filter-2; there are none, none-again, old:filter-100, new:filter-100, filter-100, native-100"
        );
    }
}
