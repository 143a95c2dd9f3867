//! What those outside the mesh see of copies, and the way on which copies leave.

use mirror_policy::configuration::values::Percentage;

use crate::job::{Backend, DataPlane, Engine, External, Job, Shadow};
use crate::manifests::Options;

/// What leaves the mesh, shadow by shadow; empty if nothing does.
pub(super) fn outside(job: &Job, options: &Options) -> Vec<String> {
    let mut said = Vec::new();
    for shadow in &job.shadows {
        if let Backend::External(external) = &shadow.backend {
            let lines = [
                connection(external),
                host(job, shadow, options),
                content(job, shadow),
                way(job, external),
            ];
            said.extend(lines.into_iter().map(|line| format!("{}: {line}", shadow.name)));
        }
    }
    said
}

fn connection(External { host, port, tls, .. }: &External) -> String {
    match tls {
        Some(tls) => format!(
            "copies go to {host}, port {port}, by TLS: the proxy asks for {}, and accepts a certificate for {} that {} signed",
            tls.sni,
            tls.subject_alt_names.join(" or "),
            match &tls.ca_certificates {
                Some(file) => format!("a CA of {file}"),
                None => "a CA that its system trusts".to_owned(),
            }
        ),
        None => format!("copies go to {host}, port {port}, unencrypted: who is on the way can read and change them"),
    }
}

fn host(job: &Job, shadow: &Shadow, options: &Options) -> String {
    match (job.engine, shadow.filter.get("authority")) {
        (Engine::Native, _) => {
            let suffix = match options.istio.is_before(28, 0) {
                true => " with `-shadow` behind it",
                false => "",
            };
            format!(
                "it sees the Host of the client's request{suffix}, a name of yours, and may answer 404 or 421 because it does not know it; engine wasm can send another"
            )
        }
        (Engine::Wasm, Some(authority)) if authority.get("mode").is_some_and(|mode| mode == "literal") => {
            let value = authority.get("value").and_then(|value| value.as_str());
            format!("it sees the Host {}", value.unwrap_or_default())
        }
        (Engine::Wasm, _) => "it sees a Host made from the client's, a name of yours, as `authority` says".to_owned(),
    }
}

fn content(job: &Job, shadow: &Shadow) -> String {
    let share = match shadow.config.percentage {
        all if all == Percentage::default() => "each copied request".to_owned(),
        some => format!("{} % of the requests", f64::from(some.ppm()) / 10_000.0),
    };
    let redaction = match (job.engine, &shadow.config.redact) {
        (Engine::Wasm, Some(_)) => "without what `redact` takes out, and nothing else is",
        (Engine::Wasm, None) => "credentials and data of persons among them, because `redact` is absent",
        (Engine::Native, _) => "credentials and data of persons among them, because engine native cannot redact",
    };
    format!("of {share} it sees the URL, the headers and the body, {redaction}")
}

fn way(job: &Job, External { host, .. }: &External) -> String {
    let from = match (job.engine, job.data_plane) {
        (Engine::Native, _) => "the proxies of all callers",
        (Engine::Wasm, DataPlane::Gateway) => "the gateway's pods",
        (Engine::Wasm, _) => "the proxies of the primary's pods",
    };
    format!(
        "copies leave from {from}, past any egress gateway and any VirtualService of {host}; a Sidecar whose egress.hosts have no host of the ServiceEntry drops them, and so do a NetworkPolicy or a firewall that lets nothing out. The ServiceEntry lets them through `outboundTrafficPolicy: REGISTRY_ONLY`; what your pods send to {host} themselves goes as before"
    )
}
