//! How an explanation is printed: tables for people, JSON for programs, from the same values.

use mirror_policy::explain::{
    BodyFate, Cause, Check, CopyDescription, Decision, Explanation, HeaderChange, Holds, quoted,
};
use mirror_policy::plan::Mirror;
use serde_json::{Map, Value, json};

use super::shares::{percent, word};
use super::{ConfigurationSource, Shares, Spec};
use crate::output::{table, value};

/// One configuration, and what it does with the request.
#[derive(Debug)]
pub struct Explained {
    /// The configuration.
    pub source: ConfigurationSource,
    /// Mirror by mirror.
    pub explanations: Vec<Explanation>,
    /// For many requests, if they were asked for.
    pub shares: Option<Shares>,
}

// === text ===

pub(super) fn text(explained: &[Explained], spec: &Spec, seed: u64) -> String {
    let port = spec.port.map_or_else(String::new, |port| format!(" on port {port}"));
    let mut text = format!(
        "{} {}://{}{}{port} with {} and {} bytes of body, at {}\n",
        spec.method,
        spec.scheme,
        spec.authority,
        spec.path,
        headers(spec.headers.len()),
        spec.body.len(),
        spec.now
    );
    for one in explained {
        text.push_str(&format!("\nBy {}:\n", one.source.name));
        for explanation in &one.explanations {
            if let Some(mirror) = one.source.plan.mirrors.get(explanation.mirror) {
                text.push_str(&mirror_text(one, mirror, explanation));
            }
        }
        if let Some(shares) = &one.shares {
            text.push_str(&shares_text(one, shares, seed));
        }
    }
    text
}

fn headers(number: usize) -> String {
    format!("{number} header{}", if number == 1 { "" } else { "s" })
}

fn mirror_text(one: &Explained, mirror: &Mirror, explanation: &Explanation) -> String {
    let cluster = if one.source.has_clusters {
        &mirror.cluster
    } else {
        "its cluster follows from --objects"
    };
    let mut text = format!(
        "\nMirror {} ({cluster}): {}\n\n",
        mirror.config.name,
        sentence(explanation)
    );
    let row = |check: &Check| {
        let answer = answer(check.holds).to_owned();
        vec![answer, check.what.clone(), check.wanted.clone(), check.found.clone()]
    };
    let mut steps = explanation.steps.iter();
    let mut rows: Vec<Vec<String>> = steps.next().map(row).into_iter().collect();
    for (index, entry) in explanation.entries.iter().enumerate() {
        rows.extend(entry.conditions.iter().map(row));
        let holds = answer(if entry.holds { Holds::Yes } else { Holds::No }).to_owned();
        let what = format!("mirrors[{}].match[{index}]", explanation.mirror);
        rows.push(vec![holds, what, "all of its conditions".to_owned(), String::new()]);
    }
    rows.extend(steps.map(row));
    text.push_str(&table(&["ANSWER", "QUESTION", "WANTED", "FOUND"], &rows));
    if let Some(copy) = &explanation.copy {
        text.push_str(&copy_text(copy));
    }
    text
}

fn sentence(explanation: &Explanation) -> String {
    let sentence = match explanation.decision {
        Decision::Off => "off, nothing is copied or counted".to_owned(),
        Decision::NoMatch => "no copy, the request meets no entry of `match`".to_owned(),
        Decision::Skipped(reason) => format!("no copy, skipped as {reason}: {}", reason.meaning()),
        Decision::Dropped(reason) => format!("no copy, dropped as {reason}: {}", reason.meaning()),
        Decision::Copied => "copied".to_owned(),
    };
    match explanation.chance {
        Some(percentage) => format!("by chance, {percentage} % of such requests; of those: {sentence}"),
        None => sentence,
    }
}

/// What stands for the value of a header that the configuration sets or adds, which may be a credential of the shadow.
const NOT_SHOWN: &str = "(not shown)";

fn is_configured(change: &HeaderChange) -> bool {
    matches!(change.cause, Cause::Set | Cause::Added)
}

fn copy_text(copy: &CopyDescription) -> String {
    let values = |values: &[Vec<u8>]| {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        if values.is_empty() {
            "-".to_owned()
        } else {
            values.join(", ")
        }
    };
    let rows: Vec<Vec<String>> = copy
        .changes
        .iter()
        .map(|change| {
            vec![
                String::from_utf8_lossy(&change.name).into_owned(),
                values(&change.before),
                if is_configured(change) {
                    NOT_SHOWN.to_owned()
                } else {
                    values(&change.after)
                },
                change.cause.as_str().to_owned(),
            ]
        })
        .collect();
    let redacted = match copy.fate {
        BodyFate::Redacted => format!(": {}", quoted(&copy.body)),
        _ => String::new(),
    };
    format!(
        "\n{}Body of the copy: {}, {} bytes{redacted}\n",
        table(&["HEADER", "ORIGINAL", "COPY", "BECAUSE OF"], &rows),
        fate(copy.fate),
        copy.body.len()
    )
}

