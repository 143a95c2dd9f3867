//! How a preview is printed: text for people, JSON for programs, from the same values.

use clap::ValueEnum;
use serde_json::{Value, json};

use super::{Ability, Memory, Preview};
use crate::check::LIMIT;
use crate::findings::Finding;
use crate::job::{DataPlane, Engine, Expiry, Job, word};
use crate::manifests::Step;
use crate::objects::title;
use crate::output::{table, value};

/// For people.
pub fn text(preview: &Preview, job: &Job) -> String {
    let mut text = first_line(job);
    let mut part = |heading: &str, body: String| text.push_str(&format!("\n{heading}\n\n{body}"));
    if !preview.overrides.is_empty() {
        part("What the flags changed of the file:", overrides(preview));
    }
    part("What is applied, in this order:", objects(preview));
    part("What the shadows get:", copies(preview));
    if !preview.outside.is_empty() {
        part("What leaves the mesh:", lines(&preview.outside));
    }
    part("What becomes of live requests:", lines(&preview.live));
    part("Who calls the shadows:", lines(&preview.callers));
    part("Which connections end:", lines(&preview.connections));
    part("Memory:", memory(preview.memory.as_ref()));
    for fit in &preview.fits {
        let heading = match &fit.ability {
            Ability::Yes => format!("Engine {} can do it, and gives up:", fit.name()),
            Ability::Unknown(fact) => format!("Engine {} needs another fact ({fact}), and would give up:", fit.name()),
            Ability::No(why) => format!("Engine {} cannot do it ({why}), and would give up:", fit.name()),
        };
        part(&heading, lines(&fit.gives_up));
    }
    part("Risks (docs/findings.md):", risks(preview));
    text
}

/// Whose requests are copied, by what, and until when.
fn first_line(job: &Job) -> String {
    let end = match job.expires_at {
        Expiry::Never => "without an end".to_owned(),
        Expiry::At(end) => format!("until {end}"),
    };
    let (of, what) = match job.namespace.as_str() {
        "" => (String::new(), "listener"),
        namespace => (format!(" of namespace {namespace}"), "Service"),
    };
    format!(
        "The job {}{of} copies requests of the {what} {} with engine {}, dataPlane {}, {end}.\n",
        job.name,
        job.target.name,
        word(Engine::WORDS, &job.engine),
        word(DataPlane::WORDS, &job.data_plane)
    )
}

