//! What can be typed behind `module`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::live::args::seconds;
use crate::module::Reference;
use crate::output::AnswerForm;

pub(super) const EXAMPLES: &str = "Examples:
  mirrorctl module push registry.example.com/traffic-mirror
  mirrorctl module save traffic-mirror.wasm
  mirrorctl module digest";

/// What is done with the filter that lies in mirrorctl.
#[derive(Debug, Subcommand)]
pub enum ModuleCommand {
    /// Push it to a registry as the image that Istio loads, and print the URL for --module
    #[command(
        after_help = "Credentials are read where `docker login` and `podman login` leave them. What is there already
is not sent again.

Examples:
  mirrorctl module push registry.example.com/traffic-mirror
  mirrorctl module push docker.io/somebody/traffic-mirror:stable
  mirrorctl module push registry.corp.example:5000/mesh/traffic-mirror --ca-file ca.pem
  export MIRRORCTL_MODULE=$(mirrorctl module push localhost:5000/traffic-mirror)"
    )]
    Push(PushArgs),
    /// Save it as a file: the bare module, or an OCI archive of the image
    #[command(after_help = "Examples:
  mirrorctl module save traffic-mirror.wasm
  mirrorctl module save traffic-mirror.oci.tar
  skopeo copy oci-archive:traffic-mirror.oci.tar docker://registry.example.com/traffic-mirror:stable")]
    Save(SaveArgs),
    /// Print the digest that the image has in every registry, and that of the module
    #[command(after_help = "Examples:
  mirrorctl module digest
  mirrorctl module digest -o json")]
    Digest(DigestArgs),
}

/// Arguments of `module push`.
#[derive(Debug, Args)]
pub struct PushArgs {
    /// Where to; the tag is the version of mirrorctl if none is given
    #[arg(value_name = "REGISTRY/NAME[:TAG]")]
    pub to: Reference,
    /// Trust the certificates of this file (PEM) instead of the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Trust any certificate, and do without TLS where the registry has none; for localhost the latter needs no flag
    #[arg(long, conflicts_with = "ca_file")]
    pub insecure: bool,
    /// How long each answer may take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = seconds)]
    pub timeout: u32,
}

/// Arguments of `module save`.
#[derive(Debug, Args)]
pub struct SaveArgs {
    /// Where to; a file that is there is replaced
    pub file: PathBuf,
    /// What is written [default: wasm for a file that ends in .wasm, oci for one that ends in .tar]
    #[arg(long, value_enum)]
    pub format: Option<ModuleFormat>,
}

/// The forms of the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ModuleFormat {
    /// The bare module, for http(s):// and file://
    Wasm,
    /// An OCI archive of the image: a tar with oci-layout, index.json and blobs
    Oci,
}

/// Arguments of `module digest`.
#[derive(Debug, Args)]
pub struct DigestArgs {
    /// A text, or JSON
    #[arg(short, long, value_enum, default_value = "table")]
    pub output: AnswerForm,
}
