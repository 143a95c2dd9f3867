//! What can be typed. Each command's arguments are one struct here or, if they are many, beside the command; nothing is
//! decided in this file. Every command's help ends with an example.

mod module;

mod offline;

mod status;

use clap::{CommandFactory, Parser, Subcommand};

use crate::dashboard::{self, args::DashboardArgs};
use crate::findings::{Form, Severity};

use crate::cluster::{Purpose, WorldArgs};
use crate::explain::ExplainArgs;
use crate::import::ImportCommand;
use crate::istio::IstioVersion;
use crate::job::JobFlags;
use crate::manifests::{OptionArgs, Step};
use crate::output::{AnswerForm, Format};
use crate::time::Time;
use crate::watch::args::WatchArgs;

pub use module::{DigestArgs, ModuleCommand, ModuleFormat, PushArgs, SaveArgs};
pub use offline::{OfflineArgs, OfflineStep};
pub use status::{ReportArgs, ReportForm, StatusArgs, StatusForm};

/// Copies live requests to a second version of a service: from one job to the Istio configuration.
#[derive(Debug, Parser)]
#[command(name = "mirrorctl", disable_version_flag = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 ok, 1 failed while running, 2 usage or unreadable, unparsable or insufficient input,
3 findings, 4 timed out, 5 not found, 130 ended by Ctrl-C. Standard output is data; all else goes to standard error.

Installed as kubectl-mirror it is the kubectl plugin `kubectl mirror`.

Example:
  mirrorctl version"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order of a job's life.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the objects that make a job so, in apply order
    #[command(after_help = "Examples:
  mirrorctl generate -f job.yaml --objects demo.yaml | kubectl apply -f -
  mirrorctl generate reviews-v2 --service reviews -n demo --port 9080 --primary v1 \\
      --backend reviews-v2 --percentage 10 --for 2h --objects demo.yaml
  mirrorctl generate reviews-v2 --service reviews -n demo --port 9080 --primary v1 \\
      --clone reviews-v1 --version v2 --image reviews=docker.io/istio/examples-bookinfo-reviews-v2:1.20.3 \\
      --for 2h --objects demo.yaml")]
    Generate(Box<GenerateArgs>),
    /// Say what a job comes to: objects, order, copies, costs, risks
    #[command(after_help = "Examples:
  mirrorctl plan -f job.yaml --objects demo.yaml --pods 3 --workers 2
  mirrorctl plan -f job.yaml --objects demo.yaml -o json")]
    Plan(Box<PlanArgs>),
    /// Say what is wrong with jobs, plugin configurations and objects of Istio
    #[command(after_help = "The codes of the findings: docs/findings.md.

