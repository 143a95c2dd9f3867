//! A shadow outside the mesh: the ServiceEntry that gives its host a cluster, and the DestinationRule by which proxies
//! speak TLS to it. Each is written where the user's world has none; what is there is used as it is. What is written is
//! added to the world that the rest is generated from, so that it is read as the user's own would be.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::bundle::{Bundle, Manifest, Origin, Step};
use super::options::Options;
use super::outside::{PLAIN_PORT, port};
use super::{gateway, ours, record};
use crate::error::{Error, Result};
use crate::job::{Backend, DataPlane, EndpointProtocol, Engine, External, Job};
use crate::marks::is_of_job;
use crate::objects::entry::{NoEntry, entry};
use crate::objects::{Object, World, kinds};
use crate::place::Place;

/// The proxies that call a shadow outside.
struct Client<'a> {
    /// Their namespace.
    namespace: Cow<'a, str>,
    /// Whether those of every other namespace call it too.
    is_everyone: bool,
}

/// Adds what the job's shadows outside need, and returns the world with it.
///
/// # Errors
/// Refused for a ServiceEntry or a DestinationRule of the user that does not fit, and for a name that is taken.
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
        let name = match job.shadows.len() {
            1 => format!("mirror-{}", job.name),
            _ => format!("mirror-{}-{}", job.name, shadow.name),
        };
        refuse_unverified(external, &path, options)?;
        if let Some(object) = new_entry(job, external, &name, &path, &client, &after, bundle)? {
            write(job, object, &known, &mut after, bundle)?;
        }
        if let Some(object) = new_rule(job, external, &name, &path, &client, &after)? {
            write(job, object, &known, &mut after, bundle)?;
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

// === the ServiceEntry ===

/// The ServiceEntry of the host; `None` if there is one.
fn new_entry(
    job: &Job,
    external: &External,
    name: &str,
    path: &str,
    client: &Client<'_>,
    world: &World,
    bundle: &mut Bundle,
) -> Result<Option<Value>> {
    let host = &external.host;
    match entry(host, &client.namespace, world) {
        Ok(_) => return Ok(None),
        Err(NoEntry::Hidden(other)) => {
            return Err(Error::Refused(format!(
                "{path}: {} ({}) has {host} and is not exported to namespace {}; add that to its spec.exportTo",
                other.title(),
                other.place,
                client.namespace
            )));
        }
        Err(NoEntry::Wildcard(..) | NoEntry::Unknown) => {}
        Err(NoEntry::NotGiven) => bundle.notes.push(format!(
            "no ServiceEntry is among the objects, so one for {host} is written; if the mesh has one already, add to --objects the output of: kubectl get {},{} -A -o yaml",
            kinds::SERVICE_ENTRY.resource,
            kinds::DESTINATION_RULE.resource
        )),
    }
    let number = match external.tls {
        Some(_) => PLAIN_PORT,
        None => external.port,
    };
    let (protocol, port_name) = match external.protocol {
        EndpointProtocol::Http => ("HTTP", "http"),
        EndpointProtocol::Http2 => ("HTTP2", "http2"),
    };
    let mut port = json!({"number": number, "name": port_name, "protocol": protocol});
    if number != external.port {
        record::set(&mut port, &["targetPort"], external.port.into());
    }
    let whose = match client.is_everyone {
        true => "every namespace".to_owned(),
        false => format!("namespace {}", client.namespace),
    };
    bundle.notes.push(format!(
        "the new ServiceEntry gives the proxies of {whose} a cluster for {host}: what their pods send to http://{host}:{number} themselves takes it too, and goes to port {}{}, as long as the job lasts",
        external.port,
        if external.tls.is_some() { " by TLS" } else { "" }
    ));
    let mut spec = json!({
        "hosts": [host],
        "location": "MESH_EXTERNAL",
        "resolution": "DNS",
        "ports": [port],
    });
    export(&mut spec, job, client);
    let mut entry = object(job, kinds::SERVICE_ENTRY.kind, name, spec);
    // With an address of its own, the host would lead the pods' own connections on other ports nowhere, where proxies
    // answer their DNS (istio.io, resource labels).
    record::set(
        &mut entry,
        &["metadata", "labels", "networking.istio.io/enable-autoallocate-ip"],
        "false".into(),
    );
    Ok(Some(entry))
}

// === the DestinationRule ===

/// The DestinationRule that originates TLS; `None` if none is needed or one does.
fn new_rule(
    job: &Job,
    external: &External,
    name: &str,
    path: &str,
    client: &Client<'_>,
    world: &World,
) -> Result<Option<Value>> {
    let host = &external.host;
    let Ok(entry) = entry(host, &client.namespace, world) else {
        return Ok(None);
    };
    let (number, is_unencrypted) = port(external, entry, path, &client.namespace, world)?;
    let Some(tls) = external.tls.as_ref().filter(|_| is_unencrypted) else {
        return Ok(None);
    };
    let mut settings = json!({"mode": "SIMPLE", "sni": tls.sni, "subjectAltNames": tls.subject_alt_names});
    if let Some(file) = &tls.ca_certificates {
        record::set(&mut settings, &["caCertificates"], file.as_str().into());
    }
    let of_port = json!({"port": {"number": number}, "tls": settings});
    // Proxies obey one place for a host, and a second rule for the port would not be heard.
    if let Some(other) = world
        .destination_rules(host, &client.namespace, &entry.namespace)
        .first()
    {
        return Err(Error::Refused(format!(
            "{path}.tls: {} ({}) is obeyed for {host} and originates no TLS for port {number}; add to its spec.trafficPolicy.portLevelSettings: {of_port}",
            other.title(),
            other.place
        )));
    }
    let is_obeyed = entry.namespace == job.namespace || (!client.is_everyone && client.namespace == job.namespace);
    if !is_obeyed {
        return Err(Error::Refused(format!(
            "{path}.tls: no DestinationRule originates TLS for port {number} of {}, and the proxies that copy obey none of namespace {}; write one in namespace {} with spec.trafficPolicy.portLevelSettings: [{of_port}]",
            entry.title(),
            job.namespace,
            entry.namespace
        )));
    }
    let mut spec = json!({"host": host, "trafficPolicy": {"portLevelSettings": [of_port]}});
    export(&mut spec, job, client);
    Ok(Some(object(job, kinds::DESTINATION_RULE.kind, name, spec)))
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
