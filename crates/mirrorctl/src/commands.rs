//! The commands, one file each: `run` turns arguments and an environment into an answer, and prints nothing itself. So
//! a command that fails has printed nothing, and a test can call it as main does. Only one that lives on until it is
//! told to end speaks meanwhile: `dashboard` on standard error, `watch` on the standard output or the terminal that the
//! environment hands it.

mod completion;

mod dashboard;

mod environment;

mod explain;

mod generate;

mod import;

mod module;

mod offline;

mod plan;

mod rbac;

mod report;

mod status;

mod validate;

mod version;

mod watch;

use crate::cli::Command;
use crate::error::Result;
use crate::output::Answer;

pub use environment::Environment;

/// Runs a command. This is the table of all commands.
///
/// # Errors
/// Whatever the command refuses.
pub fn run(command: Command, environment: Environment<'_>) -> Result<Answer> {
    match command {
        Command::Generate(args) => generate::run(&args, environment),
        Command::Plan(args) => plan::run(&args, environment),
        Command::Validate(args) => validate::run(&args, environment),
        Command::Explain(args) => explain::run(&args, environment),
        Command::Status(args) => status::run(&args, environment),
        Command::Watch(args) => watch::run(&args, environment),
        Command::Dashboard(args) => dashboard::run(&args, environment),
        Command::Report(args) => report::run(&args, environment),
        Command::Offline(args) => offline::run(&args, environment),
        Command::Module(command) => module::run(&command, &environment),
        Command::Import(command) => import::run(&command, environment),
        Command::Rbac(args) => Ok(rbac::run(&args)),
        Command::Completion(args) => Ok(completion::run(&args)),
        Command::Version(args) => Ok(version::run(&args)),
    }
}
