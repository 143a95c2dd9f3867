//! What can be typed after `mirrorctl dashboard`.

use std::time::Duration;

use super::host::Host;
use super::listen::Listen;
use crate::live::args::SourceArgs;
use crate::time;

/// Arguments of `dashboard`.
#[derive(Debug, clap::Args)]
pub struct DashboardArgs {
    /// Where the page is served; port 0 is any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8088")]
    pub listen: Listen,
    /// Another name under which browsers may ask for the page, such as that of a reverse proxy; can be repeated
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<Host>,
    /// How long to wait between two questions, 1s to 1m
    #[arg(long, value_name = "SPAN", default_value = "2s", value_parser = interval)]
    pub interval: Duration,
    /// Who is asked.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// The help's end.
pub const EXAMPLES: &str = "Examples:
  kubectl -n demo port-forward deploy/reviews-v1 15000 &
  mirrorctl dashboard
  mirrorctl dashboard --envoy http://127.0.0.1:15000 --envoy http://127.0.0.1:15001
  mirrorctl dashboard --prometheus http://127.0.0.1:9090 --listen 127.0.0.1:0";

fn interval(text: &str) -> Result<Duration, String> {
    let seconds = time::span(text).filter(|seconds| (1..=60).contains(seconds));
    let duration = seconds.map(|seconds| Duration::from_secs(seconds.into()));
    duration.ok_or_else(|| "is not a span from 1s to 1m".to_owned())
}