fn overrides(preview: &Preview) -> String {
    let rows = preview.overrides.iter().map(|change| {
        let was = match &change.file {
            Value::Null => "absent".to_owned(),
            was => was.to_string(),
        };
        vec![change.path.clone(), was, change.now.to_string(), change.flag.to_owned()]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    table(&["FIELD", "FILE", "NOW", "FLAG"], &rows)
}

fn objects(preview: &Preview) -> String {
    let rows = preview.objects.iter().map(|object| {
        let title = match object.namespace.as_str() {
            "" => format!("the {} {}", object.kind, object.name),
            namespace => title(&object.kind, namespace, &object.name),
        };
        vec![step(object.step), object.action.to_owned(), title]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    table(&["STEP", "ACTION", "OBJECT"], &rows)
}

fn copies(preview: &Preview) -> String {
    let rows = preview.copies.iter().map(|copies| {
        let percentage = if copies.percentage == copies.effective {
            format!("{} %", copies.percentage)
        } else {
            format!("{} % (written: {} %)", copies.effective, copies.percentage)
        };
        let headers = match copies.headers.as_slice() {
            [] => "as the route leaves them".to_owned(),
            headers => headers.join("; "),
        };
        vec![
            copies.mirror.clone(),
            copies.cluster.clone(),
            percentage,
            copies.host.clone(),
            headers,
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    table(&["MIRROR", "CLUSTER", "SHARE", "HOST", "HEADERS"], &rows)
}

fn risks(preview: &Preview) -> String {
    let rows = preview.risks.iter().map(|finding| {
        let severity = finding.code.severity.word().to_owned();
        vec![
            finding.code.id.to_owned(),
            severity,
            place(finding),
            finding.message.clone(),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        "none found\n".to_owned()
    } else {
        table(&["CODE", "SEVERITY", "IN", "MESSAGE"], &rows)
    }
}

fn place(finding: &Finding) -> String {
    match finding.path.as_str() {
        "" => finding.object.clone(),
        path => format!("{}: {path}", finding.object),
    }
}

fn step(step: Step) -> String {
    let value = step.to_possible_value();
    value.map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn lines(lines: &[String]) -> String {
    lines.iter().map(|line| format!("- {line}\n")).collect()
}

fn memory(memory: Option<&Memory>) -> String {
    let Some(memory) = memory else {
        return "no budget of its own: Envoy holds what the shadow has not read, as far as the connection pool of its DestinationRule goes\n".to_owned();
    };
    let mut text = format!(
        "at most {} in each pod: 2 × {} of maxBufferedBytes × {} workers, and a few MiB\n",
        mebibytes(memory.per_pod()),
        mebibytes(memory.buffered),
        memory.workers,
    );
    text.push_str(&format!(
        "besides the answers of the shadow: up to {} on each worker, of which Envoy buffers each up to the key {LIMIT} of its runtime. By default that is 32 MiB, so {} in each pod; with \"65536\" {}. No filter can set the key: see TM019\n",
        memory.in_flight,
        mebibytes(memory.answers(32 << 20)),
        mebibytes(memory.answers(64 << 10)),
    ));
    if let (Some(pods), Some(total)) = (memory.pods, memory.total()) {
        text.push_str(&format!("in {pods} pods: {}\n", mebibytes(total)));
    }
    text
}

fn mebibytes(bytes: u64) -> String {
    if bytes.is_multiple_of(1 << 20) {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{bytes} bytes")
    }
}

/// For programs.
pub fn json(preview: &Preview, job: &Job) -> String {
    let list = |values: Vec<Value>| Value::Array(values);
    value(&json!({
        "job": {"name": job.name, "namespace": job.namespace},
        "engine": word(Engine::WORDS, &job.engine),
        "dataPlane": word(DataPlane::WORDS, &job.data_plane),
        "overrides": list(preview.overrides.iter().map(|change| json!({
            "flag": change.flag,
            "path": change.path,
            "file": change.file,
            "now": change.now,
        })).collect()),
        "objects": list(preview.objects.iter().map(|object| json!({
            "step": step(object.step),
            "action": object.action,
            "kind": object.kind,
            "namespace": object.namespace,
            "name": object.name,
        })).collect()),
        "copies": list(preview.copies.iter().map(|copies| json!({
            "mirror": copies.mirror,
            "cluster": copies.cluster,
            "percentage": copies.percentage,
            "effectivePercentage": copies.effective,
            "host": copies.host,
            "headers": copies.headers,
        })).collect()),
        "outside": preview.outside,
        "liveRequests": preview.live,
        "callers": preview.callers,
        "connections": preview.connections,
        "memory": preview.memory.map(|memory| json!({
            "bufferedBytesPerWorker": memory.buffered,
            "answersPerWorker": memory.in_flight,
            "answerBytesPerPodByDefault": memory.answers(32 << 20),
            "workers": memory.workers,
            "bytesPerPod": memory.per_pod(),
            "pods": memory.pods,
            "bytes": memory.total(),
        })),
        "engines": list(preview.fits.iter().map(|fit| json!({
            "engine": fit.name(),
            "can": fit.ability == Ability::Yes,
            "missing": if let Ability::Unknown(fact) = &fit.ability { Some(fact) } else { None },
            "refused": if let Ability::No(why) = &fit.ability { Some(why) } else { None },
            "givesUp": fit.gives_up,
        })).collect()),
        "risks": list(preview.risks.iter().map(|finding| json!({
            "code": finding.code.id,
            "severity": finding.code.severity.word(),
            "object": finding.object,
            "path": finding.path,
            "message": finding.message,
        })).collect()),
        "notes": preview.notes,
    }))
}
