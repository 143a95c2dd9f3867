//! What can be typed after `watch`.

use crate::live::args::{SourceArgs, seconds};

/// The examples of the help.
pub const EXAMPLES: &str =
    "Keys: Tab or n next mirror, w 5 or 30 minutes, l latency p50, p95, p99, Space pause, ? help, q quit.

With -o json there is one line a reading: what `mirrorctl status -o json` prints, without `series`.

Examples:
  kubectl port-forward -n demo deploy/reviews-v1 15000 & mirrorctl watch
  mirrorctl watch reviews-v2 --envoy http://10.0.0.7:15000 --envoy http://10.0.0.8:15000
  mirrorctl watch --prometheus http://127.0.0.1:9090 -f job.yaml
  mirrorctl watch -o json --for 5m | jq -c '.mirrors[] | [.name, .state, .window.perSecond.sent]'";

/// Arguments of `watch`.
#[derive(Debug, clap::Args)]
pub struct WatchArgs {
    /// Lines of JSON instead of the terminal, one a reading
    #[arg(short, long, value_enum)]
    pub output: Option<WatchForm>,
    /// How often is asked: 1s to 60s
    #[arg(long, value_name = "SPAN", default_value = "2s", value_parser = interval)]
    pub interval: u32,
    /// End after so many readings
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// End after this time, such as 90s or 1h30m
    #[arg(long = "for", value_name = "SPAN", value_parser = seconds)]
    pub lasting: Option<u32>,
    /// Who is asked.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// The form of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum WatchForm {
    /// One line a reading.
    Json,
}

fn interval(text: &str) -> Result<u32, String> {
    match seconds(text)? {
        seconds @ 1..=60 => Ok(seconds),
        _ => Err("is not between 1s and 60s".to_owned()),
    }
}
