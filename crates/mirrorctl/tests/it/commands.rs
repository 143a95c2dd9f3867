//! What holds of every command: its help, its version, its completion, its name.

use std::path::Path;
use std::process::Command;

use crate::common::run;
use clap::CommandFactory;
use mirrorctl::cli::Cli;

#[test]
fn the_help_of_every_command_has_an_example() {
    fn visit(command: &clap::Command, path: &[&str]) -> usize {
        let mut args = path.to_vec();
        args.push("--help");
        let ran = run(Path::new("."), &args, b"");
        assert_eq!(ran.exit, 0, "{args:?}: {}", ran.stderr);
        let (_, example) = ran
            .stdout
            .split_once("\nExample")
            .unwrap_or_else(|| panic!("{args:?}: no example"));
        assert!(
            example.contains("\n  mirrorctl ") || example.contains("| mirrorctl "),
            "{args:?}: {example}"
        );
        let below = command.get_subcommands().filter(|command| command.get_name() != "help");
        1 + below
            .map(|command| {
                let mut path = path.to_vec();
                path.push(command.get_name());
                visit(command, &path)
            })
            .sum::<usize>()
    }
    assert!(visit(&Cli::command(), &[]) >= 4);
}

#[test]
fn the_arguments_do_not_contradict_each_other() {
    Cli::command().debug_assert();
}

#[test]
fn the_version_is_printed_in_every_form() {
    let version = env!("CARGO_PKG_VERSION");
    for (args, printed) in [
        (&["version"][..], format!("mirrorctl {version}\n")),
        (&["version", "-o", "yaml"], format!("version: \"{version}\"\n")),
        (
            &["version", "-o", "json"],
            format!("{{\n  \"version\": \"{version}\"\n}}\n"),
        ),
    ] {
        let ran = run(Path::new("."), args, b"");
        assert_eq!((ran.exit, ran.stdout, ran.stderr), (0, printed, String::new()));
    }
}

#[test]
fn the_completion_of_every_shell_names_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = run(Path::new("."), &["completion", shell], b"");
        assert_eq!(ran.exit, 0);
        assert!(
            ran.stdout.contains("generate") && ran.stdout.contains("istio-version"),
            "{shell}"
        );
    }
    let ran = run(Path::new("."), &["completion", "bash", "--name", "kubectl-mirror"], b"");
    assert!(ran.stdout.contains("kubectl-mirror"), "the name of the plugin");
}

/// kubectl runs a plugin by its file's name.
#[cfg(unix)]
#[test]
fn it_works_under_the_name_of_a_kubectl_plugin() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let plugin = folder.join("kubectl-mirror");
    let _ = std::fs::remove_file(&plugin);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_mirrorctl"), &plugin).expect("a link");
    let output = Command::new(&plugin).arg("--help").output().expect("it runs");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success());
    assert!(help.contains("Usage: kubectl mirror"), "{help}");
}

/// A reader that has seen enough is no failure.
#[cfg(unix)]
#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let script = format!(
        "set -o pipefail; {} completion bash | head -c 1 > /dev/null",
        env!("CARGO_BIN_EXE_mirrorctl")
    );
    let status = Command::new("bash").args(["-c", &script]).status().expect("bash");
    assert!(status.success(), "{status}");
}
