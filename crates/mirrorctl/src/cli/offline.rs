//! What can be typed behind `offline`.

use crate::cluster::WorldArgs;
use crate::output::Format;

pub(super) const EXAMPLES: &str = "Examples:
  kubectl get virtualservices,destinationrules,httproutes,trafficextensions,wasmplugins -n demo -o yaml \\
      | mirrorctl offline reviews-v2 --objects - | kubectl apply -f -
  mirrorctl offline reviews-v2 --step remove --objects demo.yaml | kubectl delete -f -
  mirrorctl offline reviews-v2 --restore-original --objects demo.yaml | kubectl apply -f -";

/// Arguments of `offline`.
#[derive(Debug, clap::Args)]
pub struct OfflineArgs {
    /// The job's name
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    pub name: Option<String>,
    /// The job, or - for standard input; needed where the objects do not say what is ours, as those of --gitops
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<String>,
    /// Only what is of the job in this namespace, where jobs of other namespaces have the same name
    #[arg(short, long, conflicts_with = "file")]
    pub namespace: Option<String>,
    /// What to print: what ends the copies, or what is to be deleted
    #[arg(long, value_enum, default_value = "stop")]
    pub step: OfflineStep,
    /// With --step remove: even if a filter or a route among the objects still copies
    #[arg(long, conflicts_with = "restore_original")]
    pub force: bool,
    /// Print your own objects as they were before the job
    #[arg(long, conflicts_with = "step")]
    pub restore_original: bool,
    /// Keep the resourceVersion of the objects, so that the API server refuses those that changed since they were
    /// read; only for `kubectl apply --server-side --force-conflicts --field-manager mirrorctl`
    #[arg(long)]
    pub keep_resource_version: bool,
    /// YAML documents, or a v1 List
    #[arg(short, long, value_enum, default_value = "yaml")]
    pub output: Format,
    /// What exists.
    #[command(flatten)]
    pub world: WorldArgs,
}

/// The stages of taking a job offline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OfflineStep {
    /// For kubectl apply: the objects as they are, without the copies
    Stop,
    /// For kubectl delete: what was made for the job
    Remove,
}
