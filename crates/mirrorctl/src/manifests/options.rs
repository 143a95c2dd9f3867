//! What a job does not say and what manifests depend on: the version of Istio, and where it finds the filter.

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::istio::{self, IstioVersion, Place, Resource};

/// What `generate` and `plan` take besides the job and the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The version of Istio.
    pub istio: IstioVersion,
    /// The resource that loads the filter; `None`: what fits the version.
    pub extension_api: Option<ExtensionApi>,
    /// Where Istio finds the filter.
    pub module: Option<Module>,
    /// The Secret with the credentials of the registry.
    pub pull_secret: Option<String>,
    /// Whether to let the primary's identity call the shadow.
    pub authorization_policy: bool,
    /// The first part of every identity in the mesh: `cluster.local`.
    pub trust_domain: String,
    /// The resource that routes, for the native engine.
    pub api: RoutingApi,
    /// Whether it is known that nothing routes the target: no VirtualService, no HTTPRoute.
    pub no_virtual_service: bool,
    /// Whether live requests may be pinned to the primary's subset.
    pub pin_primary: bool,
    /// Whether the objects go into Git, which remembers what was before.
    pub gitops: bool,
    /// Whether the user's objects keep their `metadata.resourceVersion`, by which the API server refuses what was
    /// changed since.
    pub keep_resource_version: bool,
}

/// The resources by which Istio routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum RoutingApi {
    /// VirtualService and DestinationRule.
    #[default]
    Istio,
    /// HTTPRoute of Gateway API.
    Gateway,
}

/// The resources by which Istio loads a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExtensionApi {
    /// Since Istio 1.30.
    TrafficExtension,
    /// In every version.
    WasmPlugin,
}

/// The filter as Istio loads it: by digest, so that what runs is what was tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// `oci://…@sha256:…`, `https://…`, `http://…` or `file://…`.
    pub url: String,
    /// Of the module itself; an image has its digest in the URL.
    pub sha256: Option<String>,
}

// === impl Options ===

impl Options {
    /// The resource to write.
    ///
    /// # Errors
    /// If the version does not have what is asked for.
    pub fn extension_api(&self) -> Result<ExtensionApi> {
        // Where pods are selected, every version that has the resource is right.
        let fits = |api: ExtensionApi| istio::verdict(api.resource(), Place::Pods, self.istio);
        match self.extension_api {
            Some(api) => match fits(api) {
                Ok(()) => Ok(api),
                Err(unfit) => Err(Error::Usage(format!("--extension-api: {unfit}"))),
            },
            None if fits(ExtensionApi::TrafficExtension).is_ok() => Ok(ExtensionApi::TrafficExtension),
            None => Ok(ExtensionApi::WasmPlugin),
        }
    }

    /// Refuses a version that is not right for a filter at a place; `path` is the key of the job that asks for it.
    ///
    /// # Errors
    /// If the version does not attach the filter there, or does harm.
    pub fn refuse_place(&self, place: Place, path: &str) -> Result<()> {
        istio::verdict(self.extension_api()?.resource(), place, self.istio)
            .map_err(|unfit| Error::Refused(format!("{path}: {unfit}")))
    }
}

// === impl ExtensionApi ===

impl ExtensionApi {
    /// As the table of versions knows it.
    fn resource(self) -> Resource {
        match self {
            Self::TrafficExtension => Resource::TrafficExtension,
            Self::WasmPlugin => Resource::WasmPlugin,
        }
    }
}

// === impl Module ===

impl FromStr for Module {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (url, digest) = match text.rsplit_once("@sha256:") {
            Some((url, digest)) => (url, Some(digest)),
            None => (text, None),
        };
        let is_digest = |digest: &str| {
            digest.len() == 64
                && digest
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        };
        if let Some(digest) = digest.filter(|digest| !is_digest(digest)) {
            return Err(format!("`{digest}` is not a digest: 64 of 0-9 and a-f"));
        }
        let visible = url.bytes().all(|byte| byte.is_ascii_graphic());
        match url.split_once("://") {
            Some((_, "")) => Err("names no module".to_owned()),
            _ if !visible => Err("holds a character that no URL has".to_owned()),
            // The digest of an image is part of its reference.
            Some(("oci", _)) if digest.is_some() => Ok(Self {
                url: text.to_owned(),
                sha256: None,
            }),
            Some(("http" | "https", _)) if digest.is_some() => Ok(Self {
                url: url.to_owned(),
                sha256: digest.map(str::to_owned),
            }),
            Some(("oci" | "http" | "https", _)) => Err(
                "is not pinned; add @sha256:DIGEST (of the linux/amd64 manifest of an image, or of the module itself)"
                    .to_owned(),
            ),
            // Istio does not look at a digest there.
            Some(("file", _)) if digest.is_none() => Ok(Self {
                url: url.to_owned(),
                sha256: None,
            }),
            Some(("file", _)) => Err("has a digest, which Istio does not check for a file; leave it out".to_owned()),
            _ => Err("does not begin with oci://, https://, http:// or file://".to_owned()),
        }
    }
}
