//! Reads a document as a configuration, key by key. Only this file knows the keys. Every other key is refused with its
//! path.

use super::redact::{Keep, Redact, RedactMode, RedactPreset};
use super::timestamp::Timestamp;
use super::values::{PerSecond, Percentage, Secret, Span, Whole};
use super::{
    Authority, AuthorityMode, Body, CircuitBreaker, Config, Destination, HeaderOperations, Limits, MirrorConfig, Named,
    PathRewrite, PortSelector, PrefixRewrite, RequestMatch, Sample, SampleBy, StringMatch, WhenLarger,
};
use crate::config_error::ConfigError;
use crate::document::{Fields, Node};

type Result<T> = std::result::Result<T, ConfigError>;

/// The keys that an entry of `mirrors` may have.
pub const MIRROR_KEYS: &[&str] = &[
    "name",
    "cluster",
    "destination",
    "enabled",
    "percentage",
    "sample",
    "match",
    "authority",
    "path",
    "headers",
    "redact",
    "marker",
    "body",
    "timeout",
    "limits",
    "circuitBreaker",
    "expiresAt",
];

/// Reads the whole configuration.
///
/// # Errors
/// A key is missing, unknown, of the wrong type or out of range. The error has its path.
pub(crate) fn config(node: Node) -> Result<Config> {
    let mut object = node.object(&["enabled", "mirrors"])?;
    Ok(Config {
        enabled: object.take("enabled").map_or(Ok(true), |node| node.boolean())?,
        mirrors: all(object.need("mirrors")?, mirror)?,
    })
}

fn mirror(node: Node) -> Result<MirrorConfig> {
    let mut object = node.object(MIRROR_KEYS)?;
    let mut config = MirrorConfig::new(object.need("name")?.text()?);
    config.cluster = object.take("cluster").map(|node| node.text()).transpose()?;
    config.destination = object.take("destination").map(destination).transpose()?;
    replace(&mut config.enabled, object.take("enabled"), |node| node.boolean())?;
    replace(&mut config.percentage, object.take("percentage"), percentage)?;
    replace(&mut config.sample, object.take("sample"), sample)?;
    replace(&mut config.r#match, object.take("match"), |node| {
        all(node, request_match)
    })?;
    replace(&mut config.authority, object.take("authority"), authority)?;
    config.path = object.take("path").map(path).transpose()?;
    replace(&mut config.headers, object.take("headers"), headers)?;
    config.redact = object.take("redact").map(redact).transpose()?;
    replace(&mut config.marker, object.take("marker"), |node| node.text())?;
    replace(&mut config.limits, object.take("limits"), limits)?;
    config.body = body(object.take("body"), Body::within(&config.limits))?;
    replace(&mut config.timeout, object.take("timeout"), span)?;
    config.circuit_breaker = object.take("circuitBreaker").map(circuit_breaker).transpose()?;
    config.expires_at = object.take("expiresAt").map(timestamp).transpose()?;
    Ok(config)
}

fn destination(node: Node) -> Result<Destination> {
    let mut object = node.object(&["host", "port", "subset"])?;
    Ok(Destination {
        host: object.need("host")?.text()?,
        port: PortSelector {
            number: whole(object.need("port")?.object(&["number"])?.need("number")?)?,
        },
        subset: object.take("subset").map(|node| node.text()).transpose()?,
    })
}

fn sample(node: Node) -> Result<Sample> {
    let mut object = node.object(&["by", "name", "salt"])?;
    Ok(Sample {
        by: object.need("by")?.word(&[
            ("request", SampleBy::Request),
            ("header", SampleBy::Header),
            ("cookie", SampleBy::Cookie),
            ("queryParam", SampleBy::QueryParam),
            ("requestId", SampleBy::RequestId),
        ])?,
        name: object.take("name").map(|node| node.text()).transpose()?,
        salt: object.take("salt").map(|node| node.text()).transpose()?,
    })
}

