//! What can be typed to say which cluster is meant.

use std::path::PathBuf;

use super::Cluster;
use super::kubeconfig::Kubeconfigs;
use super::selection::Selection;
use crate::error::Result;
use crate::input::{self, Document, Stdin};
use crate::job::Job;
use crate::objects::World;
use crate::wait::Wait;

/// What exists: for every command that looks at the user's world.
#[derive(Debug, clap::Args)]
pub struct WorldArgs {
    /// What exists: any output of `kubectl get -o yaml` or json, or - for standard input; can be repeated. Without it
    /// the cluster of the kubeconfig is asked
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kubeconfig", "context"])]
    pub objects: Vec<String>,
    /// The domain of the cluster's Services
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local")]
    pub cluster_domain: String,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

/// Where objects can be read from.
pub struct Sources<'a, 'b> {
    /// Standard input.
    pub stdin: &'a mut Stdin<'b>,
    /// The kubeconfigs of the environment.
    pub kubeconfigs: &'a Kubeconfigs,
    /// Who is told that it takes time.
    pub wait: &'a mut dyn Wait,
}

/// Which cluster is meant, as kubectl has it.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ClusterArgs {
    /// The kubeconfig, instead of those in KUBECONFIG or of ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Ask no cluster, even if there is a kubeconfig
    #[arg(long, conflicts_with_all = ["kubeconfig", "context"])]
    pub no_cluster: bool,
}

// === impl WorldArgs ===

impl WorldArgs {
    /// Whether there is anything to read objects from.
    pub fn is_given(&self, known: &Kubeconfigs) -> bool {
        !self.objects.is_empty() || self.cluster.is_given(known)
    }

    /// The namespace of the kubeconfig's context. Returns `None` if no cluster is asked.
    ///
    /// # Errors
    /// The kubeconfig cannot be read or has no such context.
    pub fn namespace(&self, known: &Kubeconfigs) -> Result<Option<String>> {
        match self.objects.is_empty() && !self.cluster.no_cluster {
            true => known.namespace(self.cluster.kubeconfig.as_deref(), self.cluster.context.as_deref()),
            false => Ok(None),
        }
    }

    /// The objects that exist: those of the files, or else of the cluster. An object without a namespace is taken to be
    /// in the given one.
    ///
    /// # Errors
    /// What [`World::of`] refuses, and what keeps the files or the cluster from being read.
    pub fn world(&self, namespace: &str, selection: &Selection, sources: &mut Sources<'_, '_>) -> Result<World> {
        let (documents, cluster) = self.documents(selection, sources)?;
        let mut world = World::of(documents, namespace, &self.cluster_domain)?;
        world.cluster = cluster;
        Ok(world)
    }

    /// What exists of what a job has to do with.
    ///
    /// # Errors
    /// As [`WorldArgs::world`].
    pub fn world_of(&self, job: &Job, sources: &mut Sources<'_, '_>) -> Result<World> {
        self.world(&job.namespace, &Selection::of_job(job), sources)
    }

    /// The documents of the files, or else those of the cluster with the name of its context.
    ///
    /// # Errors
    /// A file cannot be read, or the cluster cannot.
    pub fn documents(
        &self,
        selection: &Selection,
        sources: &mut Sources<'_, '_>,
    ) -> Result<(Vec<Document>, Option<String>)> {
        let mut documents = Vec::new();
        for name in &self.objects {
            documents.extend(input::documents(name, sources.stdin)?);
        }
        if !self.objects.is_empty() {
            return Ok((documents, None));
        }
        let Some(cluster) = self.cluster.cluster(sources.kubeconfigs)? else {
            return Ok((documents, None));
        };
        let documents = cluster.documents(selection, &mut |line| sources.wait.say(line))?;
        Ok((documents, Some(cluster.context)))
    }
}

// === impl ClusterArgs ===

impl ClusterArgs {
    /// Whether there is a cluster to ask.
    pub fn is_given(&self, known: &Kubeconfigs) -> bool {
        !self.no_cluster && (self.kubeconfig.is_some() || self.context.is_some() || known.are_given())
    }

    /// The cluster that is meant. Returns `None` if there is no kubeconfig and none is asked for.
    ///
    /// # Errors
    /// The kubeconfig cannot be read or has no such context.
    pub fn cluster(&self, known: &Kubeconfigs) -> Result<Option<Cluster>> {
        if self.no_cluster {
            return Ok(None);
        }
        known.connect(self.kubeconfig.as_deref(), self.context.as_deref())
    }
}
