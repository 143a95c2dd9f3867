//! The cases as a file, for the tests on a real Istio: mesh-test gives the same inputs to the API server, to Istio's
//! webhook and to `istioctl analyze`.

use mirrorctl::findings::{CODES, Rule};
use serde_json::{Value, json};

use super::cases::{Case, cases, near};
use super::{changed, validate};

/// An input, what is in order in it, and every finding of `validate` in it.
fn entry(case: &Case) -> Value {
    let text = changed(case);
    let findings: Vec<Value> = validate(&text).into_iter().map(with_rule).collect();
    json!({"case": case.finding, "good": case.good, "changed": text, "findings": findings})
}

/// A finding, and whose rule it goes by: `own`, `api-server`, `validation`, or the message of an analyzer.
fn with_rule(mut finding: Value) -> Value {
    let code = CODES.iter().find(|code| finding["code"] == code.id).expect("a code");
    finding["rule"] = json!(match code.rule {
        Rule::Own => "own",
        Rule::ApiServer => "api-server",
        Rule::Validation => "validation",
        Rule::Analyzer(message) => message,
    });
    finding
}

#[test]
#[ignore = "writes the file that FINDINGS_CASES names, for mesh-test"]
fn the_cases_are_written() {
    let file = std::env::var_os("FINDINGS_CASES").expect("FINDINGS_CASES");
    let entries: Vec<Value> = cases().chain(near()).map(entry).collect();
    std::fs::write(file, Value::Array(entries).to_string()).expect("written");
}