Examples:
  mirrorctl validate job.yaml mirror.yaml --objects demo.yaml
  mirrorctl generate -f job.yaml --objects demo.yaml | mirrorctl validate - --fail-on warning
  mirrorctl validate -o github k8s/*.yaml")]
    Validate(ValidateArgs),

    /// Tell why a request is copied or not, and what the copy looks like
    #[command(after_help = "Examples:
  mirrorctl explain -f job.yaml --method POST --path '/a?b=c' --header 'x-user: 7' --authority reviews:9080
  mirrorctl generate -f job.yaml --objects demo.yaml | mirrorctl explain -f - --path /reviews/1 --count 10000")]
    Explain(Box<ExplainArgs>),
    /// Show how mirrors do: what they send, what they lose and why
    #[command(after_help = status::STATUS_EXAMPLES)]
    Status(StatusArgs),
    /// Show live how mirrors do: line charts in the terminal
    #[command(after_help = crate::watch::args::EXAMPLES)]
    Watch(Box<WatchArgs>),
    /// Show in a browser how mirrors do: charts of both versions, and why copies were not sent
    #[command(after_help = dashboard::args::EXAMPLES)]
    Dashboard(Box<DashboardArgs>),
    /// Print the numbers of a window of time, for a pull request
    #[command(after_help = status::REPORT_EXAMPLES)]
    Report(ReportArgs),
    /// Print what takes a job offline again: first stop, then remove and restore
    #[command(after_help = offline::EXAMPLES)]
    Offline(OfflineArgs),
    /// Bring the filter, which lies in mirrorctl, to a registry or to a file
    #[command(subcommand, after_help = module::EXAMPLES)]
    Module(ModuleCommand),
    /// Make jobs from those of another tool
    #[command(
        subcommand,
        after_help = "Example:
  mirrorctl import kubesphere -f strategy.yaml --for 7d > job.yaml"
    )]
    Import(ImportCommand),
    /// Print the roles with the rights that are needed to read a cluster, to create a job and to end it
    #[command(after_help = "Example:
  mirrorctl rbac read | kubectl apply -f -
  kubectl create clusterrolebinding alice-mirrorctl --clusterrole mirrorctl-read --user alice")]
    Rbac(RbacArgs),
    /// Print the completion script of a shell
    #[command(after_help = "Example:
  mirrorctl completion bash > /etc/bash_completion.d/mirrorctl")]
    Completion(CompletionArgs),
    /// Print the version
    #[command(after_help = "Example:
  mirrorctl version -o json")]
    Version(VersionArgs),
}

/// Arguments of `generate`.
#[derive(Debug, clap::Args)]
pub struct GenerateArgs {
    /// The job, or - for standard input
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<String>,
    /// YAML documents, or a v1 List
    #[arg(short, long, value_enum, default_value = "yaml")]
    pub output: Format,
    /// Only one stage of applying
    #[arg(long, value_enum)]
    pub step: Option<Step>,
    /// What the bundle follows from.
    #[command(flatten)]
    pub from: BundleArgs,
}

/// Arguments of `validate`.
#[derive(Debug, clap::Args)]
pub struct ValidateArgs {
    /// What is checked: jobs, plugin configurations, objects, YAML or JSON, or - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// How findings are printed
    #[arg(short, long, value_enum, default_value = "table")]
    pub output: Form,
    /// From which severity on the exit code is 3
    #[arg(long, value_enum, default_value = "error", value_name = "LEVEL")]
    pub fail_on: FailOn,
    /// The namespace of objects that name none; without it that of the kubeconfig's context, or default
    #[arg(short, long)]
    pub namespace: Option<String>,
    /// The workers of a proxy, which multiply what it may hold
    #[arg(long, value_name = "NUMBER", default_value = "2")]
    pub workers: u64,
    /// The version of Istio, to the patch level where that matters: 1.31, 1.30.3
    #[arg(long, value_name = "VERSION")]
    pub istio_version: Option<IstioVersion>,
    /// Reckon with this time instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = Time::parse)]
    pub now: Option<Time>,
    /// What exists: looked at, not reported on; an object of a FILE stands for the same object here.
    #[command(flatten)]
    pub world: WorldArgs,
}

/// From which severity on findings fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FailOn {
    /// Errors
    Error,
    /// Errors and warnings
    Warning,
    /// Nothing
    Never,
}

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
pub struct PlanArgs {
    /// The job, or - for standard input
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<String>,
    /// A text, or JSON
    #[arg(short, long, value_enum, default_value = "table")]
    pub output: AnswerForm,
    /// The pods whose proxies copy, which multiply the memory
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub pods: Option<u64>,
    /// The workers of a proxy, which multiply what it may hold
    #[arg(long, value_name = "NUMBER", default_value = "2", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub workers: u64,
    /// What the bundle follows from.
    #[command(flatten)]
    pub from: BundleArgs,
}

/// What a bundle follows from, besides the file of the job.
#[derive(Debug, clap::Args)]
pub struct BundleArgs {
    /// Reckon with this time instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = Time::parse)]
    pub now: Option<Time>,
    /// What exists.
    #[command(flatten)]
    pub world: WorldArgs,
    /// What it is for.
    #[command(flatten)]
    pub options: OptionArgs,
    /// The job by flags.
    #[command(flatten)]
    pub job: JobFlags,
}

/// Arguments of `rbac`.
#[derive(Debug, clap::Args)]
pub struct RbacArgs {
    /// For what; without it for all three
    #[arg(value_enum, value_name = "PURPOSE")]
    pub purposes: Vec<Purpose>,
    /// YAML documents, or a v1 List
    #[arg(short, long, value_enum, default_value = "yaml")]
    pub output: Format,
}

/// Arguments of `completion`.
#[derive(Debug, clap::Args)]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
    /// The name under which the command is installed
    #[arg(long, default_value = "mirrorctl")]
    pub name: String,
}

/// The shells with a completion script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    /// GNU Bash
    Bash,
    /// Zsh
    Zsh,
    /// fish
    Fish,
}

/// Arguments of `version`.
#[derive(Debug, clap::Args)]
pub struct VersionArgs {
    /// As an object instead of a line
    #[arg(short, long, value_enum)]
    pub output: Option<Format>,
}

// === impl Cli ===

impl Cli {
    /// The arguments, as kubectl names the command if the file has the name of its plugin.
    pub fn named(file: Option<&str>) -> clap::Command {
        match file {
            Some("kubectl-mirror") => Self::command().bin_name("kubectl mirror"),
            _ => Self::command(),
        }
    }
}

// === impl FailOn ===

impl FailOn {
    /// The least severity that fails; `None`: none does.
    pub fn level(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Never => None,
        }
    }
}
