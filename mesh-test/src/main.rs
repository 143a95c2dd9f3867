//! `mesh-test`: a real Istio without containers, and the cases that prove the filter and `mirrorctl` on it.
//!
//! From the bottom up: [`command`] runs what is run and [`wait`] waits, [`sealed`] gives the lab namespaces of its own,
//! [`programs`] finds what the lab is made of, [`kube`] speaks to the API server, [`control_plane`] starts everything.
//! A [`pod`] can be asked, and its [`proxy`]; a [`sample`] is one of its statistics, a [`load`] asks it all the while.
//! A [`stage`] holds the pods of one case, a [`plugin`] is the filter as Istio's objects describe it; [`inputs`] are
//! those of mirrorctl's own tests. [`runner`] runs the [`cases`]. [`app`] runs in the pods.

#![forbid(unsafe_code)]

mod app;
mod cases;
mod command;
mod control_plane;
mod inputs;
mod kube;
mod load;
mod plugin;
mod pod;
mod programs;
mod proxy;
mod runner;
mod sample;
mod sealed;
mod stage;
mod wait;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// A real Istio, and the cases that prove the filter on it.
#[derive(Parser)]
#[command(name = "mesh-test", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Bring the mesh up, run the cases, take it down
    Run {
        /// Only these
        names: Vec<String>,
        /// Show what there is, and run nothing
        #[arg(long)]
        list: bool,
        #[command(flatten)]
        files: programs::Files,
    },
    /// Bring the mesh up with a primary and a shadow, and open a shell in it; it is gone when the shell ends
    Shell {
        #[command(flatten)]
        files: programs::Files,
    },
    /// The echo backend that stands for the image of a container
    #[command(hide = true)]
    App {
        #[arg(long)]
        name: String,
        ports: Vec<u16>,
    },
}

fn main() -> ExitCode {
    match execute(Arguments::parse().verb) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Run { list: true, .. } => {
            for case in cases::ALL {
                println!("{:28} {}", case.name, case.about);
            }
            Ok(ExitCode::SUCCESS)
        }
        Verb::App { name, ports } => app::run(&name, &ports),
        Verb::Run { names, files, .. } => {
            let selected = envoy_test::runner::select(cases::ALL, &names, |case| case.name)?;
            sealed::expect_root()?;
            let programs = files.find()?;
            if !sealed::is_inside() {
                return sealed::run_inside(sealed::Terminal::Apart);
            }
            runner::run(&selected, &programs)
        }
        Verb::Shell { files } => {
            sealed::expect_root()?;
            let programs = files.find()?;
            if !sealed::is_inside() {
                return sealed::run_inside(sealed::Terminal::Shared);
            }
            runner::shell(&programs)
        }
    }
}
