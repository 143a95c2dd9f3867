//! `envoy-test`: the command line.

#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use envoy_test::backend::{Behaviour, Echo, Journal};
use envoy_test::envoy::Binaries;
use envoy_test::{cases, compose, demo, record, runner, up};
use tokio::signal::unix::{SignalKind, signal};

/// A real Envoy with the mirror filter, a primary and its shadows.
#[derive(Parser)]
#[command(name = "envoy-test", version)]
struct Arguments {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the cases that prove the filter
    Run {
        /// Only these
        names: Vec<String>,
        /// Show what there is, and run nothing
        #[arg(long)]
        list: bool,
        /// So many at a time
        #[arg(long, default_value_t = 2)]
        jobs: usize,
        #[command(flatten)]
        binaries: Files,
    },
    /// Show mirroring at work, with every number checked
    Demo {
        #[command(flatten)]
        binaries: Files,
    },
    /// Leave the set-up of the demo running, to play with
    Up {
        /// Where Envoy listens
        #[arg(long, default_value_t = 10000)]
        port: u16,
        /// Where its admin interface listens
        #[arg(long, default_value_t = 9901)]
        admin_port: u16,
        #[command(flatten)]
        binaries: Files,
    },
    /// Record what Prometheus would see of Envoy under traffic, for the tests of deploy/
    Record {
        /// Where to write `istio.series` and `envoy.series`
        folder: PathBuf,
        #[command(flatten)]
        binaries: Files,
    },
    /// Run one echo backend
    #[command(after_help = BACKEND_HELP)]
    Backend {
        /// Its name, by which requests address it
        #[arg(long, default_value = "primary")]
        name: String,
        /// Where it listens
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
    },
    /// Measure by the clock what mirroring costs
    #[cfg(target_os = "linux")]
    Bench(envoy_test::bench::Options),
    /// Count the instructions that mirroring costs
    #[cfg(target_os = "linux")]
    Count(envoy_test::count::Options),
    /// Hold resident memory against the configured budget, with shadows that never answer
    #[cfg(target_os = "linux")]
    Soak {
        #[command(flatten)]
        options: envoy_test::soak::Options,
        #[command(flatten)]
        binaries: Files,
    },
    /// Check docker-compose.yaml against the files that the cases use
    CheckCompose,
}

#[derive(Args)]
struct Files {
    /// The Envoy binary; else `envoy` on the PATH
    #[arg(long, env = "ENVOY_PATH")]
    envoy: Option<PathBuf>,
    /// The filter; else dist/traffic-mirror.wasm of this repository
    #[arg(long)]
    wasm: Option<PathBuf>,
    /// The command line tool; else dist/mirrorctl of this repository
    #[arg(long, env = "MIRRORCTL_PATH")]
    mirrorctl: Option<PathBuf>,
    /// The Prometheus binary, for the cases that look through it; scripts/prometheus finds one
    #[arg(long, env = "PROMETHEUS_PATH")]
    prometheus: Option<PathBuf>,
    /// The tmux in which terminals are looked at; scripts/tmux finds one
    #[arg(long, env = "TMUX_PATH", default_value = "tmux")]
    tmux: PathBuf,
    /// Keep the folders with Envoy's files and log
    #[arg(long)]
    keep: bool,
}

const BACKEND_HELP: &str = "\
A request tells how it is answered, by query or by header:
  ?status=503  ?delay=500ms  ?size=2000000  ?early  ?reset  ?reset_after_headers  ?silent
  ?grpc=0  ?grpc_only=5  ?meanwhile  ?events  ?location=URL  ?upgrade
  x-echo-status: 503, and so on
A key with a name is for that backend only: ?shadow.delay=2s, x-echo-shadow-delay: 2s.

  GET  /_echo/requests                       the latest requests, as JSON
  POST /_echo/behaviour?status=503&delay=1s  from now on, unless a request says otherwise";

/// Of a backend that runs for long, the latest requests are enough.
const REMEMBERED: usize = 200;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    // The runtime is dropped before the process ends, and with it whatever an interrupted command had started.
    // What runs until it is interrupted has then done its work.
    let endless = matches!(arguments.command, Verb::Up { .. } | Verb::Backend { .. });
    let ending = AtomicU8::new(if endless { 0 } else { 130 });
    let result = runtime.block_on(async {
        tokio::select! {
            // Ctrl-C also reaches what was started at the same terminal. That it ends then is no fault.
            biased;
            stopped = interrupted() => stopped.map(|()| ExitCode::from(ending.load(Ordering::Relaxed))),
            result = execute(arguments.command, &ending) => result,
        }
    });
    drop(runtime);
    result.unwrap_or_else(|error| failed(&error))
}

/// `ending` is the exit code of an interruption.
async fn execute(verb: Verb, ending: &AtomicU8) -> Result<ExitCode> {
    match verb {
        Verb::Run { list: true, .. } => {
            for case in cases::ALL {
                println!("{:28} {}", case.name, case.about);
            }
            Ok(ExitCode::SUCCESS)
        }
        Verb::Run {
            names, jobs, binaries, ..
        } => {
            let selected = runner::select(cases::ALL, &names, |case| case.name)?;
            let tally = runner::run(selected, &binaries.find()?, jobs).await;
            Ok(success(tally.failed == 0))
        }
        Verb::Demo { binaries } => demo::run(&binaries.find()?, ending).await.map(success),
        Verb::Up {
            port,
            admin_port,
            binaries,
        } => up::run(&binaries.find()?, port, admin_port)
            .await
            .map(|()| ExitCode::SUCCESS),
        Verb::Record { folder, binaries } => record::run(&binaries.find()?, &folder)
            .await
            .map(|()| ExitCode::SUCCESS),
        Verb::Backend { name, listen } => {
            let backend = Echo::start(&name, listen, Behaviour::default(), Journal::latest(REMEMBERED)).await?;
            println!("{name} listens on {}", backend.address());
            std::future::pending().await
        }
        #[cfg(target_os = "linux")]
        Verb::Bench(options) => envoy_test::bench::run(options).await.map(success),
        #[cfg(target_os = "linux")]
        Verb::Count(options) => envoy_test::count::run(options).await.map(success),
        #[cfg(target_os = "linux")]
        Verb::Soak { options, binaries } => envoy_test::soak::run(options, &binaries.find()?).await.map(success),
        Verb::CheckCompose => {
            println!("{}", compose::check()?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Ctrl-C, or the polite request to end.
async fn interrupted() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen to SIGTERM")?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result.context("cannot listen to Ctrl-C")?,
        _ = terminate.recv() => {}
    }
    eprintln!("\nstopped");
    Ok(())
}

impl Files {
    fn find(self) -> Result<Binaries> {
        let mut binaries = Binaries::find(self.envoy, self.wasm, self.keep)?;
        binaries.mirrorctl = self.mirrorctl.unwrap_or(binaries.mirrorctl);
        binaries.prometheus = self.prometheus;
        binaries.tmux = self.tmux;
        Ok(binaries)
    }
}

fn success(held: bool) -> ExitCode {
    if held { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}
