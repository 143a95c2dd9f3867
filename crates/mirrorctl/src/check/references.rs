//! The references of an HTTPRoute: to what it belongs, and whether its mirrors may leave its namespace.

use serde_json::Value;

use super::subject::Report;
use crate::findings::codes;
use crate::objects::reference::{Grant, Reference, needs_grant};
use crate::objects::{Object, World, at, kinds};

/// An HTTPRoute.
pub(super) fn http_route(object: &Object, world: &World, report: &mut Report<'_>) {
    for (index, parent) in list(&object.value, &["spec", "parentRefs"]).enumerate() {
        let parent = Reference::parent(parent, object);
        // Of other kinds may be those of another controller.
        let wanted = [kinds::SERVICE, kinds::SERVICE_ENTRY, kinds::GATEWAY]
            .into_iter()
            .find(|kind| kind.kind == parent.kind && kind.group != parent.group);
        if let Some(wanted) = wanted.filter(|_| parent.group.is_empty() || parent.group == kinds::GATEWAY.group) {
            report.add(
                codes::NOT_A_PARENT,
                format!("spec.parentRefs[{index}]"),
                format!(
                    "the group is \"{}\", which has no {}; write `group: \"{}\"`",
                    parent.group, parent.kind, wanted.group
                ),
            );
        }
    }
    if !needs_grant(object) {
        return;
    }
    for (index, rule) in list(&object.value, &["spec", "rules"]).enumerate() {
        for (inner, filter) in list(rule, &["filters"]).enumerate() {
            let Some(backend) = at(filter, &["requestMirror", "backendRef"]) else {
                continue;
            };
            let path = format!("spec.rules[{index}].filters[{inner}].requestMirror.backendRef");
            granted(
                &Reference::backend(backend, &object.namespace),
                object,
                path,
                world,
                report,
            );
        }
    }
}

fn granted(to: &Reference<'_>, object: &Object, path: String, world: &World, report: &mut Report<'_>) {
    let (namespace, from) = (to.namespace, &object.namespace);
    let kind = match object.is(kinds::GRPC_ROUTE) {
        true => kinds::GRPC_ROUTE,
        false => kinds::HTTP_ROUTE,
    };
    let route = kind.kind;
    match to.grant(kind, from, world) {
        Grant::Given => {}
        Grant::Denied => report.add(
            codes::NOT_GRANTED,
            path,
            format!(
                "no ReferenceGrant of namespace {namespace} lets {route}s of namespace {from} name its {} {}",
                to.kind, to.name
            ),
        ),
        Grant::Unknown => report.add(
            codes::NOT_KNOWN,
            path,
            format!(
                "no ReferenceGrant of namespace {namespace} is given, and one must let {route}s of namespace {from} name its {} {}: {}",
                to.kind,
                to.name,
                kinds::REFERENCE_GRANT.command(namespace)
            ),
        ),
    }
}

fn list<'a>(value: &'a Value, keys: &[&str]) -> impl Iterator<Item = &'a Value> + use<'a> {
    at(value, keys).and_then(Value::as_array).into_iter().flatten()
}
