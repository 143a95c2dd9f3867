//! Namespaces of its own for the lab: network, mounts and processes. Nothing of the lab collides with the machine or
//! with another lab, and when the outer process ends, in whatever way, the kernel takes everything down with it.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};

/// Tells the process inside that it is inside.
const INSIDE: &str = "MESH_TEST_INSIDE";

/// Whose the terminal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terminal {
    /// Ctrl-C reaches the outer process alone, and the kernel ends the rest.
    Apart,
    /// Ctrl-C belongs to a shell inside.
    Shared,
}

/// Whether this process is already in namespaces of its own.
pub fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Fails unless this process may make namespaces.
pub fn expect_root() -> Result<()> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "the mesh is made of network namespaces, which needs root"
    );
    Ok(())
}

/// Runs this very command once more in namespaces of its own, and returns how it ended.
pub fn run_inside(terminal: Terminal) -> Result<ExitCode> {
    let mut command = Command::new("setpriv");
    // The inner process is killed when `unshare` ends, and `unshare` when this process does.
    command
        .args([
            "--pdeathsig",
            "KILL",
            "unshare",
            "--fork",
            "--kill-child",
            "--mount",
            "--mount-proc",
            "--pid",
            "--net",
        ])
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1");
    if terminal == Terminal::Apart {
        command.process_group(0);
    }
    let status = command
        .status()
        .context("cannot run setpriv (Debian package util-linux)")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}
