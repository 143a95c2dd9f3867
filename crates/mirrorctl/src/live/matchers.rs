//! Matchers of labels, as a person types them and as a job of engine native implies them. What Istio's standard metrics
//! say of a pod is the label `version` (`destination_version`), the label `app` (`destination_app`), its canonical name
//! and revision, its workload and its Service; a version that differs by anything else cannot be told from the others
//! there (istio.io/latest/docs/reference/config/metrics).

use super::prometheus::Native;
use crate::error::{Error, Result};
use crate::job::{Backend, Called, Job, Shadow, called};

/// The labels of pods that the metrics have.
const OF_PODS: &[(&str, &str)] = &[
    ("version", "destination_version"),
    ("app", "destination_app"),
    ("service.istio.io/canonical-name", "destination_canonical_service"),
    ("service.istio.io/canonical-revision", "destination_canonical_revision"),
];

/// Reads matchers such as `namespace="demo",pod=~"reviews-.*"`, with or without braces, and gives them back without.
/// Their form alone is checked: of regular expressions Prometheus says itself what is wrong.
///
/// # Errors
/// What is wrong, and where.
pub fn parse(text: &str) -> std::result::Result<String, String> {
    let trimmed = text.trim();
    let inner = match (trimmed.strip_prefix('{'), trimmed.strip_suffix('}')) {
        (Some(rest), Some(_)) => rest.strip_suffix('}').unwrap_or(rest),
        (None, None) => trimmed,
        _ => return Err("has one brace of two".to_owned()),
    };
    let mut found = Vec::new();
    let mut rest = inner.trim();
    while !rest.is_empty() {
        let (matcher, behind) = matcher(rest)?;
        found.push(matcher);
        rest = match behind.trim_start() {
            "" => "",
            behind => behind
                .strip_prefix(',')
                .map(str::trim_start)
                .ok_or_else(|| format!("has {} where a comma or the end should be", begin(behind)))?,
        };
    }
    match found.is_empty() {
        true => Err("has no matcher; write it as namespace=\"demo\"".to_owned()),
        false => Ok(found.join(",")),
    }
}

/// One matcher, and what stands behind it.
fn matcher(text: &str) -> std::result::Result<(String, &str), String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (name, rest) = text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()));
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(format!("has {} where the name of a label should be", begin(text)));
    }
    let rest = rest.trim_start();
    let operator = ["=~", "!~", "!=", "="].into_iter().find(|one| rest.starts_with(one));
    let operator = operator.ok_or_else(|| format!("has no =, !=, =~ or !~ behind `{name}`"))?;
    let value = rest.strip_prefix(operator).unwrap_or_default().trim_start();
    let unquoted = || {
        format!(
            "`{name}{operator}` wants a value in quotes: {name}{operator}\"demo\" (and the whole in single quotes, for the shell)"
        )
    };
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
    let quote = quote.ok_or_else(unquoted)?;
    let mut is_escaped = false;
    for (at, c) in value.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if quote != '`' => is_escaped = true,
            '\n' if quote != '`' => break,
            c if c == quote => {
                let (value, behind) = value.split_at(at + 1);
                return Ok((format!("{name}{operator}{value}"), behind));
            }
            _ => {}
        }
    }
    Err(format!(
        "`{name}{operator}` has a value whose closing {quote} is missing"
    ))
}

fn begin(text: &str) -> String {
    format!("`{}`", text.chars().take(20).collect::<String>().escape_debug())
}

/// One workload.
pub fn of_workload(namespace: &str, workload: &str) -> String {
    joined(&[
        ("destination_workload_namespace", namespace),
        ("destination_workload", workload),
    ])
}

/// How a shadow of a job of engine native, and its primary, are found.
///
/// # Errors
/// If the job alone does not say how the two differ.
pub fn of_job(job: &Job, index: usize, shadow: &Shadow) -> Result<Native> {
    let path = format!("spec.shadows[{index}]");
    let unknown = |what: &str, why: &str| {
        Error::Usage(format!(
            "{what}: {why}; name the workloads: --native {}={}/PRIMARY,SHADOW",
            shadow.name, job.namespace
        ))
    };
    let primary = job.primary.as_ref();
    let mut of_primary = vec![
        ("destination_workload_namespace", job.namespace.as_str()),
        ("destination_service_name", job.target.name.as_str()),
    ];
    for (label, value) in primary.iter().flat_map(|primary| &primary.labels) {
        let why = || format!("Istio's metrics do not have the label {label} of pods");
        let of_metric = of_pod(label).ok_or_else(|| unknown("spec.primary.labels", &why()))?;
        of_primary.push((of_metric, value));
    }
    let of_shadow = match (called(job, shadow), &shadow.backend) {
        (Called::Service { name, namespace, .. }, backend) => {
            let mut those = vec![
                ("destination_workload_namespace", namespace.to_owned()),
                ("destination_service_name", name.into_owned()),
            ];
            if let Backend::Clone(of) = backend {
                those.push(("destination_version", of.version.clone()));
            }
            those
        }
        (Called::Subset(subset), backend) => {
            // As `generate` reads it: `version: v1` says how the other versions are labelled; a clone has that label
            // always.
            let label = match (backend, primary.map(|primary| (primary, primary.labels.as_slice()))) {
                (Backend::Clone(_), _) => Some("version"),
                (_, Some((primary, [(label, value)]))) if *value == primary.subset => Some(label.as_str()),
                _ => None,
            };
            let label = label.and_then(of_pod).ok_or_else(|| {
                unknown(
                    &format!("{path}.subset"),
                    "the labels of its pods stand in a DestinationRule, not in the job",
                )
            })?;
            vec![
                ("destination_workload_namespace", job.namespace.clone()),
                ("destination_service_name", job.target.name.clone()),
                (label, subset.to_owned()),
            ]
        }
        (Called::External(_), _) => {
            return Err(unknown(
                &format!("{path}.external"),
                "what is outside the mesh counts no requests for Istio",
            ));
        }
        (Called::Endpoint(_), _) => {
            return Err(unknown(
                &format!("{path}.endpoint"),
                "Istio counts no requests to an address",
            ));
        }
    };
    let of_shadow: Vec<(&str, &str)> = of_shadow
        .iter()
        .map(|(label, value)| (*label, value.as_str()))
        .collect();
    Ok(Native {
        name: shadow.name.clone(),
        primary: joined(&of_primary),
        shadow: joined(&of_shadow),
    })
}

fn of_pod(label: &str) -> Option<&'static str> {
    OF_PODS
        .iter()
        .find(|(of_pod, _)| *of_pod == label)
        .map(|(_, of_metric)| *of_metric)
}

fn joined(matchers: &[(&str, &str)]) -> String {
    let matchers: Vec<String> = matchers
        .iter()
        .map(|(label, value)| format!("{label}={}", quoted(value)))
        .collect();
    matchers.join(",")
}

/// A text as PromQL quotes it.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}
