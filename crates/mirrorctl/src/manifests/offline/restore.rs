//! The user's objects as they were before a job, if nobody has changed since what the job changed.

use serde_json::Value;

use super::offline_job::{OfflineJob, Undo};
use super::remove::{live_shadow, rank, refers};
use super::stop::{stopped, without_subsets};
use crate::error::{Error, Result};
use crate::manifests::record::{self, Record};
use crate::manifests::routes;
use crate::mesh::destination::Scope;
use crate::objects::{Object, World, at, kinds};
use crate::yaml;

/// The user's objects as they were.
///
/// # Errors
/// Refused if someone has changed since what we changed, with the difference; or if it would send live requests to the
/// shadow or to a subset that is about to vanish.
pub fn restore(offline_job: OfflineJob<'_>, world: &World) -> Result<Undo> {
    let mut undo = Undo::default();
    let mut found: Vec<(&Object, Record)> = world
        .iter()
        .filter_map(|object| Some((object, offline_job.record(object)?)))
        .collect();
    found.sort_by_key(|(object, _)| rank(object));
    let restored = |object: &Object| found.iter().any(|(other, _)| *other == object);
    for (object, record) in &found {
        if let (Some(workload), Some(subset)) = (live_shadow(offline_job, world), &record.pinned) {
            return Err(Error::Refused(format!(
                "{} keeps live requests on subset {subset}, off {}; delete that first (--step remove), and restore when its pods are gone",
                object.title(),
                workload.title()
            )));
        }
        let user = object.is(kinds::DESTINATION_RULE).then(|| {
            let routes = world.all(kinds::VIRTUAL_SERVICE).filter(|other| !restored(other));
            routes
                .into_iter()
                .find(|other| refers(other, object, &record.added, world))
        });
        if let Some(user) = user.flatten() {
            return Err(Error::Refused(format!(
                "{} sends requests to a subset ({}) that {} would lose; {}",
                user.title(),
                record.added.join(", "),
                object.title(),
                if offline_job.is_ours(user) {
                    "delete it first (--step remove)"
                } else {
                    "send them elsewhere first"
                }
            )));
        }
        let (was, is) = (
            expected(object, record, world),
            as_found(offline_job, object, record, world),
        );
        if was != is {
            return Err(Error::Refused(format!(
                "{} ({}) was changed since; restoring would take that back. Make the change by hand, or take it back first. What was left of the original, and what is there now, without the copies:\n{}",
                object.title(),
                object.place,
                difference(&was, &is)
            )));
        }
        let Some(part) = record::part(object.kind()) else {
            continue;
        };
        undo.notes.extend(record::refused_apply(object));
        undo.notes.extend(record.changed_besides(object));
        let mut value = object.value.clone();
        match &record.before {
            Value::Null => record::remove(&mut value, &["spec", part]),
            before => record::set(&mut value, &["spec", part], before.clone()),
        }
        Record::remove(&mut value);
        undo.objects.push(value);
    }
    Ok(undo)
}

/// What we left of the original, in the form in which it is compared.
fn expected(object: &Object, record: &Record, world: &World) -> Vec<Value> {
    let mut before = record.before.as_array().cloned().unwrap_or_default();
    if !object.is(kinds::VIRTUAL_SERVICE) {
        return before;
    }
    if let Some(subset) = &record.pinned {
        let scope = Scope {
            namespace: &object.namespace,
            domain: &world.domain,
        };
        // It is pinned because a copy goes to a subset of the target.
        let host = record.added.iter().find_map(|cluster| {
            let mut parts = cluster.split('|').skip(2);
            parts.next().filter(|subset| !subset.is_empty()).and(parts.next())
        });
        routes::pin(&mut before, host.unwrap_or_default(), subset, scope);
    }
    routes::normal(&before)
}

/// What is there now, without the copies, in the same form. A rule of ours that someone changed stays in it.
fn as_found(offline_job: OfflineJob<'_>, object: &Object, record: &Record, world: &World) -> Vec<Value> {
    if object.is(kinds::DESTINATION_RULE) {
        let value = without_subsets(object, record);
        return at(&value, &["spec", "subsets"])
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
    }
    if object.is(kinds::HTTP_ROUTE) {
        let value = stopped(offline_job, object, world);
        let rules = value
            .as_ref()
            .and_then(|value| at(value, &["spec", "rules"])?.as_array());
        return rules.cloned().unwrap_or_default();
    }
    let scope = Scope {
        namespace: &object.namespace,
        domain: &world.domain,
    };
    let is_ours = |destination: &Value| record.added.contains(&scope.cluster(destination));
    let mut rules = object
        .at(&["spec", "http"])
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    for rule in &mut rules {
        routes::take_out(rule, &is_ours);
    }
    let mut found: Vec<Value> = Vec::new();
    // Each rule of ours narrows the next one that is not.
    let mut base: Option<Value> = None;
    for rule in rules.into_iter().rev() {
        match routes::narrowed_port(&rule, offline_job.name) {
            Some(port) => {
                let narrowed = base.as_ref().map(|base| routes::narrowed(base, offline_job.name, port));
                if narrowed.map(|rule| routes::normal(&[rule])) != Some(routes::normal(std::slice::from_ref(&rule))) {
                    found.push(rule);
                }
            }
            None => {
                base = Some(rule.clone());
                found.push(rule);
            }
        }
    }
    found.reverse();
    routes::normal(&found)
}

fn difference(was: &[Value], is: &[Value]) -> String {
    let text = |values: &[Value]| yaml::write(&Value::from(values.to_vec()));
    let (was, is) = (text(was), text(is));
    similar::TextDiff::from_lines(&was, &is)
        .unified_diff()
        .context_radius(3)
        .header("the original", "now")
        .to_string()
        .trim_end()
        .to_owned()
}
