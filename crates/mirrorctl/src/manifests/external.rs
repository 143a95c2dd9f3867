//! A shadow outside the mesh: the ServiceEntry that gives it a cluster, and the DestinationRule by which proxies speak
//! TLS to it. They are written where the user's world has nothing that can take the copies. What is written is added to
//! the world that the rest is generated from, so that it is read as the user's own would be.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::bundle::{Bundle, Manifest, Origin, Step};
use super::options::Options;
use super::outside::{OWN_PORT, existing, own_host, own_name};
use super::{gateway, ours, record};
use crate::error::{Error, Result};
use crate::job::{Backend, DataPlane, EndpointProtocol, Engine, External, Job};
use crate::marks::is_of_job;
use crate::objects::{Object, World, kinds};
use crate::place::Place;

/// The proxies that call a shadow outside.
struct Client<'a> {
    /// Their namespace.
    namespace: Cow<'a, str>,
    /// Whether those of every other namespace call it too.
    is_everyone: bool,
}

/// What is written for one shadow.
struct Own {
    name: String,
    host: String,
}

/// Adds what the job's shadows outside need, and returns the world with it.
///
/// # Errors
/// Refused for a data plane that cannot call a host outside, for a certificate that Istio would not verify, and for a
/// name that is taken.
pub(super) fn add<'w>(
    job: &Job,
    world: Cow<'w, World>,
    options: &Options,
    bundle: &mut Bundle,
) -> Result<Cow<'w, World>> {
    if !job.shadows.iter().any(|shadow| external(&shadow.backend).is_some()) {
        return Ok(world);
    }
    let client = client(job, &world, options)?;
    let known = world.as_ref().clone();
    let mut after = world.into_owned();
    // What an earlier run wrote is written anew.
    let written = [kinds::SERVICE_ENTRY, kinds::DESTINATION_RULE];
    after
        .objects
        .retain(|object| !(written.iter().any(|kind| object.is(*kind)) && is_of_job(object, job)));
    for (index, shadow) in job.shadows.iter().enumerate() {
        let Some(external) = external(&shadow.backend) else {
            continue;
        };
        let path = format!("spec.shadows[{index}].external");
        refuse_unverified(external, &path, options)?;
        if existing(external, &client.namespace, &after).is_none() {
            let own = Own {
                name: own_name(job, shadow),
                host: own_host(job, shadow),
            };
            write(job, new_entry(job, external, &own, &client), &known, &mut after, bundle)?;
            if let Some(rule) = new_rule(job, external, &own, &client) {
                write(job, rule, &known, &mut after, bundle)?;
            }
        }
        bundle
            .notes
            .extend(unredacted(job, external, shadow.config.redact.is_some(), &path));
    }
    Ok(Cow::Owned(after))
}

fn external(backend: &Backend) -> Option<&External> {
    match backend {
        Backend::External(external) => Some(external),
        _ => None,
    }
}

/// Envoy's own mirroring is done by the callers' proxies, wherever they are.
fn client<'a>(job: &'a Job, world: &World, options: &Options) -> Result<Client<'a>> {
    let namespace = match (job.engine, job.data_plane) {
        (Engine::Wasm, DataPlane::Gateway) => gateway::namespace(job, world, options)?.into(),
        (Engine::Wasm, DataPlane::Waypoint) => {
            return Err(Error::Refused(
                "spec.shadows: a waypoint gets no cluster for a host outside unless the route of its Service refers to it, and none is written for that; name a Service by `backendRef`, or use dataPlane sidecar or gateway"
                    .to_owned(),
            ));
        }
        _ => job.namespace.as_str().into(),
    };
    Ok(Client {
        namespace,
        is_everyone: job.engine == Engine::Native,
    })
}

/// Istio verifies a certificate without a named CA since 1.20 (`VERIFY_CERTIFICATE_AT_CLIENT`).
fn refuse_unverified(external: &External, path: &str, options: &Options) -> Result<()> {
    match &external.tls {
        Some(tls) if tls.ca_certificates.is_none() && options.istio.is_before(20, 0) => Err(Error::Refused(format!(
            "{path}.tls.caCertificates: is missing, and Istio {} then takes any certificate; name the file of the CA in the proxies, such as /etc/ssl/certs/ca-certificates.crt",
            options.istio
        ))),
        _ => Ok(()),
    }
}

/// What a user must know who did not ask for redaction.
fn unredacted(job: &Job, external: &External, is_redacted: bool, path: &str) -> Option<String> {
    let host = &external.host;
    match job.engine {
        Engine::Native => Some(format!(
            "{path}: {host} sees requests as clients sent them, with credentials and bodies, and the Host of the client; engine `native` can redact nothing and set no Host"
        )),
        Engine::Wasm if !is_redacted => Some(format!(
            "{path}: {host} sees requests as clients sent them, with credentials and bodies; take out what is not its own by `redact`"
        )),
        Engine::Wasm => None,
    }
}

/// Adds an object of ours to what is generated and to the world.
fn write(job: &Job, object: Value, known: &World, after: &mut World, bundle: &mut Bundle) -> Result<()> {
    ours::refuse_taken_name(&object, job, known)?;
    after.put(Object::of(
        Place::file("what is generated"),
        object.clone(),
        job.namespace.clone(),
    ));
    bundle.add(Manifest {
        step: Step::Prepare,
        origin: Origin::Ours,
        object,
    });
    Ok(())
}

/// The ServiceEntry, which gives the proxies a cluster that leads to the host.
fn new_entry(job: &Job, external: &External, own: &Own, client: &Client<'_>) -> Value {
    let (protocol, port_name) = match external.protocol {
        EndpointProtocol::Http => ("HTTP", "http"),
        EndpointProtocol::Http2 => ("HTTP2", "http2"),
    };
    let mut spec = json!({
        "hosts": [own.host],
        "location": "MESH_EXTERNAL",
        "resolution": "DNS",
        "ports": [{"number": OWN_PORT, "name": port_name, "protocol": protocol, "targetPort": external.port}],
        "endpoints": [{"address": external.host}],
    });
    export(&mut spec, job, client);
    object(job, kinds::SERVICE_ENTRY.kind, &own.name, spec)
}

/// The DestinationRule that originates TLS; `None` if none is needed.
fn new_rule(job: &Job, external: &External, own: &Own, client: &Client<'_>) -> Option<Value> {
    let tls = external.tls.as_ref()?;
    let mut settings = json!({"mode": "SIMPLE", "sni": tls.sni, "subjectAltNames": tls.subject_alt_names});
    if let Some(file) = &tls.ca_certificates {
        record::set(&mut settings, &["caCertificates"], file.as_str().into());
    }
    let mut spec = json!({"host": own.host, "trafficPolicy": {"tls": settings}});
    export(&mut spec, job, client);
    Some(object(job, kinds::DESTINATION_RULE.kind, &own.name, spec))
}

/// Only the proxies that copy get it.
fn export(spec: &mut Value, job: &Job, client: &Client<'_>) {
    let to = match client.namespace.as_ref() {
        _ if client.is_everyone => return,
        own if own == job.namespace => ".",
        other => other,
    };
    record::set(spec, &["exportTo"], json!([to]));
}

fn object(job: &Job, kind: &str, name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": kind,
        "metadata": ours::metadata(job, name),
        "spec": spec,
    })
}
