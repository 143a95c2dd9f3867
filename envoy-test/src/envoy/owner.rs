//! The thread that owns every Envoy.
//!
//! The kernel is asked to kill each Envoy when its parent ends, so that none survives this process, however that ends. "Parent" means the
//! *thread* that spawned it (`prctl(PR_SET_PDEATHSIG)`, which Envoy also asks for by itself unless hot restart is disabled). Tasks move
//! between the threads of a runtime, and those come and go; so one thread, which lives as long as the process, spawns them all.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::sync::{LazyLock, mpsc};

use anyhow::{Context as _, Result};
use tokio::sync::oneshot;

struct Order {
    command: Command,
    spawned: oneshot::Sender<std::io::Result<Child>>,
}

static OWNER: LazyLock<mpsc::Sender<Order>> = LazyLock::new(|| {
    let (orders, inbox) = mpsc::channel::<Order>();
    let work = move || {
        for mut order in inbox {
            // A group of its own: Ctrl-C at the terminal reaches us only, and we stop it when its clients are done.
            order.command.process_group(0);
            die_with_parent(&mut order.command);
            let child = order.command.spawn();
            if let Err(Ok(mut unwanted)) = order.spawned.send(child) {
                let _ = unwanted.kill();
                let _ = unwanted.wait();
            }
        }
    };
    std::thread::Builder::new()
        .name("envoy-owner".to_owned())
        .spawn(work)
        .expect("a thread can be started");
    orders
});

/// Spawns the command on the owner's thread.
pub async fn spawn(command: Command) -> Result<Child> {
    let (spawned, child) = oneshot::channel();
    OWNER
        .send(Order { command, spawned })
        .ok()
        .context("the owner of all Envoys is gone")?;
    child
        .await
        .context("the owner of all Envoys is gone")?
        .context("Envoy cannot be started")
}

#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    use rustix::process::{Signal, set_parent_process_death_signal};
    // SAFETY: runs in the child between fork and exec, and does nothing there but one system call.
    unsafe {
        command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}
