//! A job of the native engine, placed in the user's world: what is copied, and where to. Every resource that routes is
//! written from it.

use mirror_policy::configuration::values::Percentage;
use serde_json::{Value, json};

use super::options::Options;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::mesh::RouteDestination;
use crate::objects::Labels;

/// A job of the native engine, placed in the user's world.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Copying {
    /// The fully qualified host of the target.
    pub host: String,
    /// The ports whose requests are copied, in the order of the Service.
    pub ports: Vec<u16>,
    /// All ports on which proxies see requests: a VirtualService for the host is asked on each of them.
    pub listeners: Vec<u16>,
    /// Whether the Service has no other port of any kind.
    pub is_single: bool,
    /// Whether some of its ports are not HTTP.
    pub has_other_ports: bool,
    /// What is sent for each mirrored port.
    pub copies: Vec<(u16, Vec<Copy>)>,
    /// The subsets that must be defined and are not.
    pub subsets: Vec<Subset>,
    /// The primary's subset, if a shadow's pods are endpoints of the target too.
    pub pin: Option<String>,
    /// Whether the copies come in a later step.
    pub is_only_pinned: bool,
}

/// A copy for each request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Copy {
    /// The Service, or a host outside the mesh.
    pub name: String,
    /// Its namespace; of a host outside, the job's.
    pub namespace: String,
    /// Whether it is a host outside.
    pub is_host: bool,
    /// The same as a cluster.
    pub destination: RouteDestination,
    /// Only what the job says.
    pub percentage: Option<Percentage>,
}

/// A subset to be defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subset {
    /// The name of the subset.
    pub name: String,
    /// The labels of its pods.
    pub labels: Labels,
    /// Whether copies go there: they get a ceiling.
    pub is_shadow: bool,
}

// === impl Copy ===

impl Copy {
    /// As an entry of `mirrors`.
    pub fn mirror(&self, namespace: &str) -> Value {
        let mut copy = json!({"destination": destination(&self.name, &self.namespace, &self.destination, namespace)});
        if let (Some(percentage), Some(fields)) = (self.percentage, copy.as_object_mut()) {
            fields.insert("percentage".to_owned(), json!({"value": number(percentage)}));
        }
        copy
    }
}

// === impl Copying ===

impl Copying {
    /// The same without its copies: what is only pinned.
    pub fn without_copies(&self) -> Self {
        Self {
            is_only_pinned: true,
            ..self.clone()
        }
    }

    /// What is sent for a port.
    pub fn of(&self, port: u16) -> &[Copy] {
        let found = self.copies.iter().find(|(other, _)| *other == port);
        found.map_or(&[], |(_, copies)| copies.as_slice())
    }

    /// Every destination of a copy, as a cluster, once.
    pub fn clusters(&self) -> Vec<String> {
        let mut clusters = Vec::new();
        for copy in self.copies.iter().flat_map(|(_, copies)| copies) {
            let cluster = copy.destination.cluster();
            if !clusters.contains(&cluster) {
                clusters.push(cluster);
            }
        }
        clusters
    }

    /// Refuses to pin live requests, which is the tutorial's shape, unless the user asks for it.
    ///
    /// # Errors
    /// Refused without `--pin-primary`.
    pub fn need_pin(&self, job: &Job, options: &Options) -> Result<()> {
        let subset = self.pin.as_deref().unwrap_or_default();
        if options.pin_primary {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "the shadow's pods are endpoints of the Service {} of namespace {} too, and live requests to it go to all of them. --pin-primary sends live requests to subset {subset} alone, which changes where they go if other pods answer now; a shadow with a Service of its own (`backendRef`) needs no such change",
            job.target.name, job.namespace
        )))
    }
}

/// A destination as a VirtualService of a namespace writes it: short if the Service is in the same one.
pub(super) fn destination(name: &str, of: &str, to: &RouteDestination, namespace: &str) -> Value {
    let host = if of == namespace { name } else { to.host.as_str() };
    let mut value = json!({"host": host, "port": {"number": to.port}});
    if let (Some(subset), Some(fields)) = (&to.subset, value.as_object_mut()) {
        fields.insert("subset".to_owned(), subset.as_str().into());
    }
    value
}

/// A percentage as the user wrote it: whole if it is.
fn number(percentage: Percentage) -> Value {
    let ppm = percentage.ppm();
    if ppm.is_multiple_of(10_000) {
        json!(ppm / 10_000)
    } else {
        json!(f64::from(ppm) / 10_000.0)
    }
}
