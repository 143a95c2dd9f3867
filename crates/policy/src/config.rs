//! What a user writes: the plugin configuration, key by key, with its defaults. What one key
//! alone cannot tell is checked when the configuration is compiled into a [`Plan`](crate::plan::Plan). What was read can
//! be printed back as the same configuration.

use serde::{Serialize, Serializer};

use crate::redact::Redact;
use crate::timestamp::Timestamp;
use crate::values::{PerSecond, Percentage, Span, Whole};

/// 256 MiB: no mirror may hold more, per worker.
pub const MAX_BUFFERED_BYTES: u64 = 256 << 20;

/// The whole plugin configuration.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    /// The kill switch for all mirrors.
    pub enabled: bool,
    /// One entry per shadow: 1 to 16.
    pub mirrors: Vec<MirrorConfig>,
}

/// One mirror: which requests are copied to which shadow, and how.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MirrorConfig {
    /// A DNS label, unique; the `mirror` label of every statistic.
    pub name: String,
    /// The Envoy cluster of the shadow. This or `destination`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The shadow as Istio names it. This or `cluster`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<Destination>,
    /// The kill switch of this mirror.
    pub enabled: bool,
    /// The share of the matching requests that are copied.
    pub percentage: Percentage,
    /// How that share is chosen.
    pub sample: Sample,
    /// Which requests are copied: those that meet any of the entries; without entries, every request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub r#match: Vec<RequestMatch>,
    /// The authority of the copy.
    pub authority: Authority,
    /// The path of the copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathRewrite>,
    /// Headers changed on the copy only.
    #[serde(skip_serializing_if = "HeaderOperations::is_empty")]
    pub headers: HeaderOperations,
    /// What of the request the shadow must not see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redact: Option<Box<Redact>>,
    /// The header that tells a copy from a request; its value is the mirror's name.
    pub marker: String,
    /// How much of a body is collected, and for how long.
    pub body: Body,
    /// How long the shadow may take to answer.
    pub timeout: Span,
    /// What the mirror may use, per worker.
    pub limits: Limits,
    /// Spares a shadow that fails, per worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<CircuitBreaker>,
    /// From then on nothing is copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A destination as in Istio's VirtualService; it means the cluster `outbound|PORT|SUBSET|HOST`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    /// The fully qualified host, such as `reviews.demo.svc.cluster.local`.
    pub host: String,
    /// The port of the Service.
    pub port: PortSelector,
    /// A subset of a DestinationRule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subset: Option<String>,
}

/// A port by its number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PortSelector {
    /// 1 to 65535.
    pub number: Port,
}

/// A TCP port.
pub type Port = Whole<1, 65_535>;

/// What decides whether a request is part of the share.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// Chance, or a property of the request.
    pub by: SampleBy,
    /// The header, cookie or query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Mirrors with the same key and the same salt decide alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}

/// The property that a sample goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SampleBy {
    /// Each request for itself, by chance.
    #[default]
    Request,
    /// The value of a header; several are joined by a comma.
    Header,
    /// The value of the first cookie of that name.
    Cookie,
    /// The first value of a query parameter, as it stands in the path.
    QueryParam,
    /// The header `x-request-id`.
    RequestId,
}

/// Conditions on a request in the words of Istio's HTTPMatchRequest; all of them must hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestMatch {
    /// The path, without query and fragment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<StringMatch>,
    /// Whether `uri.exact` and `uri.prefix` ignore case.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ignore_uri_case: bool,
    /// The method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<StringMatch>,
    /// The authority, with its port if the client sent one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<StringMatch>,
    /// The scheme.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<StringMatch>,
    /// Headers by name; `{}` asks only that the header is there.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub headers: Named<StringMatch>,
    /// Headers that must not match; `{}` asks that the header is absent.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub without_headers: Named<StringMatch>,
    /// Query parameters by name, as they stand in the path; `{}` asks only that the parameter is there.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub query_params: Named<StringMatch>,
    /// The port on which this proxy accepted the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<Port>,
}

/// How a text is compared: exactly one of the three.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StringMatch {
    /// The whole text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    /// Its beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// A regular expression that the whole text must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
}