fn request_match(node: Node) -> Result<RequestMatch> {
    let mut object = node.object(&[
        "uri",
        "ignoreUriCase",
        "method",
        "authority",
        "scheme",
        "headers",
        "withoutHeaders",
        "queryParams",
        "port",
    ])?;
    Ok(RequestMatch {
        uri: object.take("uri").map(string_match).transpose()?,
        ignore_uri_case: object.take("ignoreUriCase").map_or(Ok(false), |node| node.boolean())?,
        method: object.take("method").map(string_match).transpose()?,
        authority: object.take("authority").map(string_match).transpose()?,
        scheme: object.take("scheme").map(string_match).transpose()?,
        headers: named(object.take("headers"), string_match)?,
        without_headers: named(object.take("withoutHeaders"), string_match)?,
        query_params: named(object.take("queryParams"), string_match)?,
        port: object.take("port").map(whole).transpose()?,
    })
}

fn string_match(node: Node) -> Result<StringMatch> {
    let mut object = node.object(&["exact", "prefix", "regex"])?;
    Ok(StringMatch {
        exact: object.take("exact").map(|node| node.text()).transpose()?,
        prefix: object.take("prefix").map(|node| node.text()).transpose()?,
        regex: object.take("regex").map(|node| node.text()).transpose()?,
    })
}

fn authority(node: Node) -> Result<Authority> {
    let mut object = node.object(&["mode", "suffix", "value"])?;
    Ok(Authority {
        mode: object.need("mode")?.word(&[
            ("suffix", AuthorityMode::Suffix),
            ("preserve", AuthorityMode::Preserve),
            ("literal", AuthorityMode::Literal),
        ])?,
        suffix: object.take("suffix").map(|node| node.text()).transpose()?,
        value: object.take("value").map(|node| node.text()).transpose()?,
    })
}

fn path(node: Node) -> Result<PathRewrite> {
    let mut object = node
        .object(&["prefixRewrite"])?
        .need("prefixRewrite")?
        .object(&["from", "to"])?;
    let prefix_rewrite = PrefixRewrite {
        from: object.need("from")?.text()?,
        to: object.need("to")?.text()?,
    };
    Ok(PathRewrite { prefix_rewrite })
}

fn headers(node: Node) -> Result<HeaderOperations> {
    let mut object = node.secret().object(&["set", "add", "remove"])?;
    Ok(HeaderOperations {
        set: named(object.take("set"), |node| node.text())?,
        add: named(object.take("add"), |node| node.text())?,
        remove: texts(object.take("remove"))?,
    })
}

fn redact(node: Node) -> Result<Box<Redact>> {
    let mut object = node.secret().object(&[
        "preset",
        "headers",
        "cookies",
        "queryParams",
        "json",
        "keep",
        "require",
        "mode",
        "hashKey",
    ])?;
    let mut redact = Box::<Redact>::default();
    for (key, list) in redact.lists() {
        *list = list_of(&mut object, key)?.unwrap_or_default();
    }
    if let Some(node) = object.take("preset") {
        redact.preset = Some(node.word(&[("credentials", RedactPreset::Credentials)])?);
    }
    if let Some(node) = object.take("keep") {
        redact.keep = keep(node)?;
    }
    if let Some(node) = object.take("require") {
        redact.require = node.boolean()?;
    }
    replace(&mut redact.mode, object.take("mode"), |node| {
        node.word(&[("remove", RedactMode::Remove), ("hash", RedactMode::Hash)])
    })?;
    if let Some(node) = object.take("hashKey") {
        redact.hash_key = Some(Secret::new(node.text()?));
    }
    Ok(redact)
}

fn keep(node: Node) -> Result<Keep> {
    let path = node.path().to_owned();
    let mut object = node.object(&["headers", "cookies", "queryParams", "json"])?;
    let mut keep = Keep::default();
    for (key, list) in keep.lists() {
        *list = list_of(&mut object, key)?;
    }
    if keep.is_empty() {
        let problem = "names nothing; give `headers`, `cookies`, `queryParams` or `json`";
        return Err(ConfigError::invalid(path, problem));
    }
    Ok(keep)
}

// One copy for all lists keeps the module small.
#[inline(never)]
fn list_of(object: &mut Fields, key: &str) -> Result<Option<Vec<String>>> {
    object.take(key).map(|node| texts(Some(node))).transpose()
}

