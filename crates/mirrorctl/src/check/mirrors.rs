//! What a mirror copies: until when, which methods, which headers, how much, and what it may need. The same rules for a
//! job, a plugin configuration, and a mirror of Envoy's own.

use mirror_policy::configuration::redact::{Redact, RedactPreset};
use mirror_policy::configuration::timestamp::Timestamp;
use mirror_policy::configuration::{MirrorConfig, StringMatch};
use mirror_policy::matching::text::work_per_byte;
use mirror_policy::plan::Mirror;
use mirror_policy::{ConfigError, Plan};
use regex_lite::Regex;
use serde_json::Value;

use super::subject::{Report, Setting};
use crate::findings::codes;
use crate::job::{Backend, DataPlane, Engine, Expiry, External, Job, Shadow};
use crate::time::Time;

/// Istio's own limit of a sidecar's memory (`global.proxy.resources.limits.memory` of its chart).
pub(super) const PROXY_MEMORY: u64 = 1 << 30;

/// What changes something (RFC 9110, section 9.2.1).
const UNSAFE: &[&str] = &["POST", "PUT", "PATCH", "DELETE"];

/// An expression is expected to take texts of this many bytes.
const TEXT: u64 = 512;

/// The headers by which a client proves who it is.
const CREDENTIALS: &[&str] = &["authorization", "cookie"];

/// Every shadow of a job.
pub(super) fn of_job(job: &Job, setting: &Setting, report: &mut Report<'_>) {
    match job.expires_at {
        Expiry::Never => report.add(codes::NO_EXPIRY, "spec.expiresAt", "copies until it is taken offline"),
        Expiry::At(end) => {
            expired(end, "spec.expiresAt", setting, report);
            if job.engine == Engine::Native {
                report.add(
                    codes::NO_EXPIRY,
                    "spec.expiresAt",
                    "Envoy's own mirroring has no end; take it offline then",
                );
            }
        }
    }
    for (index, shadow) in job.shadows.iter().enumerate() {
        let path = format!("spec.shadows[{index}]");
        if !shadow.filter.contains_key("percentage") {
            report.add(codes::ALL_TRAFFIC, &path, "`percentage` is absent");
        }
        let native = job.engine == Engine::Native;
        what_is_copied(&shadow.config, native, &path, report);
        outside(shadow, native, &path, report);
        if job.data_plane == DataPlane::Gateway {
            authority(&shadow.config, &path, report);
        }
    }
    if job.engine == Engine::Wasm {
        let configs = job.shadows.iter().map(|shadow| &*shadow.config);
        memory(configs, "spec.shadows", PROXY_MEMORY, setting, report);
    }
}

/// What goes out of the mesh as clients sent it.
fn outside(shadow: &Shadow, native: bool, path: &str, report: &mut Report<'_>) {
    let Backend::External(External { host, tls, .. }) = &shadow.backend else {
        return;
    };
    let why = match (native, &shadow.config.redact) {
        (true, _) => "engine native cannot redact",
        (false, None) => "`redact` is absent",
        (false, Some(_)) => return,
    };
    let how = match tls {
        Some(_) => "",
        None => ", and so does who is on the way, because nothing encrypts them",
    };
    let problem = format!("{why}: {host} sees headers, URLs and bodies as clients sent them{how}");
    report.add(codes::UNREDACTED, format!("{path}.external"), problem);
}

/// A mirror of the filter, as it is written at a path.
pub(super) fn of_filter(
    config: &MirrorConfig,
    written: Option<&Value>,
    path: &str,
    setting: &Setting,
    report: &mut Report<'_>,
) {
    match &config.expires_at {
        None => report.add(codes::NO_EXPIRY, path, "`expiresAt` is absent"),
        Some(end) => {
            let end = Time::from_unix(i64::try_from(Timestamp::unix(end).as_secs()).unwrap_or(i64::MAX));
            expired(end, &format!("{path}.expiresAt"), setting, report);
        }
    }
    if written.is_none_or(|written| written.get("percentage").is_none()) {
        report.add(codes::ALL_TRAFFIC, path, "`percentage` is absent");
    }
    what_is_copied(config, false, path, report);
}

