//! A client that asks all the while, each time on a connection of its own: what a change must not harm.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::pod::Pod;
use crate::wait::{self, Found, PATIENCE};

/// A header of its requests, by which a mirror can leave them alone.
pub const HEADER: &str = "x-load";

/// A client at work. It ends when this value is dropped.
pub struct Load {
    client: Child,
    /// A line with the status of each answer.
    statuses: PathBuf,
}

impl Load {
    /// Sends a hundred requests a second to a pod, and returns when the first is answered.
    pub fn start(pod: &Pod) -> Result<Self> {
        let statuses = PathBuf::from(format!("/media/logs/{}/{}.load", pod.namespace, pod.name));
        // curl buffers its standard output, and would keep the last statuses to itself.
        let client = Command::new("curl")
            .args(["-s", "--rate", "100/s", "--max-time", "600", "-H", "connection: close"])
            .args(["-o", "/dev/null", "-w", "%{stderr}%{http_code}\\n"])
            .args(["-H", &format!("{HEADER}: yes")])
            .arg(pod.url("load", 1_000_000))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&statuses)?)
            .spawn()
            .context("cannot run curl")?;
        let load = Self { client, statuses };
        wait::until("the first answer", PATIENCE, || {
            Ok(match load.statuses()?.is_empty() {
                true => Found::NotYet("none".to_owned()),
                false => Found::Yes(()),
            })
        })?;
        Ok(load)
    }

    /// Ends it, and fails unless each request was answered with 200.
    pub fn expect_unharmed(self) -> Result<()> {
        let statuses = self.statuses()?;
        ensure!(
            statuses.keys().eq(["200"]),
            "a client that asked all the while was answered with (status: number): {statuses:?}"
        );
        Ok(())
    }

    /// How many answers came, by their status.
    fn statuses(&self) -> Result<BTreeMap<String, usize>> {
        let mut statuses = BTreeMap::new();
        for status in fs::read_to_string(&self.statuses)?.lines() {
            *statuses.entry(status.to_owned()).or_default() += 1;
        }
        Ok(statuses)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.client.kill();
        let _ = self.client.wait();
    }
}
