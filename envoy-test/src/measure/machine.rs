//! The machine: its cores, who may run on which, and what a reader of the numbers must know of it.

use std::path::Path;

use anyhow::{Context as _, Result};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Which core is whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cores {
    pub proxy: usize,
    pub load: usize,
}

// === impl Cores ===

impl Cores {
    /// The last core that this process may use for the proxy, the first for the load and the backends.
    pub fn find() -> Result<Self> {
        let allowed = sched_getaffinity(None).context("the kernel does not tell the cores")?;
        let cores: Vec<_> = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect();
        Ok(Self {
            proxy: *cores.last().context("no core")?,
            load: *cores.first().context("no core")?,
        })
    }

    /// Whether load and proxy compete.
    pub fn is_shared(&self) -> bool {
        self.proxy == self.load
    }

    /// Puts every thread of this process on the core of the load; threads that are started later inherit it.
    pub fn settle_here(&self) -> Result<()> {
        for task in tasks(Path::new("/proc/self/task"))? {
            let _ = sched_setaffinity(task.parse().ok().and_then(Pid::from_raw), &only(self.load));
        }
        Ok(())
    }
}

impl std::fmt::Display for Cores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_shared() {
            write!(
                f,
                "one, which the proxy shares with load and backends: latencies say little"
            )
        } else {
            write!(
                f,
                "core {} for the proxy, core {} for load and backends",
                self.proxy, self.load
            )
        }
    }
}

/// The set of one core.
pub fn only(core: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.set(core);
    set
}

/// Resident memory of a process in KiB: all of it, and what is its own (not the binary's pages).
pub fn memory(process: u32) -> Result<(u64, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
            .with_context(|| format!("/proc/{process}/status has no {name}"))
    };
    Ok((field("VmRSS:")?, field("RssAnon:")?))
}

/// The processor as its maker calls it.
pub fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find(|line| line.starts_with("model name"));
    model
        .and_then(|line| line.split_once(':'))
        .map_or_else(|| "unknown processor".to_owned(), |(_, name)| name.trim().to_owned())
}

/// The kernel's release.
pub fn kernel() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("Linux {}", text.trim())
}

/// How the kernel schedules this process: `normal`, or ahead of everything (`chrt --fifo`).
pub fn scheduling() -> String {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The fields after the name, which may contain anything, begin with the third.
    let fields: Vec<_> = text.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ').collect();
    match fields.get(41 - 3).copied() {
        Some("1" | "2") => "realtime".to_owned(),
        _ => "normal".to_owned(),
    }
}

/// How many threads wanted to run in the last minute.
pub fn load_average() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace()
        .next()
        .and_then(|first| first.parse().ok())
        .unwrap_or(f64::NAN)
}

/// What the machine's cores have done since it started, in ticks: all of it, and the part that its host gave to others.
pub fn ticks() -> [u64; 2] {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    let fields: Vec<u64> = first
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; what follows is part of user and nice.
    [fields.iter().take(8).sum(), fields.get(7).copied().unwrap_or(0)]
}

fn tasks(folder: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?;
    Ok(entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect())
}