fn expired(end: Time, path: &str, setting: &Setting, report: &mut Report<'_>) {
    if end <= setting.now {
        report.add(codes::EXPIRED, path, format!("{end} is past, it is {}", setting.now));
    }
}

fn what_is_copied(config: &MirrorConfig, native: bool, path: &str, report: &mut Report<'_>) {
    let lets_through = |method: &str| {
        config.r#match.is_empty()
            || config
                .r#match
                .iter()
                .any(|entry| entry.method.as_ref().is_none_or(|wanted| meets(wanted, method)))
    };
    let at = if config.r#match.is_empty() {
        path.to_owned()
    } else {
        format!("{path}.match")
    };
    unsafe_methods(&at, report, lets_through);
    if !native {
        work(config, path, report);
    }
    let kept: Vec<&str> = CREDENTIALS
        .iter()
        .copied()
        .filter(|header| !is_taken_out(config, header))
        .collect();
    if !kept.is_empty() {
        let how = if native {
            "; engine native cannot take them out"
        } else {
            ""
        };
        report.add(
            codes::CREDENTIALS,
            path,
            format!("copies the headers {}{how}", kept.join(" and ")),
        );
    }
}

/// What is more work than the mirror's limit.
fn work(config: &MirrorConfig, path: &str, report: &mut Report<'_>) {
    let limit = config.limits.max_examined_bytes.get();
    let cap = config.body.max_bytes.get();
    let reads_bodies = |redact: &Redact| !redact.json.is_empty() || redact.keep.json.is_some();
    if cap > limit && config.redact.as_deref().is_some_and(reads_bodies) {
        let message =
            format!("{cap} is more than `limits.maxExaminedBytes` ({limit}), and `redact` reads bodies as JSON");
        report.add(codes::TOO_COSTLY, format!("{path}.body.maxBytes"), message);
    }
    for (index, entry) in config.r#match.iter().enumerate() {
        let texts = [&entry.uri, &entry.method, &entry.authority, &entry.scheme]
            .into_iter()
            .flatten();
        let named = [&entry.headers, &entry.without_headers, &entry.query_params];
        let named = named
            .into_iter()
            .flat_map(|named| named.0.iter().map(|(_, value)| value));
        for pattern in texts.chain(named).filter_map(|value| value.regex.as_deref()) {
            let longest = limit / work_per_byte(pattern);
            if longest < TEXT {
                let message = format!("the limits allow `{pattern}` texts of {longest} bytes only");
                report.add(codes::TOO_COSTLY, format!("{path}.match[{index}]"), message);
            }
        }
    }
}

/// The methods that change something, of those that are copied.
pub(super) fn unsafe_methods(path: &str, report: &mut Report<'_>, is_copied: impl Fn(&str) -> bool) {
    let copied: Vec<&str> = UNSAFE.iter().copied().filter(|method| is_copied(method)).collect();
    if !copied.is_empty() {
        report.add(codes::UNSAFE_METHODS, path, format!("copies {}", copied.join(", ")));
    }
}

/// Every entry of `match` must say for which host.
pub(super) fn authority(config: &MirrorConfig, path: &str, report: &mut Report<'_>) {
    if config.r#match.is_empty() {
        report.add(
            codes::NO_AUTHORITY,
            path,
            "`match` is absent, so the requests for every host are copied",
        );
    }
    for (index, entry) in config.r#match.iter().enumerate() {
        if entry.authority.is_none() {
            report.add(
                codes::NO_AUTHORITY,
                format!("{path}.match[{index}]"),
                "`authority` is absent, so the requests for every host are copied",
            );
        }
    }
}

/// The cluster of a mirror.
pub(super) fn cluster(mirror: &Mirror, path: &str, report: &mut Report<'_>) {
    let name = mirror.cluster.as_str();
    let istio = ["PassthroughCluster", "BlackHoleCluster", "InboundPassthroughCluster"].contains(&name);
    if istio || name.starts_with("inbound|") {
        report.add(
            codes::NO_CALL,
            format!("{path}.cluster"),
            format!("`{name}` has no host to which a copy could be sent"),
        );
    }
}

