//! The job: what a user wants mirrored, as read from a file or from flags. A `Job` that exists has been checked as far
//! as it can be without knowing what is in the cluster: every key is known, every value in its range, nothing
//! contradicts anything else, and the filter's own keys have passed the filter's own parser.

mod called;

mod flags;

mod read;

mod write;

use mirror_policy::configuration::MirrorConfig;
use serde_json::{Map, Value};

use crate::time::Time;

pub use called::{Called, called};
pub use flags::{JobFlags, Override, from_flags, over_file};
pub use read::read;
pub use write::write;

/// The `apiVersion` of a job.
pub const API_VERSION: &str = "traffic-mirror.dev/v1alpha1";

/// The `kind` of a job.
pub const KIND: &str = "TrafficMirror";

/// One mirroring job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// A DNS label.
    pub name: String,
    /// Where the target, its workloads and what is generated live; empty for an Envoy without Istio, which has none.
    pub namespace: String,
    /// What is mirrored.
    pub target: Target,
    /// Who copies the requests.
    pub data_plane: DataPlane,
    /// The gateway that copies, if one does.
    pub gateway: Option<GatewayRef>,
    /// By what means.
    pub engine: Engine,
    /// The version that answers the clients. It is always given where a shadow is a subset.
    pub primary: Option<Primary>,
    /// When copying ends.
    pub expires_at: Expiry,
    /// Where the copies go: 1 to 16, with unique names.
    pub shadows: Vec<Shadow>,
}

/// What requests are copied of: a Service in the job's namespace or, of an Envoy without Istio, one of its listeners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The Service, or the listener.
    pub name: String,
    /// A port of the Service by number; `None`: every HTTP port, each mirrored to its own. Of a listener, the port on
    /// which it accepts requests; `None`: every port that it has.
    pub port: Option<u16>,
}

/// A gateway, as a route refers to its parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRef {
    /// Whose resource it is; `None`: of the one that exists.
    pub api: Option<GatewayApi>,
    /// Its name.
    pub name: String,
    /// Its namespace; `None`: the job's.
    pub namespace: Option<String>,
    /// One of its ports, as the resource numbers it; `None`: every port on which it speaks HTTP.
    pub port: Option<u16>,
}

/// Whose resource a gateway is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayApi {
    /// Kubernetes' Gateway API: Istio runs the pods.
    Kubernetes,
    /// Istio's own: the user runs the pods, and it selects them.
    Istio,
}

/// The proxies that copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataPlane {
    /// The sidecars of the primary's pods, as they receive requests.
    Sidecar,
    /// The waypoint of the Service (ambient mode).
    Waypoint,
    /// A gateway at the edge.
    Gateway,
    /// Envoy without Istio.
    Envoy,
}

/// What makes the copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// The filter, which counts everything.
    Wasm,
    /// Envoy's own mirroring, by `mirror` in a VirtualService or `RequestMirror` in an HTTPRoute. Of its copies only
    /// the answers are known, from Istio's standard metrics.
    Native,
}

/// The version that answers the clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Primary {
    /// The name of its subset.
    pub subset: String,
    /// The pod labels that tell it from other versions; at least one.
    pub labels: Vec<(String, String)>,
}

/// When copying ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// The user said so.
    Never,
    /// Then.
    At(Time),
}

/// One shadow.
#[derive(Debug, Clone, PartialEq)]
pub struct Shadow {
    /// The mirror's name in the filter and in every statistic: a DNS label.
    pub name: String,
    /// Where its copies go.
    pub backend: Backend,
    /// The filter's keys as the user wrote them, without `name`; `percentage` is among them. They pass `Plan::parse`.
    /// Of a host outside, `authority` is always among them if the filter copies.
    pub filter: Map<String, Value>,
    /// The same as the filter reads them, with its defaults. Its `cluster` means nothing.
    pub config: Box<MirrorConfig>,
}

/// Where copies go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// An existing Service.
    Service {
        /// Its name.
        name: String,
        /// Its namespace; `None`: the job's.
        namespace: Option<String>,
        /// Its port by number; `None`: the number of the target's port.
        port: Option<u16>,
    },
    /// A subset of the target's own Service.
    Subset(String),
    /// A new Deployment, made from one that exists.
    Clone(CloneOf),
    /// A host outside the mesh.
    External(External),
    /// An address, for an Envoy without Istio.
    Endpoint(Endpoint),
}

