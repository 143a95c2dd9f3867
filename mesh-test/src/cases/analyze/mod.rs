//! What `validate` says by a rule of Istio's own, `istioctl analyze` reports of the same object; and each error that it
//! reports of routing, `validate` has too, or there is a reason why not. The inputs are those of its own tests.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::command;
use crate::inputs::{self, Finding, Input};
use crate::kube::{self, KUBECONFIG, kubectl};
use crate::stage::Stage;

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

/// The kinds of routing.
const KINDS: [&str; 7] = [
    "DestinationRule",
    "GRPCRoute",
    "Gateway",
    "HTTPRoute",
    "ServiceEntry",
    "Sidecar",
    "VirtualService",
];

/// Errors of `istioctl analyze` on which mirrorctl is silent, how their messages begin, and why.
const NOT_OURS: [(&str, &str, &str); 7] = [
    ("IST0173", "", "the inputs have no pods, only Deployments"),
    (
        "IST0101",
        "Referenced gateway",
        "mirrorctl asks for no Gateway: a route of one that is missing sees no request",
    ),
    (
        "IST0101",
        "Referenced host not found",
        "where live requests go is not about mirrors",
    ),
    (
        "IST0101",
        "Referenced host+subset",
        "where live requests go is not about mirrors",
    ),
    (
        "IST0101",
        "Referenced selector",
        "whether a Sidecar has pods is not about mirrors",
    ),
    (
        "IST0109",
        "",
        "istioctl names both VirtualServices of a host, mirrorctl the one that is not obeyed",
    ),
    (
        "IST0112",
        "",
        "a mirror without a port is a warning of mirrorctl: the proxies take the port of the request, as `clusters` shows",
    ),
];

/// The message of a schema that is not met, and how it begins.
const VALIDATION: (&str, &str) = ("IST0106", "Schema validation error: ");

/// An error of `istioctl analyze`.
#[derive(Debug, Deserialize)]
struct Message {
    code: String,
    /// `VirtualService demo/reviews`.
    origin: String,
    message: String,
}

pub(super) fn run(stage: &Stage) -> Result<()> {
    let istioctl = stage.mesh.programs.istioctl.clone();
    let istioctl = istioctl.context("ISTIOCTL_PATH must be set, as `make test-mesh` does it")?;
    let inputs = Input::all(&stage.mesh.programs)?;
    inputs::make_namespaces(&inputs)?;
    let mut analysis = Analysis {
        istioctl,
        services: None,
    };
    let mut differences = BTreeSet::new();
    let mut in_order = BTreeSet::new();
    let mut compared = 0;
    for input in &inputs {
        let changed = input.changed()?;
        if !is_analyzed(input, &changed) {
            continue;
        }
        let good = input.good()?;
        if in_order.insert(json!(good).to_string()) {
            let errors = analysis.errors(&good)?;
            let errors = errors.iter().filter(|error| !error.is_not_ours());
            differences.extend(errors.map(|error| format!("in what is in order: {error:?}")));
        }
        let errors = analysis.errors(&changed)?;
        for title in changed.iter().map(inputs::title).collect::<BTreeSet<_>>() {
            let errors: Vec<_> = errors.iter().filter(|error| error.title() == title).collect();
            let claims: Vec<_> = input
                .claims(&title)
                .filter(|claim| is_for_analyze(claim, input))
                .collect();
            compared += claims.len();
            differences.extend(compare(&title, input, &claims, &errors));
        }
    }
    let differences: Vec<_> = differences.into_iter().collect();
    ensure!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
    ensure!(compared > 60, "only {compared} findings were compared");
    Ok(())
}

/// Whether an input has something that `istioctl analyze` looks at.
fn is_analyzed(input: &Input, changed: &[Value]) -> bool {
    let is_of_kind = |document: &Value| KINDS.iter().any(|kind| document["kind"] == *kind);
    changed.iter().any(is_of_kind) || input.findings.iter().any(|finding| finding.rule == "validation")
}