/// What all mirrors together may hold in one proxy, in bytes.
pub(super) fn memory<'a>(
    mirrors: impl Iterator<Item = &'a MirrorConfig>,
    path: &str,
    limit: u64,
    setting: &Setting,
    report: &mut Report<'_>,
) {
    let held: u64 = mirrors.map(|mirror| mirror.limits.max_buffered_bytes.get()).sum();
    // What copies hold, and as much again in the heaps of the modules, which never become smaller (docs/limits.md).
    let product = held.saturating_mul(2).saturating_mul(setting.workers);
    if product >= limit / 2 {
        let mebibytes = |bytes: u64| format!("{} MiB", bytes >> 20);
        report.add(
            codes::MEMORY,
            path,
            format!(
                "2 × {} of maxBufferedBytes × {} workers = {}; the proxy's limit is {}",
                mebibytes(held),
                setting.workers,
                mebibytes(product),
                mebibytes(limit)
            ),
        );
    }
}

fn is_taken_out(config: &MirrorConfig, header: &str) -> bool {
    let is_in = |names: &[String]| names.iter().any(|name| name.eq_ignore_ascii_case(header));
    let is_redacted = config.redact.as_ref().is_some_and(|redact| {
        redact.preset == Some(RedactPreset::Credentials)
            || is_in(&redact.headers)
            || redact.keep.headers.as_ref().is_some_and(|kept| !is_in(kept))
            // Whoever names the cookies has looked at them.
            || (header == "cookie" && (!redact.cookies.is_empty() || redact.keep.cookies.is_some()))
    });
    is_redacted
        || config.headers.remove.iter().any(|name| name == header)
        || config.headers.set.0.iter().any(|(name, _)| name == header)
}

fn meets(wanted: &StringMatch, text: &str) -> bool {
    match wanted {
        StringMatch { exact: Some(exact), .. } => exact == text,
        StringMatch {
            prefix: Some(prefix), ..
        } => text.starts_with(prefix),
        StringMatch { regex: Some(regex), .. } => {
            Regex::new(&format!("^(?:{regex})$")).is_ok_and(|regex| regex.is_match(text))
        }
        StringMatch { .. } => true,
    }
}

/// The same of what is written in a VirtualService.
pub(super) fn meets_written(wanted: &Value, text: &str) -> bool {
    let part = |key: &str| wanted.get(key).and_then(Value::as_str).map(str::to_owned);
    let wanted = StringMatch {
        exact: part("exact"),
        prefix: part("prefix"),
        regex: part("regex"),
    };
    meets(&wanted, text)
}

/// A quantity of Kubernetes in bytes; `None` if it is none.
pub(super) fn bytes(quantity: &str) -> Option<u64> {
    let digits = quantity.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = quantity.split_at_checked(digits)?;
    let factor: u64 = match unit {
        "" => 1,
        "k" => 1000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// A configuration of the filter, at a path of the document, in a proxy with so much memory. It is `None` if the filter
/// refuses it.
pub(super) fn plugin_config(
    config: &Value,
    path: &str,
    memory: u64,
    setting: &Setting,
    report: &mut Report<'_>,
) -> Option<Plan> {
    let below = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    match Plan::parse(config.to_string().as_bytes()) {
        Ok(plan) => {
            for (index, mirror) in plan.mirrors.iter().enumerate() {
                let written = config.get("mirrors").and_then(|mirrors| mirrors.get(index));
                of_filter(
                    &mirror.config,
                    written,
                    &below(&format!("mirrors[{index}]")),
                    setting,
                    report,
                );
                cluster(mirror, &below(&format!("mirrors[{index}]")), report);
            }
            self::memory(
                plan.mirrors.iter().map(|mirror| &mirror.config),
                path,
                memory,
                setting,
                report,
            );
            Some(plan)
        }
        Err(ConfigError::Invalid { path: at, problem }) if at == "the configuration" => {
            report.add(codes::PLUGIN_CONFIG, path, problem);
            None
        }
        Err(ConfigError::Invalid { path: at, problem }) => {
            report.add(codes::PLUGIN_CONFIG, below(&at), problem);
            None
        }
        Err(error) => {
            report.add(codes::PLUGIN_CONFIG, path, error.to_string());
            None
        }
    }
}
