//! What can be typed behind `explain`.

use crate::cluster::WorldArgs;
use crate::manifests::OptionArgs;
use crate::output::AnswerForm;
use crate::time::Time;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// A plugin configuration, a WasmPlugin, a TrafficExtension or a job; several are explained one by one; - for
    /// standard input
    #[arg(short, long, value_name = "FILE")]
    pub file: String,
    /// A table, or JSON
    #[arg(short, long, value_enum, default_value = "table")]
    pub output: AnswerForm,
    /// The request's method
    #[arg(long, default_value = "GET", help_heading = "The request")]
    pub method: String,
    /// Its path with its query
    #[arg(long, default_value = "/", help_heading = "The request")]
    pub path: String,
    /// Its authority (Host), with the port if the client sends one
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "The request")]
    pub authority: Option<String>,
    /// Its scheme
    #[arg(long, default_value = "http", help_heading = "The request")]
    pub scheme: String,
    /// A header; can be repeated
    #[arg(long, value_name = "NAME: VALUE", help_heading = "The request")]
    pub header: Vec<String>,
    /// A file with its body, or - for standard input
    #[arg(long, value_name = "FILE", help_heading = "The request")]
    pub body: Option<String>,
    /// The port on which the proxy accepts it: the pods' port in a sidecar
    #[arg(long, help_heading = "The request")]
    pub port: Option<u16>,
    /// No upstream is to answer it: no route, a direct response or a redirect
    #[arg(long, help_heading = "The request")]
    pub no_route: bool,
    /// Decide so many requests like it, each with another key, and show the shares: 1 to 1000000
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub count: Option<u32>,
    /// What chance and varied keys begin with
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Reckon with this time instead of the clock's
    #[arg(long, value_name = "TIME", value_parser = Time::parse)]
    pub now: Option<Time>,
    /// What exists: with it, a job becomes the very configuration that `generate` writes.
    #[command(flatten)]
    pub world: WorldArgs,
    /// What `generate` would be told.
    #[command(flatten)]
    pub options: OptionArgs,
}
