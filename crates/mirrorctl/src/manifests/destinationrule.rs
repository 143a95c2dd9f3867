//! The subsets of the target: in the DestinationRule that proxies obey, or in one of ours. A subset more changes no
//! live request, as long as no policy is hidden by it.

use serde_json::{Map, Value, json};

use super::change::{ObjectChange, refuse_other_job};
use super::copying::{Copying, Subset};
use super::{Origin, ours, record};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::objects::{Object, ROOT_NAMESPACE, World, fully_qualified, kinds};

/// A ceiling for copies: what is over it is refused by the caller's own proxy and costs the shadow nothing.
pub fn ceiling() -> Value {
    json!({
        "connectionPool": {
            "tcp": {"maxConnections": 64},
            "http": {"http1MaxPendingRequests": 64, "http2MaxRequests": 256},
        },
    })
}

/// The DestinationRule with the subsets that are not defined yet; `None` if all are.
pub(super) fn manifest(
    job: &Job,
    copying: &Copying,
    world: &World,
    notes: &mut Vec<String>,
) -> Result<Option<ObjectChange>> {
    if copying.subsets.is_empty() {
        return Ok(None);
    }
    let subsets: Vec<Value> = copying.subsets.iter().map(subset).collect();
    let hidden = world.all(kinds::DESTINATION_RULE).filter(|object| {
        let host = object.text(&["spec", "host"]).unwrap_or_default();
        object.namespace != job.namespace && fully_qualified(host, &object.namespace, &world.domain) == copying.host
    });
    for object in hidden {
        notes.push(format!(
            "{} is obeyed by the callers of its namespace; they do not know the new subsets, and copy nothing",
            object.title()
        ));
    }
    // Proxies obey one place; Istio merges what stands there for one host.
    let obeyed = world.destination_rules(&copying.host, &job.namespace, &job.namespace);
    let Some(first) = obeyed.first() else {
        let spec = json!({"host": job.target.name, "subsets": subsets});
        return Ok(Some(ObjectChange::ours(object(job, spec))));
    };
    let host = first.text(&["spec", "host"]).unwrap_or_default();
    let is_exact = fully_qualified(host, &first.namespace, &world.domain) == copying.host;
    if is_exact && first.namespace == job.namespace {
        refuse_other_job(first, job)?;
        let mut changed = first.value.clone();
        let all = first.at(&["spec", "subsets"]).and_then(Value::as_array);
        let all: Vec<Value> = all.into_iter().flatten().cloned().chain(subsets).collect();
        record::set(&mut changed, &["spec", "subsets"], all.into());
        return Ok(Some(ObjectChange {
            origin: Origin::Patched,
            object: changed,
            original: Some((*first).clone()),
            added: copying.subsets.iter().map(|subset| subset.name.clone()).collect(),
            pinned: None,
        }));
    }
    // One for the host alone hides this one, so it says the same and more.
    if first.namespace != job.namespace && first.at(&["spec", "exportTo"]).is_some() {
        return Err(Error::Refused(format!(
            "{} ({}) covers {} and limits who sees it by exportTo; a DestinationRule for the subsets would hide it. Write one for this host, with subsets, and run this again",
            first.title(),
            first.place,
            copying.host
        )));
    }
    notes.push(format!(
        "{} covers {} with the host {host}; the new DestinationRule hides it for this host, so it repeats its policies",
        first.title(),
        copying.host
    ));
    let mut spec = first.at(&["spec"]).cloned().unwrap_or_default();
    let all = first.at(&["spec", "subsets"]).and_then(Value::as_array);
    let all: Vec<Value> = all.into_iter().flatten().cloned().chain(subsets).collect();
    record::set(&mut spec, &["host"], job.target.name.as_str().into());
    record::set(&mut spec, &["subsets"], all.into());
    Ok(Some(ObjectChange::ours(object(job, spec))))
}

/// Refuses a pin to a subset that some callers would not know: their live requests would end in 503. `exported` says
/// who sees the pin.
pub(super) fn refuse_hidden_pin(
    job: &Job,
    copying: &Copying,
    subset: &str,
    exported: Option<&Value>,
    world: &World,
) -> Result<()> {
    let refuse = |object: &Object, why: &str| {
        Err(Error::Refused(format!(
            "--pin-primary: {} ({}) {why}, so live requests from there would end in 503; define the subset {subset} there too, or let the shadow have a Service of its own (`backendRef`)",
            object.title(),
            object.place
        )))
    };
    for object in world.all(kinds::DESTINATION_RULE) {
        let from = &object.namespace;
        let is_elsewhere = *from != job.namespace && from != ROOT_NAMESPACE;
        let obeyed = world.destination_rules(&copying.host, from, &job.namespace);
        if is_elsewhere
            && obeyed.iter().any(|other| other.is_same(object))
            && world.subset(&copying.host, from, &job.namespace, subset).is_none()
        {
            return refuse(
                object,
                "is obeyed by the callers of its namespace and does not define that subset",
            );
        }
    }
    for object in world.destination_rules(&copying.host, &job.namespace, &job.namespace) {
        let to = object.at(&["spec", "exportTo"]);
        if to.is_some_and(|to| *to != json!(["*"])) && to != exported {
            return refuse(object, "is not exported to all callers");
        }
    }
    Ok(())
}

fn object(job: &Job, spec: Value) -> Value {
    json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": kinds::DESTINATION_RULE.kind,
        "metadata": ours::metadata(job, &format!("mirror-{}", job.name)),
        "spec": spec,
    })
}

fn subset(subset: &Subset) -> Value {
    let labels: Map<String, Value> = subset
        .labels
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let mut value = json!({"name": subset.name, "labels": labels});
    if subset.is_shadow {
        record::set(&mut value, &["trafficPolicy"], ceiling());
    }
    value
}
