//! Jobs of other tools, as jobs of ours. What the other tool does not say is asked for and never guessed; what changes
//! its meaning on the way is said.

pub mod kubesphere;

use clap::Subcommand;

/// The tools whose jobs can be read.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// A Strategy of type Mirror (KubeSphere's grayscale release)
    #[command(after_help = "Example:
  kubectl get strategies.servicemesh.kubesphere.io -n demo -o yaml | mirrorctl import kubesphere -f - --for 7d > job.yaml")]
    Kubesphere(kubesphere::Args),
}
