//! The flags that can be typed.

/// A job by flags.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "The job by flags; with -f each stands for what the file says")]
pub struct JobFlags {
    /// The job's name
    pub name: Option<String>,
    /// The namespace of the job, its target and its shadow
    #[arg(long, short)]
    pub namespace: Option<String>,
    /// The Service whose requests are copied
    #[arg(long, conflicts_with = "listener")]
    pub service: Option<String>,
    /// An Envoy without Istio: its listener whose requests are copied
    #[arg(long)]
    pub listener: Option<String>,
    /// Its port; without it every HTTP port, each to its own
    #[arg(long)]
    pub port: Option<u16>,
    /// The version (label and subset) that answers the clients
    #[arg(long, value_name = "VERSION")]
    pub primary: Option<String>,
    /// The shadow is an existing Service
    #[arg(long, value_name = "SERVICE[:PORT]", conflicts_with_all = ["subset", "clone"])]
    pub backend: Option<String>,
    /// The shadow is outside the mesh; proxies speak TLS to it if it is https
    #[arg(long, value_name = "http[s]://HOST[:PORT]", conflicts_with_all = ["backend", "endpoint", "subset", "clone"])]
    pub external: Option<String>,
    /// The shadow of an Envoy without Istio
    #[arg(long, value_name = "HOST:PORT", conflicts_with_all = ["backend", "subset", "clone"])]
    pub endpoint: Option<String>,
    /// The shadow is a subset of the same Service
    #[arg(long, conflicts_with = "clone")]
    pub subset: Option<String>,
    /// The shadow is a copy of this Deployment
    #[arg(long, value_name = "DEPLOYMENT")]
    pub clone: Option<String>,
    /// The copy's version
    #[arg(long)]
    pub version: Option<String>,
    /// An image of the copy
    #[arg(long, value_name = "CONTAINER=IMAGE")]
    pub image: Vec<String>,
    /// The copy's pods
    #[arg(long)]
    pub replicas: Option<u32>,
    /// What keeps live traffic off the copy: service (labels and a Service of its own) or subset
    #[arg(long)]
    pub isolation: Option<String>,
    /// What the copy may do once more: initContainers, persistentVolumes
    #[arg(long, value_name = "WHAT")]
    pub allow: Vec<String>,
    /// How many of the requests are copied, 0 to 100; without it all
    #[arg(long)]
    pub percentage: Option<String>,
    /// How long from now: 90s, 30m, 2h, 7d
    #[arg(long = "for", value_name = "SPAN", conflicts_with = "expires_at")]
    pub span: Option<String>,
    /// Until when, such as 2026-12-01T18:00:00Z, or never
    #[arg(long, value_name = "TIME")]
    pub expires_at: Option<String>,
    /// Who copies: sidecar, waypoint, gateway or envoy
    #[arg(long)]
    pub data_plane: Option<String>,
    /// The Gateway whose pods copy
    #[arg(long, value_name = "[NAMESPACE/]NAME")]
    pub gateway: Option<String>,
    /// Only requests to this host
    #[arg(long, value_name = "HOST")]
    pub authority: Option<String>,
    /// What copies: wasm or native
    #[arg(long)]
    pub engine: Option<String>,
}

// === impl JobFlags ===

impl JobFlags {
    /// The flags that say something of a clone, without the one that names its Deployment.
    pub(super) fn of_clone(&self) -> [(&'static str, bool); 5] {
        [
            ("--version", self.version.is_some()),
            ("--image", !self.image.is_empty()),
            ("--replicas", self.replicas.is_some()),
            ("--isolation", self.isolation.is_some()),
            ("--allow", !self.allow.is_empty()),
        ]
    }
}