/// In what mirrorctl and istioctl differ about one object.
fn compare(title: &str, input: &Input, claims: &[&Finding], errors: &[&Message]) -> Vec<String> {
    let mut differences = Vec::new();
    for claim in claims {
        if !errors.iter().any(|error| error.is_that_of(claim)) {
            let said = format!("{} {}: {}", claim.code, claim.path, claim.message);
            differences.push(format!("{title}: mirrorctl says {said}, istioctl {errors:?}"));
        }
    }
    for error in errors.iter().filter(|error| !error.is_not_ours()) {
        let mut of_object = input.findings.iter().filter(|finding| finding.object == title);
        if !of_object.any(|finding| error.is_known_from(finding)) {
            differences.push(format!("{title}: mirrorctl has nothing of {error:?} ({})", input.case));
        }
    }
    differences
}

/// Whether `istioctl analyze` has the rule of a finding.
fn is_for_analyze(claim: &Finding, input: &Input) -> bool {
    match claim.rule.as_str() {
        "validation" => true,
        "api-server" => false,
        _ => claim.object.starts_with("the VirtualService ") && !is_of_the_proxies(claim, input),
    }
}

/// Whether a finding goes by what the proxies have, as the case `clusters` shows, and the analyzer by less.
fn is_of_the_proxies(claim: &Finding, input: &Input) -> bool {
    match claim.code.as_str() {
        // It takes `exportTo` for the namespace of the route; the proxies of a gateway are in their own.
        "TM030" => {
            let of_proxies = claim.message.split_once(" is not exported to namespace ");
            of_proxies.is_some_and(|(_, namespace)| !claim.object.ends_with(&format!("of namespace {namespace}")))
        }
        // Without a port it looks at the only port of a Service; the proxies take that of the request.
        "TM031" => {
            let has_no_port = |other: &Finding| other.code == "TM037" && other.path == claim.path;
            input.findings.iter().any(has_no_port)
        }
        // It looks at no subset of an alias; its cluster is that of the host for which it stands.
        "TM032" => input.has_alias(),
        _ => false,
    }
}

// === impl Message ===

impl Message {
    /// What mirrorctl calls the object.
    fn title(&self) -> String {
        let (kind, name) = self.origin.split_once(' ').unwrap_or_default();
        let (namespace, name) = name.split_once('/').unwrap_or_default();
        inputs::named(kind, name, namespace)
    }

    fn is_not_ours(&self) -> bool {
        let mut all = NOT_OURS.iter();
        all.any(|(code, begin, _)| self.code == *code && self.message.starts_with(begin))
    }

    /// Whether it says what a finding says by Istio's rule.
    fn is_that_of(&self, claim: &Finding) -> bool {
        match claim.rule.as_str() {
            "validation" => {
                self.code == VALIDATION.0 && self.message.strip_prefix(VALIDATION.1) == Some(&claim.message)
            }
            rule => self.code == rule,
        }
    }

    /// Whether a finding of the same object says it too: by the same rule, or that the mirror is refused or cannot be
    /// checked.
    fn is_known_from(&self, finding: &Finding) -> bool {
        let is_mirror = finding.path.contains("mirror");
        self.is_that_of(finding)
            || (self.code == "IST0101" && is_mirror && ["TM003", "TM007"].contains(&finding.code.as_str()))
    }
}

/// Asks `istioctl analyze`.
struct Analysis {
    istioctl: PathBuf,
    /// The Services that are in the cluster: of files, istioctl reads none.
    services: Option<Vec<Value>>,
}

// === impl Analysis ===

