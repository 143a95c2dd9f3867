//! What can be typed. Each command's arguments are one struct here or, if they are many, beside the command; nothing is
//! decided in this file. Every command's help ends with an example.

use clap::{Parser, Subcommand};

use crate::output::Format;

/// Copies live requests to a second version of a service: from one job to the Istio configuration.
#[derive(Debug, Parser)]
#[command(name = "mirrorctl", disable_version_flag = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 ok, 1 failed while running, 2 usage or unreadable, unparsable or insufficient input,
3 findings, 4 timed out, 5 not found. Standard output is data; all else goes to standard error.

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
    /// Print the completion script of a shell
    #[command(after_help = "Example:
  mirrorctl completion bash > /etc/bash_completion.d/mirrorctl")]
    Completion(CompletionArgs),
    /// Print the version
    #[command(after_help = "Example:
  mirrorctl version -o json")]
    Version(VersionArgs),
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