/// How the authority of the copy is made.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Authority {
    /// One of three ways.
    pub mode: AuthorityMode,
    /// With mode `suffix`: what is put before the port. Default: `-shadow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// With mode `literal`: the authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// See [`Authority`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthorityMode {
    /// The original with a suffix on the host.
    #[default]
    Suffix,
    /// The original.
    Preserve,
    /// Another one.
    Literal,
}

/// A change of the copy's path.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathRewrite {
    /// The beginning of the path that is replaced.
    pub prefix_rewrite: PrefixRewrite,
}

/// A path that begins with `from` begins with `to` instead; any other path stays as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrefixRewrite {
    /// Begins with `/`.
    pub from: String,
    /// Begins with `/`.
    pub to: String,
}

/// Changes of the copy's headers, done in this order: remove, set, add.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct HeaderOperations {
    /// Headers that get this one value.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub set: Named<String>,
    /// Headers that get this value besides those that they have.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub add: Named<String>,
    /// Headers that are taken out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
}

/// How bodies are collected.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    /// The largest body that is copied: 0 to 256 MiB, at most `limits.maxBufferedBytes`.
    pub max_bytes: Whole<0, MAX_BUFFERED_BYTES>,
    /// What happens to a request whose body is larger.
    pub when_larger: WhenLarger,
    /// How long a copy may be collected.
    pub max_wait: Span,
}

/// What happens to a request whose body is over the cap. Nothing is ever sent in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum WhenLarger {
    /// It is not copied.
    #[default]
    Drop,
    /// It is copied without its body.
    HeadersOnly,
}

/// What one mirror may use on one worker.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Copies being collected or awaiting an answer: 1 to 65536.
    pub max_in_flight: Whole<1, 65_536>,
    /// Their header and body bytes: 1 byte to 256 MiB.
    pub max_buffered_bytes: Whole<1, MAX_BUFFERED_BYTES>,
    /// Copies that may begin in a second: 0.001 to 1,000,000 in steps of 0.001; absent, any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_requests_per_second: Option<PerSecond>,
}

/// When a shadow that fails is left alone, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CircuitBreaker {
    /// The share of the copies ended within the window that failed, from which on it opens: above 0, up to 100 percent.
    pub failure_percentage: Percentage,
    /// How many copies must have ended within the window: 1 to 1,000,000.
    pub min_requests: Whole<1, 1_000_000>,
    /// How far back it looks.
    pub window: Span,
    /// How long it stays open before it lets a probe through.
    pub open_for: Span,
}

/// Values by names that the user chooses.
#[derive(Debug, Clone, PartialEq)]
pub struct Named<T>(pub Vec<(String, T)>);

// === impl MirrorConfig ===

impl MirrorConfig {
    /// A mirror of this name with nothing but defaults; it still lacks its shadow.
    pub fn new(name: String) -> Self {
        Self {
            name,
            cluster: None,
            destination: None,
            enabled: true,
            percentage: Percentage::ALL,
            sample: Sample::default(),
            r#match: Vec::new(),
            authority: Authority::default(),
            path: None,
            headers: HeaderOperations::default(),
            redact: None,
            marker: "x-mirrored-by".to_owned(),
            body: Body::default(),
            timeout: Span::from_millis(5_000).unwrap_or(Span::MAX),
            limits: Limits::default(),
            circuit_breaker: None,
            expires_at: None,
        }
    }
}

// === the other defaults ===

impl HeaderOperations {
    fn is_empty(&self) -> bool {
        self.set.is_empty() && self.add.is_empty() && self.remove.is_empty()
    }
}

impl Default for Body {
    fn default() -> Self {
        Self {
            max_bytes: Whole::clamped(1 << 20),
            when_larger: WhenLarger::Drop,
            max_wait: Span::from_millis(30_000).unwrap_or(Span::MAX),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_in_flight: Whole::clamped(128),
            max_buffered_bytes: Whole::clamped(16 << 20),
            max_requests_per_second: None,
        }
    }
}

// === impl Named ===

impl<T> Named<T> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
