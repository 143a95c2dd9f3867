//! The thread that owns every Envoy.
//!
//! Envoy asks the kernel to be told when its parent ends, so that none survives this process, however that ends.
//! "Parent" means the *thread* that spawned it (`prctl(PR_SET_PDEATHSIG)`; with hot restart disabled Envoy does not
//! ask). Tasks move between the threads of a runtime, and those come and go; so one thread, which lives as long as the
//! process, spawns them all.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{LazyLock, mpsc};

use anyhow::{Context as _, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use tokio::sync::oneshot;

struct Order {
    command: Command,
    cores: Option<CpuSet>,
    spawned: oneshot::Sender<std::io::Result<Child>>,
}

static OWNER: LazyLock<mpsc::Sender<Order>> = LazyLock::new(|| {
    let (orders, inbox) = mpsc::channel::<Order>();
    let work = move || {
        for mut order in inbox {
            // A group of its own: Ctrl-C at the terminal reaches us only, and we stop it when its clients are done.
            order.command.process_group(0);
            let child = on_cores(order.cores.as_ref(), || order.command.spawn());
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

/// Lets this command's Envoy die with its owner, and start beside others. It writes its id of shared memory to the
/// file.
pub fn tie(command: &mut Command, base_id_file: &Path) {
    command
        .args(["--use-dynamic-base-id", "--base-id-path"])
        .arg(base_id_file);
}

/// Removes the shared memory that an Envoy leaves behind when it has ended.
pub fn tidy(base_id_file: &Path) {
    if let Ok(id) = std::fs::read_to_string(base_id_file) {
        // Envoy appends its restart epoch, which is 0 here (source/server/hot_restart_impl.cc).
        let _ = std::fs::remove_file(format!("/dev/shm/envoy_shared_memory_{}0", id.trim()));
    }
}

/// Spawns the command on the owner's thread; on these cores, if they are given.
pub async fn spawn(command: Command, cores: Option<CpuSet>) -> Result<Child> {
    let (spawned, child) = oneshot::channel();
    let order = Order {
        command,
        cores,
        spawned,
    };
    OWNER.send(order).ok().context("the owner of all Envoys is gone")?;
    child
        .await
        .context("the owner of all Envoys is gone")?
        .context("Envoy cannot be started")
}

/// What is spawned meanwhile inherits the cores of this thread.
fn on_cores<T>(cores: Option<&CpuSet>, work: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<T> {
    let Some(cores) = cores else { return work() };
    let before = sched_getaffinity(None)?;
    sched_setaffinity(None, cores)?;
    let result = work();
    sched_setaffinity(None, &before)?;
    result
}
