//! What can be typed to say what exists.

use super::World;
use crate::error::Result;
use crate::input::Stdin;

/// What exists: for every command that looks at the user's world.
#[derive(Debug, clap::Args)]
pub struct WorldArgs {
    /// What exists: any output of `kubectl get -o yaml` or json, or - for standard input; can be repeated
    #[arg(long, value_name = "FILE")]
    pub objects: Vec<String>,
    /// The domain of the cluster's Services
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    pub cluster_domain: String,
}

// === impl WorldArgs ===

impl WorldArgs {
    /// The objects that exist. An object without a namespace is taken to be in the given one.
    ///
    /// # Errors
    /// What [`World::read`] refuses.
    pub fn world(&self, namespace: &str, stdin: &mut Stdin<'_>) -> Result<World> {
        World::read(&self.objects, namespace, &self.cluster_domain, stdin)
    }
}
