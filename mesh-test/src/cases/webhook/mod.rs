//! What `validate` says that the API server or Istio's validating webhook refuses, they refuse, the webhook in the same
//! words; and what they refuse of the kinds that it reads, it does not let pass. The inputs are those of its own tests.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::command;
use crate::inputs::{self, Finding, Input};
use crate::kube;
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

/// The groups whose objects are asked about in every input. Of other groups, those that mirrorctl says are refused.
const GROUPS: [&str; 4] = [
    "extensions.istio.io/",
    "gateway.networking.k8s.io/",
    "networking.istio.io/",
    "security.istio.io/",
];

/// How an answer of the webhook begins; anything else comes from the API server itself, which is asked first.
const BY_WEBHOOK: &str = "admission webhook";

pub(super) fn run(stage: &Stage) -> Result<()> {
    let inputs = Input::all(&stage.mesh.programs)?;
    inputs::make_namespaces(&inputs)?;
    let mut answers = Answers::default();
    let mut differences = BTreeSet::new();
    for input in &inputs {
        for document in input.good()?.iter().filter(|document| is_of_interest(document)) {
            if let Some(refusal) = answers.refusal(document)? {
                differences.insert(format!("{} is in order: {refusal}", inputs::title(document)));
            }
        }
        for document in input.changed()? {
            let title = inputs::title(&document);
            let rules = ["api-server", "validation"];
            let claims: Vec<_> = input
                .claims(&title)
                .filter(|claim| rules.contains(&claim.rule.as_str()))
                .collect();
            if (is_of_interest(&document) || !claims.is_empty())
                && let Some(difference) = compare(&claims, answers.refusal(&document)?.as_deref())
            {
                differences.insert(format!("{title} ({}): {difference}", input.case));
            }
        }
    }
    let differences: Vec<_> = differences.into_iter().collect();
    ensure!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
    let refusals = answers.0.values().flatten();
    let by_webhook = refusals.filter(|refusal| refusal.contains(BY_WEBHOOK)).count();
    ensure!(by_webhook > 20, "the webhook has refused only {by_webhook} objects");
    Ok(())
}

/// In what mirrorctl and the API server differ about one object.
fn compare(claims: &[&Finding], refusal: Option<&str>) -> Option<String> {
    let said: Vec<_> = claims
        .iter()
        .map(|claim| format!("{} {}", claim.code, claim.message))
        .collect();
    match refusal {
        None if claims.is_empty() => None,
        None => Some(format!("it is taken, and mirrorctl says {said:?}")),
        Some(refusal) if claims.is_empty() => Some(format!("mirrorctl has nothing of {refusal}")),
        Some(refusal) => {
            let is_in_other_words = |claim: &&&Finding| claim.rule == "validation" && !refusal.contains(&claim.message);
            let differs = refusal.contains(BY_WEBHOOK) && claims.iter().any(|claim| is_in_other_words(&claim));
            differs.then(|| format!("mirrorctl says {said:?}, the webhook {refusal}"))
        }
    }
}

fn is_of_interest(document: &Value) -> bool {
    let version = document["apiVersion"].as_str().unwrap_or_default();
    GROUPS.iter().any(|group| version.starts_with(group))
}

/// What was answered to each document.
#[derive(Default)]
struct Answers(BTreeMap<String, Option<String>>);

impl Answers {
    /// Why a document is refused; `None` if it would be taken.
    fn refusal(&mut self, document: &Value) -> Result<Option<String>> {
        let text = document.to_string();
        if let Some(answer) = self.0.get(&text) {
            return Ok(answer.clone());
        }
        let mut apply = kube::command(&["apply", "--dry-run=server", "-f", "-"]);
        let output = command::run(&mut apply, text.as_bytes())?;
        let errors = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let answer = (!output.status.success()).then_some(errors);
        self.0.insert(text, answer.clone());
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Finding, compare};

    #[test]
    fn each_direction_has_its_differences() {
        let finding = |rule: &str| -> Finding {
            let finding = json!({"code": "TM003", "severity": "error", "rule": rule, "object": "", "path": "",
                "message": "weight -1 < 0"});
            serde_json::from_value(finding).expect("a finding")
        };
        let (by_schema, by_istio) = (finding("api-server"), finding("validation"));
        let schema = "The VirtualService \"a\" is invalid: spec.http: Required value";
        let webhook = "admission webhook \"validation.istio.io\" denied the request: weight -1 < 0";
        let other = "admission webhook \"validation.istio.io\" denied the request: weight -2 < 0";
        for (claims, refusal, differs) in [
            (vec![], None, false),
            (vec![], Some(webhook), true),
            (vec![&by_istio], None, true),
            (vec![&by_istio], Some(webhook), false),
            (vec![&by_istio], Some(other), true),
            // The API server is asked before the webhook.
            (vec![&by_istio], Some(schema), false),
            (vec![&by_schema], Some(schema), false),
            (vec![&by_schema], None, true),
        ] {
            assert_eq!(compare(&claims, refusal).is_some(), differs, "{claims:?} {refusal:?}");
        }
    }
}
