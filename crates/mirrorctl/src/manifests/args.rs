//! What can be typed to say what manifests depend on.

use super::options::{ExtensionApi, Module, Options, RoutingApi};
use crate::istio::IstioVersion;

/// What manifests depend on besides the job and the world.
#[derive(Debug, clap::Args)]
pub struct OptionArgs {
    /// The version of Istio, to the patch level where that matters: 1.31, 1.30.3
    #[arg(long, value_name = "VERSION", default_value = "1.31")]
    pub istio_version: IstioVersion,
    /// The resource that loads the filter; by default what fits the version
    #[arg(long, value_enum)]
    pub extension_api: Option<ExtensionApi>,
    /// Where Istio finds the filter, by digest: oci://REGISTRY/traffic-mirror@sha256:DIGEST
    #[arg(long, value_name = "URL", env = "MIRRORCTL_MODULE")]
    pub module: Option<Module>,
    /// The Secret with the registry's credentials
    #[arg(long, value_name = "SECRET")]
    pub pull_secret: Option<String>,
    /// Write an AuthorizationPolicy that lets the primary's identity call the shadow
    #[arg(long)]
    pub authorization_policy: bool,
    /// The trust domain of the mesh
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    pub trust_domain: String,
    /// Engine native: the resource that routes, VirtualService or HTTPRoute
    #[arg(long, value_enum, default_value = "istio")]
    pub api: RoutingApi,
    /// Nothing routes the Service yet, no VirtualService and no HTTPRoute
    #[arg(long)]
    pub no_virtual_service: bool,
    /// Engine native: send live requests to the primary's subset alone
    #[arg(long)]
    pub pin_primary: bool,
    /// For Git: sync waves, no record of the original, nothing that the API server sets
    #[arg(long)]
    pub gitops: bool,
    /// Keep the resourceVersion of your objects, so that the API server refuses those that changed since they were
    /// read; only for `kubectl apply --server-side --force-conflicts --field-manager mirrorctl`
    #[arg(long, conflicts_with = "gitops")]
    pub keep_resource_version: bool,
}

// === impl OptionArgs ===

impl OptionArgs {
    /// As the manifests take them.
    pub fn options(&self) -> Options {
        Options {
            istio: self.istio_version,
            extension_api: self.extension_api,
            module: self.module.clone(),
            pull_secret: self.pull_secret.clone(),
            authorization_policy: self.authorization_policy,
            trust_domain: self.trust_domain.clone(),
            api: self.api,
            no_virtual_service: self.no_virtual_service,
            pin_primary: self.pin_primary,
            gitops: self.gitops,
            keep_resource_version: self.keep_resource_version,
        }
    }
}
