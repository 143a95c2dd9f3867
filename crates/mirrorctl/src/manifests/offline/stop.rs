//! The objects without our copies, which ends the copies; and the world as it was before the job changed its routes.

use std::sync::Arc;

use serde_json::{Value, json};

use super::offline_job::{OfflineJob, Undo};
use crate::job::Job;
use crate::job::{Called, called};
use crate::manifests::httproute;
use crate::manifests::outside::own_host;
use crate::manifests::record::{self, Record};
use crate::manifests::routes;
use crate::mesh::destination::Scope;
use crate::objects::{Object, World, kinds};

/// The objects without our copies, as far as they have any. It never fails: what is not understood stays as it is.
pub fn stop(offline_job: OfflineJob<'_>, world: &World) -> Undo {
    let mut undo = Undo::default();
    for object in world.iter() {
        let Some(mut value) = stopped(offline_job, object, world).filter(|value| *value != object.value) else {
            continue;
        };
        undo.notes.extend(record::refused_apply(object));
        if let Some(record) = offline_job.record(object) {
            undo.notes.extend(record.changed_besides(object));
            let generation = record::generation(object);
            Record { generation, ..record }.set(&mut value);
        }
        undo.objects.push(value);
    }
    undo
}

/// A file that Envoy without Istio discovers, with our filter switched off; `None` if it holds none of the job's.
pub fn stop_discovered(offline_job: OfflineJob<'_>, file: &Value) -> Option<Value> {
    let name = format!("traffic-mirror/{}", offline_job.name);
    let mut file = file.clone();
    let resources = file.get_mut("resources")?.as_array_mut()?.iter_mut();
    let of_job = resources.filter(|resource| resource.get("name").and_then(Value::as_str) == Some(&name));
    let keys = ["typed_config", "config", "configuration", "value"];
    let mut of_job: Vec<&mut Value> = of_job
        .filter(|resource| crate::objects::at(resource, &keys).is_some_and(Value::is_object))
        .collect();
    let last = of_job.last_mut()?;
    record::set(last, &[&keys[..], &["enabled"]].concat(), json!(false));
    Some(file)
}

/// An object without our copies; `None` if the job has nothing to do with it.
pub(super) fn stopped(offline_job: OfflineJob<'_>, object: &Object, world: &World) -> Option<Value> {
    let ours = offline_job.is_ours(object);
    let record = offline_job.record(object);
    let with = |keys: &[&str], new: Value| {
        let mut value = object.value.clone();
        record::set(&mut value, keys, new);
        Some(value)
    };
    if object.is(kinds::VIRTUAL_SERVICE) {
        let rules = without_copies(offline_job, object, world)?;
        with(&["spec", "http"], rules.into())
    } else if object.is(kinds::HTTP_ROUTE) {
        if !ours && record.is_none() && offline_job.job.is_none() {
            return None;
        }
        let is_ours = |key: &str| match &record {
            _ if ours => true,
            Some(record) => record.added.iter().any(|added| added == key),
            None => offline_job.job.is_some_and(|job| {
                job.shadows.iter().any(|shadow| match called(job, shadow) {
                    Called::Service { name, namespace, .. } => {
                        httproute::is_service(key, &format!("{name}.{namespace}.svc.{}", world.domain), &world.domain)
                    }
                    Called::External(to) => [&to.host, &own_host(job, shadow)]
                        .into_iter()
                        .any(|host| httproute::is_service(key, host, &world.domain)),
                    Called::Subset(_) | Called::Endpoint(_) => false,
                })
            }),
        };
        let mut rules = object.at(&["spec", "rules"])?.as_array()?.clone();
        for rule in &mut rules {
            httproute::take_out(rule, &object.namespace, &is_ours);
        }
        with(&["spec", "rules"], rules.into())
    } else if ours && object.is(kinds::TRAFFIC_EXTENSION) {
        with(&["spec", "wasm", "pluginConfig", "enabled"], json!(false))
    } else if ours && object.is(kinds::WASM_PLUGIN) {
        with(&["spec", "pluginConfig", "enabled"], json!(false))
    } else {
        None
    }
}

/// The rules of a VirtualService without our copies; `None` if the job has nothing to do with it.
fn without_copies(offline_job: OfflineJob<'_>, object: &Object, world: &World) -> Option<Vec<Value>> {
    let ours = offline_job.is_ours(object);
    let record = offline_job.record(object);
    if !ours && record.is_none() && offline_job.job.is_none() {
        return None;
    }
    let scope = Scope {
        namespace: &object.namespace,
        domain: &world.domain,
    };
    let is_ours = |destination: &Value| match &record {
        _ if ours => true,
        Some(record) => record.added.contains(&scope.cluster(destination)),
        None => offline_job.is_shadow(&scope.cluster(destination), world),
    };
    let mut rules = object.at(&["spec", "http"])?.as_array()?.clone();
    rules.retain(|rule| routes::narrowed_port(rule, offline_job.name).is_none());
    for rule in &mut rules {
        routes::take_out(rule, &is_ours);
    }
    Some(rules)
}

/// The world as it would be without the job's changes to routes: what a job is generated from again.
pub(in crate::manifests) fn before(job: &Job, world: &World) -> World {
    let offline_job = OfflineJob {
        name: &job.name,
        job: None,
        namespace: None,
    };
    let routing = [kinds::VIRTUAL_SERVICE, kinds::DESTINATION_RULE, kinds::HTTP_ROUTE];
    let of_kind = |object: &Object| routing.into_iter().any(|kind| object.is(kind));
    let objects = world
        .objects
        .iter()
        .filter(|object| !(of_kind(object) && offline_job.is_ours(object)));
    let objects = objects.map(
        |object| match (offline_job.record(object), stopped(offline_job, object, world)) {
            (Some(record), None) if object.is(kinds::DESTINATION_RULE) => Arc::new(Object::of(
                object.place.clone(),
                without_subsets(object, &record),
                object.namespace.clone(),
            )),
            (Some(_), Some(value)) => Arc::new(Object::of(object.place.clone(), value, object.namespace.clone())),
            _ => Arc::clone(object),
        },
    );
    World {
        objects: objects.collect(),
        domain: world.domain.clone(),
        cluster: world.cluster.clone(),
    }
}

pub(super) fn without_subsets(object: &Object, record: &Record) -> Value {
    let mut value = object.value.clone();
    let subsets = object.at(&["spec", "subsets"]).and_then(Value::as_array);
    let others = subsets.into_iter().flatten().filter(|subset| {
        let name = subset.get("name").and_then(Value::as_str).unwrap_or_default();
        !record.added.iter().any(|added| added == name)
    });
    record::set(&mut value, &["spec", "subsets"], others.cloned().collect());
    value
}