fn shares_text(one: &Explained, shares: &Shares, seed: u64) -> String {
    let mut rows = Vec::new();
    for (index, mirror) in one.source.plan.mirrors.iter().enumerate() {
        let (copied, matched) = shares.of(index);
        let ends = shares.mirrors.get(index).into_iter().flatten();
        let ends: Vec<String> = ends.map(|(word, number)| format!("{word} {number}")).collect();
        rows.push(vec![
            mirror.config.name.clone(),
            format!("{} %", mirror.config.percentage),
            percent((copied, matched)),
            matched.to_string(),
            ends.join(", "),
        ]);
    }
    let varied = match shares.varied.as_slice() {
        [] => "nothing varied but chance".to_owned(),
        varied => format!("each with another {}", varied.join(" and another ")),
    };
    format!(
        "\n{} requests like it, {varied} (seed {seed}), each decided by a worker that holds nothing:\n\n{}",
        shares.count,
        table(&["MIRROR", "CONFIGURED", "COPIED", "MATCHED", "ENDS"], &rows)
    )
}

const fn answer(holds: Holds) -> &'static str {
    match holds {
        Holds::Yes => "yes",
        Holds::No => "no",
        Holds::Assumed => "assumed",
        Holds::ByChance => "by chance",
    }
}

const fn fate(fate: BodyFate) -> &'static str {
    match fate {
        BodyFate::None => "none",
        BodyFate::Whole => "whole",
        BodyFate::Redacted => "redacted",
        BodyFate::LeftOut => "left out",
    }
}

// === JSON ===

pub(super) fn json(explained: &[Explained], spec: &Spec, seed: u64) -> String {
    let headers: Vec<Value> = spec
        .headers
        .iter()
        .map(|(name, text)| json!({"name": name, "value": text}))
        .collect();
    value(&json!({
        "request": {
            "method": spec.method,
            "scheme": spec.scheme,
            "authority": spec.authority,
            "path": spec.path,
            "headers": headers,
            "bodyBytes": spec.body.len(),
            "port": spec.port,
            "isRouted": spec.is_routed,
            "time": spec.now.to_string(),
        },
        "seed": seed,
        "configurations": explained.iter().map(configuration).collect::<Vec<_>>(),
    }))
}

fn configuration(one: &Explained) -> Value {
    let mirrors = one.source.plan.mirrors.iter().zip(&one.explanations);
    let mirrors: Vec<Value> = mirrors
        .enumerate()
        .map(|(index, (mirror, explanation))| {
            json!({
                "name": mirror.config.name,
                "cluster": one.source.has_clusters.then_some(&mirror.cluster),
                "percentage": percentage(mirror.config.percentage),
                "verdict": word(explanation.decision),
                "meaning": sentence(explanation),
                "chancePercentage": explanation.chance.map(percentage),
                "match": explanation.entries.iter().map(|entry| json!({
                    "holds": entry.holds,
                    "conditions": entry.conditions.iter().map(check).collect::<Vec<_>>(),
                })).collect::<Vec<_>>(),
                "steps": explanation.steps.iter().map(check).collect::<Vec<_>>(),
                "copy": explanation.copy.as_ref().map(copy),
                "shares": one.shares.as_ref().map(|shares| counted(shares, index)),
            })
        })
        .collect();
    json!({
        "source": one.source.name,
        "varied": one.shares.as_ref().map(|shares| &shares.varied),
        "mirrors": mirrors,
    })
}

fn percentage(percentage: mirror_policy::configuration::values::Percentage) -> f64 {
    f64::from(percentage.ppm()) / 10_000.0
}

fn check(check: &Check) -> Value {
    json!({
        "question": check.what,
        "wanted": check.wanted,
        "found": check.found,
        "answer": answer(check.holds),
    })
}

fn copy(copy: &CopyDescription) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let texts = |values: &[Vec<u8>]| values.iter().map(|value| text(value)).collect::<Vec<_>>();
    let configured: Vec<&[u8]> = copy
        .changes
        .iter()
        .filter(|change| is_configured(change))
        .map(|change| change.name.as_slice())
        .collect();
    let shown = |name: &[u8], value: &[u8]| {
        if configured.contains(&name) {
            NOT_SHOWN.to_owned()
        } else {
            text(value)
        }
    };
    json!({
        "headers": copy.headers.iter().map(|(name, value)| json!({"name": text(name), "value": shown(name, value)})).collect::<Vec<_>>(),
        "changes": copy.changes.iter().map(|change| json!({
            "name": text(&change.name),
            "original": texts(&change.before),
            "copy": change.after.iter().map(|value| shown(&change.name, value)).collect::<Vec<_>>(),
            "cause": change.cause.as_str(),
        })).collect::<Vec<_>>(),
        "body": fate(copy.fate),
        "bodyBytes": copy.body.len(),
        "redactedBody": (copy.fate == BodyFate::Redacted).then(|| text(&copy.body)),
    })
}

fn counted(shares: &Shares, mirror: usize) -> Value {
    let (copied, matched) = shares.of(mirror);
    let ends: Map<String, Value> = shares
        .mirrors
        .get(mirror)
        .into_iter()
        .flatten()
        .map(|(word, number)| ((*word).to_owned(), (*number).into()))
        .collect();
    json!({"count": shares.count, "matched": matched, "copied": copied, "ends": ends})
}
