//! The command line: arguments in, an exit code out. Everything between is in the library.

#![forbid(unsafe_code)]

mod terminal;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::FromArgMatches;
use mirrorctl::cli::Cli;
use mirrorctl::cluster::Kubeconfigs;
use mirrorctl::commands::{self, Environment};
use mirrorctl::error::{Error, Exit};
use mirrorctl::input::Stdin;
use mirrorctl::module::Logins;
use mirrorctl::output::Answer;
use mirrorctl::time::Time;
use mirrorctl::watch::look::{Look, Variables};
use terminal::Terminal;

fn main() -> ExitCode {
    // Usage errors end here, with exit code 2.
    let file = std::env::args_os().next().map(PathBuf::from);
    let name = file.as_ref().and_then(|file| file.file_stem()?.to_str());
    let matches = Cli::named(name).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let mut stdin = io::stdin().lock();
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut terminal = Terminal::new();
    let mut stdout = io::stdout();
    let environment = Environment {
        stdin: Stdin::new(&mut stdin),
        kubeconfigs: kubeconfigs(),
        logins: logins(),
        now: Time::from_unix(i64::try_from(clock.as_secs()).unwrap_or(i64::MAX)),
        colour: io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        wait: &mut terminal,
        look: look(),
        stdout: &mut stdout,
    };
    let answer = commands::run(cli.command, environment);
    terminal.clear();
    let exit = match answer.and_then(print) {
        Ok(exit) => exit,
        Err(error) => {
            // Nobody reads what cannot be written to standard error either.
            let _ = writeln!(io::stderr(), "error: {error}");
            error.exit()
        }
    };
    ExitCode::from(exit as u8)
}

/// Where kubectl would look for a cluster.
fn kubeconfigs() -> Kubeconfigs {
    let named = std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty());
    let files = match named {
        Some(named) => std::env::split_paths(&named).collect(),
        None => std::env::home_dir()
            .map(|home| home.join(".kube/config"))
            .into_iter()
            .collect(),
    };
    Kubeconfigs {
        files,
        is_in_cluster: std::env::var_os("KUBERNETES_SERVICE_HOST").is_some(),
    }
}

/// Where Docker and Podman leave credentials, the most exact place first.
fn logins() -> Logins {
    let named = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = std::env::home_dir();
    let files = [
        named("REGISTRY_AUTH_FILE"),
        named("DOCKER_CONFIG")
            .or_else(|| Some(home.as_ref()?.join(".docker")))
            .map(|folder| folder.join("config.json")),
        named("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json")),
        named("XDG_CONFIG_HOME")
            .or_else(|| Some(home.as_ref()?.join(".config")))
            .map(|folder| folder.join("containers/auth.json")),
    ];
    Logins {
        files: files.into_iter().flatten().collect(),
    }
}

/// What the terminal can show, if there is one.
fn look() -> Option<Look> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    io::stdout().is_terminal().then(|| {
        Look::of(&Variables {
            no_color: variable("NO_COLOR").as_deref(),
            term: variable("TERM").as_deref(),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).as_deref(),
        })
    })
}

fn print(answer: Answer) -> Result<Exit, Error> {
    for note in &answer.notes {
        let _ = writeln!(io::stderr(), "{note}");
    }
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(answer.data.as_bytes()).and_then(|()| stdout.flush());
    for hint in &answer.hints {
        let _ = writeln!(io::stderr(), "{hint}");
    }
    match written {
        // The reader has seen enough (`mirrorctl … | head`).
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Output {
            name: "standard output".to_owned(),
            error,
        }),
        _ if answer.findings => Ok(Exit::Findings),
        _ => Ok(Exit::Ok),
    }
}
