//! How the shadow of a job is called, whatever it is made from.

use std::borrow::Cow;

use super::{Backend, CloneOf, Endpoint, External, Isolation, Job, Shadow};

/// A shadow as a proxy calls it, once everything is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Called<'a> {
    /// A Service: an existing one, or the clone's own.
    Service {
        /// Its name.
        name: Cow<'a, str>,
        /// Its namespace.
        namespace: &'a str,
        /// Its port by number; `None`: the number of the target's port.
        port: Option<u16>,
    },
    /// A subset of the target's own Service.
    Subset(&'a str),
    /// A host outside the mesh.
    External(&'a External),
    /// An address; only an Envoy without Istio calls one.
    Endpoint(&'a Endpoint),
}

/// How a shadow is called.
pub fn called<'a>(job: &'a Job, shadow: &'a Shadow) -> Called<'a> {
    match &shadow.backend {
        Backend::Service { name, namespace, port } => Called::Service {
            name: name.into(),
            namespace: namespace.as_deref().unwrap_or(&job.namespace),
            port: *port,
        },
        Backend::Subset(name) => Called::Subset(name),
        Backend::Clone(of) => match of.isolation {
            Isolation::Service => Called::Service {
                name: of.service_name(job).into(),
                namespace: &job.namespace,
                port: None,
            },
            Isolation::Subset => Called::Subset(&of.version),
        },
        Backend::External(external) => Called::External(external),
        Backend::Endpoint(endpoint) => Called::Endpoint(endpoint),
    }
}

impl CloneOf {
    /// The name of the clone's own Service: `reviews-v2`.
    pub fn service_name(&self, job: &Job) -> String {
        format!("{}-{}", job.target.name, self.version)
    }
}
