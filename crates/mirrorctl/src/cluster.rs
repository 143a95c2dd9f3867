//! The cluster of a kubeconfig: how it is reached, and the objects that are read from it. From there on they are a
//! [`World`](crate::objects::World) like that of files. Nothing of a credential is ever printed: an error says which
//! context was used and what the API server answered.

mod args;

mod kubeconfig;

mod failure;

mod selection;

mod read;

mod rights;

pub use args::{ClusterArgs, Sources, WorldArgs};
pub use kubeconfig::Kubeconfigs;
pub use rights::Purpose;
pub use selection::Selection;

use std::time::Duration;

use kube::Client;
use tokio::runtime::Runtime;

/// How long the API server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// How long the API server may take for one answer.
const ANSWER: Duration = Duration::from_secs(60);

/// A cluster that can be asked.
pub struct Cluster {
    runtime: Runtime,
    client: Client,
    /// The context of the kubeconfig, or `in-cluster`.
    pub context: String,
}