/// A host outside the mesh, as Istio's ServiceEntry knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct External {
    /// A DNS name with a dot in it, and no name of the cluster.
    pub host: String,
    /// The port on which the host accepts requests.
    pub port: u16,
    /// What it speaks.
    pub protocol: EndpointProtocol,
    /// How proxies encrypt the connection; `None`: not at all.
    pub tls: Option<OriginatedTls>,
}

/// TLS that proxies originate, as a DestinationRule of Istio says it (`mode: SIMPLE`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginatedTls {
    /// The name that is asked for.
    pub sni: String,
    /// The names of which the certificate must have one; at least one.
    pub subject_alt_names: Vec<String>,
    /// Who may have signed it: a file in the proxies. `None`: whom the proxy's system trusts.
    pub ca_certificates: Option<String>,
}

/// Where an Envoy without Istio finds the shadow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// A host name that Envoy resolves, or an IP address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What it speaks.
    pub protocol: EndpointProtocol,
    /// How the connection is encrypted; `None`: not at all.
    pub tls: Option<Tls>,
}

/// What an endpoint speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointProtocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/2, which gRPC needs.
    Http2,
}

/// The shadow proves that it is the one that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The name that is asked for and that its certificate must have.
    pub sni: String,
    /// Who may have signed it: a file on Envoy's machine.
    pub ca_file: String,
}

/// How an existing Deployment becomes the shadow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloneOf {
    /// The Deployment that is copied.
    pub deployment: String,
    /// The value of the clone's label `version`; a DNS label that is not the primary's.
    pub version: String,
    /// New images by container.
    pub images: Vec<(String, String)>,
    /// New or changed environment variables by container.
    pub env: Vec<(String, Vec<(String, String)>)>,
    /// How many pods; `None`: as many as the original's `spec.replicas`.
    pub replicas: Option<u32>,
    /// What keeps live traffic away from it.
    pub isolation: Isolation,
    /// What may run or be written a second time, because the user said so.
    pub allow: Vec<Allowed>,
}

/// What a clone may do only if it is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// Run the original's init containers once more.
    InitContainers,
    /// Mount the original's persistent volumes.
    PersistentVolumes,
}

/// What keeps live traffic away from a clone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Labels and a Service of its own: no existing Service selects it.
    Service,
    /// A subset of the target's Service, which only routing keeps apart.
    Subset,
}

// === impl External ===

impl External {
    /// The Host by which it knows itself: its name, and its port if that is not the scheme's own.
    pub fn authority(&self) -> String {
        let own = if self.tls.is_some() { 443 } else { 80 };
        match self.port {
            port if port == own => self.host.clone(),
            port => format!("{}:{port}", self.host),
        }
    }
}

// === impl words ===

impl Backend {
    /// Its key in a job.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Service { .. } => "backendRef",
            Self::Subset(_) => "subset",
            Self::Clone(_) => "clone",
            Self::External(_) => "external",
            Self::Endpoint(_) => "endpoint",
        }
    }
}

impl DataPlane {
    /// Every data plane by its word in a job.
    pub const WORDS: &[(&str, Self)] = &[
        ("sidecar", Self::Sidecar),
        ("waypoint", Self::Waypoint),
        ("gateway", Self::Gateway),
        ("envoy", Self::Envoy),
    ];
}

impl Engine {
    /// Every engine by its word in a job.
    pub const WORDS: &[(&str, Self)] = &[("wasm", Self::Wasm), ("native", Self::Native)];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wasm => "wasm",
            Self::Native => "native",
        }
    }
}

impl GatewayApi {
    /// Both by their groups.
    pub const WORDS: &[(&str, Self)] = &[
        ("gateway.networking.k8s.io", Self::Kubernetes),
        ("networking.istio.io", Self::Istio),
    ];
}

impl EndpointProtocol {
    /// Both by their word in a job.
    pub const WORDS: &[(&str, Self)] = &[("HTTP", Self::Http), ("HTTP2", Self::Http2)];
}

impl Isolation {
    /// Every isolation by its word in a job.
    pub const WORDS: &[(&str, Self)] = &[("service", Self::Service), ("subset", Self::Subset)];
}

impl Allowed {
    /// Everything that can be allowed, by its word in a job.
    pub const WORDS: &[(&str, Self)] = &[
        ("initContainers", Self::InitContainers),
        ("persistentVolumes", Self::PersistentVolumes),
    ];
}

/// The word of a value.
pub fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    words
        .iter()
        .find(|(_, other)| other == value)
        .map_or("", |(word, _)| word)
}
