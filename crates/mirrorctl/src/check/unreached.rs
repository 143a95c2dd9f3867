//! Mirrors in rules of routes that no request reaches.

use serde_json::Value;

use super::subject::Report;
use crate::findings::codes;
use crate::mesh::native_mirror::NativeMirror;
use crate::objects::{Object, World, kinds, list};
use crate::precedence;

/// A VirtualService, an HTTPRoute or a GRPCRoute.
pub(super) fn check(object: &Object, world: &World, report: &mut Report<'_>) {
    let is_virtual_service = object.is(kinds::VIRTUAL_SERVICE);
    let rules: Vec<&Value> = match is_virtual_service {
        true => list(&object.value, &["spec", "http"]).collect(),
        false => list(&object.value, &["spec", "rules"]).collect(),
    };
    let paths = |index: usize, rule| match is_virtual_service {
        true => {
            let mirrors = NativeMirror::of_rule(rule, &format!("spec.http[{index}]")).into_iter();
            let mirrors = mirrors.filter(|mirror| mirror.percentage != Some(0.0));
            mirrors.map(|mirror| mirror.path).collect()
        }
        false => filters(rule, index),
    };
    let paths: Vec<Vec<String>> = rules
        .iter()
        .enumerate()
        .map(|(index, rule)| paths(index, rule))
        .collect();
    // Most routes copy nothing, and looking at their rules is work.
    if paths.iter().all(Vec::is_empty) {
        return;
    }
    for (paths, reason) in paths.iter().zip(precedence::unreached(object, world)) {
        for path in paths {
            if let Some(reason) = &reason {
                report.add(codes::UNREACHED, path, format!("no request reaches the rule: {reason}"));
            }
        }
    }
}

/// The paths of the filters that copy.
fn filters(rule: &Value, index: usize) -> Vec<String> {
    let filters = list(rule, &["filters"]).enumerate();
    filters
        .filter(|(_, filter)| filter.get("requestMirror").is_some())
        .map(|(inner, _)| format!("spec.rules[{index}].filters[{inner}]"))
        .collect()
}
