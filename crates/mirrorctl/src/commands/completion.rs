//! `completion`: the script that a shell sources.

use clap::CommandFactory;

use crate::cli::{Cli, CompletionArgs, Shell};
use crate::output::Answer;

pub(super) fn run(args: &CompletionArgs) -> Answer {
    let shell = match args.shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), &args.name, &mut script);
    Answer::data(String::from_utf8_lossy(&script))
}
