//! What is compared by the clock: the same Envoy with nothing, with the filter, and with its own mirror.

use serde_json::{Value, json};

use crate::measure::arm::{AGAIN, BASELINE, Module, Work};
use crate::measure::{Arm, Build};

/// How long a request and a copy may take, in every arm.
pub const TIMEOUT: &str = "1s";
/// The mirror filter, and no request meets its `match`.
pub const UNMATCHED: &str = "filter-nomatch";
/// The mirror filter, and every request is copied.
pub const COPIED: &str = "filter-100";

/// All arms, for these builds of the filter.
pub fn all(builds: &[Build]) -> Vec<Arm> {
    let mut arms = vec![Arm::nothing(BASELINE), Arm::nothing(AGAIN)];
    for build in builds {
        let elsewhere = json!([{"uri": {"prefix": "/another/"}}]);
        arms.push(filter(build, UNMATCHED, elsewhere, 0.0));
        arms.push(filter(build, COPIED, json!([]), 1.0));
    }
    arms.push(Arm::native());
    arms
}

/// One mirror, with limits that this load does not reach.
fn filter(build: &Build, kind: &'static str, conditions: Value, copies: f64) -> Arm {
    let name = build.arm(kind);
    let configuration = json!({"mirrors": [{
        "name": name.replace(':', "-").to_lowercase(),
        "cluster": "shadow",
        "match": conditions,
        "timeout": TIMEOUT,
        "limits": {"maxInFlight": 65536, "maxBufferedBytes": 256 << 20},
        "body": {"maxBytes": 64 << 20},
    }]});
    let work = Work::Module(Module {
        file: build.module.clone(),
        vm: name.clone(),
        configuration,
    });
    Arm {
        name,
        kind,
        work,
        copies,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_one_that_the_filter_takes() {
        let build = |label: &str| Build {
            label: label.to_owned(),
            module: "/m.wasm".into(),
        };
        let arms = all(&[build(""), build("A-b")]);
        let names: Vec<_> = arms.iter().map(|arm| arm.name.as_str()).collect();
        let expected = "none none-again filter-nomatch filter-100 A-b:filter-nomatch A-b:filter-100 native-100";
        assert_eq!(names.join(" "), expected);
        for arm in arms {
            let Work::Module(module) = arm.work else { continue };
            mirror_policy::Plan::parse(module.configuration.to_string().as_bytes()).expect("a plan");
        }
    }
}