/// Reads the keys of a body. A key that is absent keeps its value.
fn body(node: Option<Node>, mut body: Body) -> Result<Body> {
    let Some(node) = node else { return Ok(body) };
    let mut object = node.object(&["maxBytes", "whenLarger", "maxWait"])?;
    replace(&mut body.max_bytes, object.take("maxBytes"), whole)?;
    replace(&mut body.when_larger, object.take("whenLarger"), |node| {
        node.word(&[("drop", WhenLarger::Drop), ("headersOnly", WhenLarger::HeadersOnly)])
    })?;
    replace(&mut body.max_wait, object.take("maxWait"), span)?;
    Ok(body)
}

fn limits(node: Node) -> Result<Limits> {
    let mut object = node.object(&[
        "maxInFlight",
        "maxCollecting",
        "maxBufferedBytes",
        "maxExaminedBytes",
        "maxExaminedBytesPerSecond",
        "maxRequestsPerSecond",
    ])?;
    let mut limits = Limits::default();
    replace(&mut limits.max_in_flight, object.take("maxInFlight"), whole)?;
    replace(&mut limits.max_collecting, object.take("maxCollecting"), whole)?;
    replace(&mut limits.max_buffered_bytes, object.take("maxBufferedBytes"), whole)?;
    replace(&mut limits.max_examined_bytes, object.take("maxExaminedBytes"), whole)?;
    let redacted = object.take("maxExaminedBytesPerSecond");
    replace(&mut limits.max_examined_bytes_per_second, redacted, whole)?;
    limits.max_requests_per_second = object.take("maxRequestsPerSecond").map(per_second).transpose()?;
    Ok(limits)
}

fn circuit_breaker(node: Node) -> Result<CircuitBreaker> {
    let mut object = node.object(&["failurePercentage", "minRequests", "window", "openFor"])?;
    Ok(CircuitBreaker {
        failure_percentage: percentage(object.need("failurePercentage")?)?,
        min_requests: whole(object.need("minRequests")?)?,
        window: span(object.need("window")?)?,
        open_for: span(object.need("openFor")?)?,
    })
}

// Envoy's YAML reader writes a number with a fraction into a `Struct` as a text. So a decimal text is a number here
// too.
fn percentage(node: Node) -> Result<Percentage> {
    node.parse("a number from 0 to 100", Percentage::read)
}

fn per_second(node: Node) -> Result<PerSecond> {
    node.parse("a number from 0.001 to 1000000", PerSecond::read)
}

fn timestamp(node: Node) -> Result<Timestamp> {
    node.parse("a time such as \"2026-12-01T18:00:00Z\"", |value| {
        value.as_str().map(Timestamp::parse)
    })
}

fn span(node: Node) -> Result<Span> {
    node.parse("a duration such as \"250ms\" or \"5s\"", |value| {
        value.as_str().map(Span::parse)
    })
}

fn whole<const MIN: u64, const MAX: u64>(node: Node) -> Result<Whole<MIN, MAX>> {
    node.parse("a whole number", Whole::read)
}

/// Replaces a default if the user gave a value.
fn replace<T>(to: &mut T, node: Option<Node>, read: impl FnOnce(Node) -> Result<T>) -> Result<()> {
    if let Some(node) = node {
        *to = read(node)?;
    }
    Ok(())
}

fn all<T>(node: Node, read: impl Fn(Node) -> Result<T>) -> Result<Vec<T>> {
    node.list()?.into_iter().map(read).collect()
}

fn texts(node: Option<Node>) -> Result<Vec<String>> {
    node.map_or(Ok(Vec::new()), |node| all(node, |node| node.text()))
}

fn named<T>(node: Option<Node>, read: impl Fn(Node) -> Result<T>) -> Result<Named<T>> {
    let Some(node) = node else { return Ok(Named::default()) };
    let names = node.names()?.into_iter().map(|(name, node)| Ok((name, read(node)?)));
    Ok(Named(names.collect::<Result<_>>()?))
}
