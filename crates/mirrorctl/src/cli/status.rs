//! What can be typed behind `status` and `report`.

use crate::live::args::{SourceArgs, seconds};

pub(super) const STATUS_EXAMPLES: &str = "Examples:
  kubectl port-forward deploy/reviews-v1 -n demo 15000 & mirrorctl status
  mirrorctl status reviews-v2 --prometheus http://127.0.0.1:9090 --selector 'namespace=\"demo\"'
  mirrorctl status -f job.yaml --envoy http://127.0.0.1:15000 --wait --timeout 2m";

pub(super) const REPORT_EXAMPLES: &str = "Examples:
  mirrorctl report reviews-v2 --prometheus http://127.0.0.1:9090 --window 1h > report.md
  mirrorctl report --envoy http://127.0.0.1:15000 --since-start
  mirrorctl report -f job.yaml --window 2m -o json";

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// A table, with more columns or every reason, or the view for programs
    #[arg(short, long, value_enum, default_value = "table")]
    pub output: StatusForm,
    /// What the numbers are of: the last 5m of a Prometheus server; a proxy has no past and is watched for 6s
    #[arg(long, value_name = "SPAN", value_parser = seconds)]
    pub window: Option<u32>,
    /// Wait until every mirror that is meant sends copies
    #[arg(long)]
    pub wait: bool,
    /// How long to wait at most
    #[arg(long, value_name = "SPAN", value_parser = seconds, default_value = "60s", requires = "wait")]
    pub timeout: u32,
    /// Who is asked, about which mirrors.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// The forms in which `status` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum StatusForm {
    /// A row a mirror; of one that is named, its account
    Table,
    /// The same with more columns, and every reason
    Wide,
    /// The view, with the points of the charts
    Json,
    /// The same in YAML
    Yaml,
}

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// Markdown as GitHub reads it, or the view for programs
    #[arg(short, long, value_enum, default_value = "markdown")]
    pub output: ReportForm,
    /// What the numbers are of: the last 5m of a Prometheus server; a proxy has no past and is watched for 1m
    #[arg(long, value_name = "SPAN", value_parser = seconds)]
    pub window: Option<u32>,
    /// Only the totals since the proxies started, at once
    #[arg(long, conflicts_with = "window")]
    pub since_start: bool,
    /// Who is asked, about which mirrors.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// The forms in which `report` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportForm {
    /// For people
    Markdown,
    /// For programs
    Json,
}
