//! The inputs of mirrorctl's own tests of `validate`, and what it finds in each: the file that the test
//! `findings::exported` of mirrorctl writes.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::kube;
use crate::programs::Programs;

/// The namespace of what names none, as in mirrorctl's tests.
pub const NAMESPACE: &str = "demo";

/// The label of what an input has in the cluster.
pub const LABEL: &str = "traffic-mirror.dev/input";

/// One input.
#[derive(Debug, Deserialize)]
pub struct Input {
    /// What it is for: a finding, or what only looks like one.
    pub case: String,
    /// What is in order.
    good: String,
    /// The same with the fault.
    changed: String,
    /// What mirrorctl finds in what is changed.
    pub findings: Vec<Finding>,
}

/// One finding of mirrorctl.
#[derive(Debug, Deserialize)]
pub struct Finding {
    pub code: String,
    severity: String,
    /// Whose rule it goes by: `own`, `api-server`, `validation`, or the message of an analyzer.
    pub rule: String,
    /// `the VirtualService reviews of namespace demo`.
    pub object: String,
    pub path: String,
    pub message: String,
}

impl Input {
    /// All of them.
    pub fn all(programs: &Programs) -> Result<Vec<Self>> {
        let file = programs.findings.as_ref();
        let file = file.context("FINDINGS_CASES must be set, as `make test-mesh` does it")?;
        let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// The documents of what is in order.
    pub fn good(&self) -> Result<Vec<Value>> {
        objects(&self.good)
    }

    /// Whether a Service of what is changed only stands for another host.
    pub fn has_alias(&self) -> bool {
        self.changed.contains("type: ExternalName")
    }

    /// The documents of what is changed.
    pub fn changed(&self) -> Result<Vec<Value>> {
        objects(&self.changed)
    }

    /// The errors of one object that go by a rule of others.
    pub fn claims<'a>(&'a self, title: &'a str) -> impl Iterator<Item = &'a Finding> {
        let is_claim = |finding: &&Finding| finding.severity == "error" && finding.rule != "own";
        self.findings
            .iter()
            .filter(is_claim)
            .filter(move |finding| finding.object == title)
    }
}

/// The documents of a text, each with a namespace.
fn objects(text: &str) -> Result<Vec<Value>> {
    let mut documents = kube::documents(text)?;
    for document in &mut documents {
        if document["metadata"].is_object() && document["metadata"]["namespace"].is_null() {
            document["metadata"]["namespace"] = json!(NAMESPACE);
        }
    }
    Ok(documents)
}

/// What mirrorctl calls a document.
pub fn title(document: &Value) -> String {
    match (document["kind"].as_str(), document["metadata"]["name"].as_str()) {
        (Some(kind), Some(name)) => named(kind, name, namespace(document)),
        _ => "the document".to_owned(),
    }
}

/// What mirrorctl calls an object.
pub fn named(kind: &str, name: &str, namespace: &str) -> String {
    format!("the {kind} {name} of namespace {namespace}")
}

fn namespace(document: &Value) -> &str {
    document["metadata"]["namespace"].as_str().unwrap_or(NAMESPACE)
}

/// Makes the namespaces of all inputs.
pub fn make_namespaces(inputs: &[Input]) -> Result<()> {
    let mut names = BTreeSet::from([NAMESPACE.to_owned()]);
    for input in inputs {
        for document in input.good()?.iter().chain(&input.changed()?) {
            names.insert(namespace(document).to_owned());
        }
    }
    let namespace = |name: &String| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    let items: Vec<Value> = names.iter().map(namespace).collect();
    kube::apply(&json!({"apiVersion": "v1", "kind": "List", "items": items}))
}
