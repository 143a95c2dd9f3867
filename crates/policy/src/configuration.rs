//! The plugin configuration as a user writes it: its keys and their defaults. Checks that need more than one key happen
//! when a configuration is compiled to a plan. A configuration can be printed, and the printed text means the same.

pub mod values;

mod limits;

pub mod timestamp;

pub mod redact;

pub(crate) mod read;

use std::fmt;

use serde::{Serialize, Serializer};

pub use limits::{Body, CircuitBreaker, Limits, MAX_BUFFERED_BYTES, WhenLarger};
use redact::Redact;
use timestamp::Timestamp;
use values::{Percentage, Span, Whole};

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
    /// The share of the matching requests that is copied.
    pub percentage: Percentage,
    /// The way in which the share is chosen.
    pub sample: Sample,
    /// The requests that are copied: each request that meets at least one entry. Without entries, every request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub r#match: Vec<RequestMatch>,
    /// How the copy's authority is made.
    pub authority: Authority,
    /// How the copy's path is changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathRewrite>,
    /// How the copy's headers are changed.
    #[serde(skip_serializing_if = "HeaderOperations::is_empty")]
    pub headers: HeaderOperations,
    /// The parts of the request that the shadow must not see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redact: Option<Box<Redact>>,
    /// The header that marks a copy. Its value is the mirror's name.
    pub marker: String,
    /// Which bodies are copied, and how long they may take.
    pub body: Body,
    /// How long the shadow may take to answer.
    pub timeout: Span,
    /// The limits of the mirror on one worker.
    pub limits: Limits,
    /// The circuit breaker of the mirror on one worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<CircuitBreaker>,
    /// The moment from which on no request is copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A destination as in Istio's VirtualService. Its cluster is `outbound|PORT|SUBSET|HOST`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    /// The fully qualified host, such as `reviews.demo.svc.cluster.local`.
    pub host: String,
    /// A port of the Service.
    pub port: PortSelector,
    /// A subset of a DestinationRule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subset: Option<String>,
}

/// A port by its number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PortSelector {
    /// The number of the port: 1 to 65535.
    pub number: Port,
}

/// The number of a TCP port: 1 to 65535.
pub type Port = Whole<1, 65_535>;

/// What decides whether a request belongs to the share.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// Chance, or a part of the request.
    pub by: SampleBy,
    /// The name of the header, cookie or query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A text that is hashed before the key. Mirrors with the same key and the same salt choose the same requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub salt: Option<String>,
}

/// The part of a request that decides a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SampleBy {
    /// Nothing: chance decides for each request.
    #[default]
    Request,
    /// The value of a header. Several values are joined by a comma.
    Header,
    /// The value of the first cookie of that name.
    Cookie,
    /// The first value of a query parameter, not decoded.
    QueryParam,
    /// The value of the header `x-request-id`.
    RequestId,
}

/// Conditions on a request in the words of Istio's HTTPMatchRequest. A request must meet all of them.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestMatch {
    /// The path without query and fragment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<StringMatch>,
    /// Whether `uri.exact` and `uri.prefix` ignore case.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ignore_uri_case: bool,
    /// The method, such as `GET`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<StringMatch>,
    /// The authority, with its port if the client sent a port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<StringMatch>,
    /// The scheme: `http` or `https`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<StringMatch>,
    /// Headers by name. `{}` asks only that the request has the header.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub headers: Named<StringMatch>,
    /// Headers that must not match. `{}` asks that the request does not have the header.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub without_headers: Named<StringMatch>,
    /// Query parameters by name, not decoded. `{}` asks only that the request has the parameter.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub query_params: Named<StringMatch>,
    /// The port on which the proxy accepted the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<Port>,
}

/// How a text is compared. Exactly one of the three is given.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StringMatch {
    /// The text is equal to this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<String>,
    /// The text begins with this text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The whole text matches this regular expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
}

/// How the authority of the copy is made.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Authority {
    /// The way in which the authority is made.
    pub mode: AuthorityMode,
    /// With mode `suffix`: the text between the host and the port. The default is `-shadow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
    /// With mode `literal`: the authority of every copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// The way in which the authority of the copy is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthorityMode {
    /// The request's authority, with a suffix on its host.
    #[default]
    Suffix,
    /// The authority of the request, unchanged.
    Preserve,
    /// The authority that `value` gives.
    Literal,
}

/// How the copy's path is changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PathRewrite {
    /// The prefix that is replaced.
    pub prefix_rewrite: PrefixRewrite,
}

/// The copy's path begins with `to` where the request's path begins with `from`. Every other path is unchanged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrefixRewrite {
    /// The prefix of the request's path. It begins with `/`.
    pub from: String,
    /// The prefix of the copy's path. It begins with `/`.
    pub to: String,
}

/// Changes of the copy's headers, in this order: remove, set, add. The values may be credentials of the shadow, so no
/// message shows them.
#[derive(Clone, PartialEq, Default, Serialize)]
pub struct HeaderOperations {
    /// Headers that have this value only.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub set: Named<String>,
    /// Headers that have this value in addition to their values.
    #[serde(skip_serializing_if = "Named::is_empty")]
    pub add: Named<String>,
    /// Headers that the copy does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
}

/// Values by names that the user chooses.
#[derive(Debug, Clone, PartialEq)]
pub struct Named<T>(pub Vec<(String, T)>);

// === impl MirrorConfig ===

impl MirrorConfig {
    /// A mirror of this name with the defaults. It has neither `cluster` nor `destination` yet.
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

// === defaults ===

impl HeaderOperations {
    fn is_empty(&self) -> bool {
        self.set.is_empty() && self.add.is_empty() && self.remove.is_empty()
    }
}

impl fmt::Debug for HeaderOperations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |named: &Named<String>| named.0.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let mut shown = formatter.debug_struct("HeaderOperations");
        shown.field("set", &names(&self.set)).field("add", &names(&self.add));
        shown.field("remove", &self.remove).finish()
    }
}

// === impl Named ===

impl<T> Named<T> {
    /// Whether there is no value.
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
