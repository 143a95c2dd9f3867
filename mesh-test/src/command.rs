//! Commands that run to their end, and say in one error what they were and what they wrote.

use std::ffi::OsStr;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, ensure};

/// Runs a command to its end with this input, whatever its end is.
pub fn run(command: &mut Command, input: &[u8]) -> Result<Output> {
    let shown = shown(command);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {shown}"))?;
    let mut stdin = child.stdin.take().context("a command without standard input")?;
    // Nothing of ours writes much before it has read its input, so this cannot block for ever. A command that wants no
    // input may have closed it.
    let _ = stdin.write_all(input);
    drop(stdin);
    Ok(child.wait_with_output()?)
}

/// Runs a command that must succeed, and returns what it printed.
pub fn output(command: &mut Command, input: &[u8]) -> Result<String> {
    let output = run(command, input)?;
    printed(&shown(command), &output)
}

/// What a program printed, if it succeeded.
pub fn printed(program: &str, output: &Output) -> Result<String> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{program} ended with {}: {}",
        output.status,
        said.trim()
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a line of words that must succeed. Nothing is quoted.
pub fn line(line: &str) -> Result<String> {
    let mut words = line.split_whitespace();
    let program = words.next().context("an empty command")?;
    output(Command::new(program).args(words), b"")
}

fn shown(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect();
    words.join(" ")
}