impl Analysis {
    /// The errors in documents, whatever else is wrong in the cluster.
    fn errors(&mut self, documents: &[Value]) -> Result<Vec<Message>> {
        self.make_services(documents)?;
        let list: Vec<_> = documents.iter().map(Value::to_string).collect();
        let mut analyze = Command::new(&self.istioctl);
        analyze.args([
            "analyze",
            "--kubeconfig",
            KUBECONFIG,
            "--all-namespaces",
            "--output=json",
        ]);
        analyze.args(["--output-threshold=Error", "--failure-threshold=Error", "-"]);
        let output = command::run(&mut analyze, list.join("\n---\n").as_bytes())?;
        let printed = String::from_utf8_lossy(&output.stdout);
        // Its log stands before the list of messages.
        let mut lines = printed
            .lines()
            .skip_while(|line| !["[", "[]"].contains(line))
            .peekable();
        ensure!(lines.peek().is_some(), "istioctl printed {printed}, {output:?}");
        let mut errors: Vec<Message> = serde_json::from_str(&lines.collect::<String>())?;
        errors.retain(|error| {
            documents
                .iter()
                .any(|document| inputs::title(document) == error.title())
        });
        Ok(errors)
    }

    /// Makes the Services of documents, and no others, in the namespaces of the inputs.
    fn make_services(&mut self, documents: &[Value]) -> Result<()> {
        let mut wanted: Vec<Value> = documents
            .iter()
            .filter(|document| document["kind"] == "Service")
            .cloned()
            .collect();
        for service in &mut wanted {
            if service["apiVersion"] != "v1" {
                service["kind"] = Value::Null;
            } else if service["spec"]["clusterIP"] != "None" {
                // The address of an input is not free here.
                service["spec"]
                    .as_object_mut()
                    .context("a Service without `spec`")?
                    .remove("clusterIP");
            }
            service["metadata"]["labels"] = json!({inputs::LABEL: ""});
        }
        wanted.retain(|service| service["kind"].is_string());
        if self.services.as_ref() != Some(&wanted) {
            kubectl(
                &["delete", "services", "--all-namespaces", "--selector", inputs::LABEL],
                b"",
            )?;
            kube::apply(&json!({"apiVersion": "v1", "kind": "List", "items": wanted}))?;
            self.services = Some(wanted);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Finding, Input, Message, compare};

    const TITLE: &str = "the VirtualService reviews of namespace demo";

    /// How many differences there are between a finding of a mirror and an error of istioctl.
    fn differences(finding: Option<(&str, &str)>, error: Option<(&str, &str)>) -> usize {
        let finding = finding.map(|(rule, message)| {
            json!({"code": "TM030", "severity": "error", "rule": rule, "object": TITLE,
                "path": "spec.http[0].mirror", "message": message})
        });
        let findings: Vec<_> = finding.into_iter().collect();
        let input = json!({"case": "", "good": "", "changed": "", "findings": findings});
        let input: Input = serde_json::from_value(input).expect("an input");
        let claims: Vec<&Finding> = input.claims(TITLE).collect();
        let error = error.map(|(code, message)| Message {
            code: code.to_owned(),
            origin: "VirtualService demo/reviews".to_owned(),
            message: message.to_owned(),
        });
        let errors: Vec<&Message> = error.iter().filter(|error| error.title() == TITLE).collect();
        compare(TITLE, &input, &claims, &errors).len()
    }

    #[test]
    fn each_direction_has_its_differences() {
        let absent = ("IST0101", "Referenced mirror host not found: \"a\"");
        assert_eq!(differences(Some(("IST0101", "a is not there")), Some(absent)), 0);
        assert_eq!(differences(Some(("IST0101", "a is not there")), None), 1);
        assert_eq!(differences(None, Some(absent)), 1);
        assert_eq!(differences(Some(("own", "a is not called")), Some(absent)), 1);
        assert_eq!(
            differences(None, Some(("IST0101", "Referenced gateway not found: \"a\""))),
            0
        );
    }

    #[test]
    fn the_words_of_the_validation_count() {
        let refused = ("IST0106", "Schema validation error: weight -1 < 0");
        assert_eq!(differences(Some(("validation", "weight -1 < 0")), Some(refused)), 0);
        assert_eq!(differences(Some(("validation", "weight -2 < 0")), Some(refused)), 2);
    }
}
