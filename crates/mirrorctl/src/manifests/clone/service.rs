//! The clone's own Service: the only one that selects its pods. Proxies have its clusters as soon as it is there, so it
//! comes before the pods.

use serde_json::{Map, Value, json};

use super::draft::Draft;
use crate::error::{Error, Result};
use crate::manifests::metadata;
use crate::objects::{Protocol, World, at};

/// What is kept of a port of the target. Its port on every node stays the target's.
const PORT_KEYS: &[&str] = &["name", "port", "protocol", "appProtocol", "targetPort"];

/// The Service, with the mirrored ports of the target under the same numbers.
pub(super) fn manifest(draft: &Draft<'_>, world: &World) -> Result<Value> {
    let job = draft.job;
    let name = draft.of.service_name(job);
    if !mirror_policy::grammar::is_dns_label(&name) {
        return Err(Error::Refused(format!(
            "{}.version: the clone's Service would be `{name}`, which is no DNS label (at most 63 characters); give a shorter version",
            draft.path
        )));
    }
    let target = world.service(&job.namespace, &job.target.name)?;
    let written = target.object.at(&["spec", "ports"]).and_then(Value::as_array);
    let ports: Vec<Value> = target
        .ports()?
        .iter()
        .zip(written.into_iter().flatten())
        .filter(|(port, _)| match job.target.port {
            Some(number) => port.number == number,
            None => port.protocol == Protocol::Http,
        })
        .map(|(_, written)| kept(written))
        .collect();
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(job, &name),
        "spec": {"selector": draft.selector, "ports": ports},
    }))
}

fn kept(port: &Value) -> Value {
    let fields: Map<String, Value> = PORT_KEYS
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), at(port, &[key])?.clone())))
        .collect();
    fields.into()
}
