//! Configurations that the filter refuses: how they come, and what must hold then.

use anyhow::{Context as _, Result, ensure};

use super::{Lab, PATIENCE};
use crate::client::Connection;
use crate::envoy::{self, Update};
use crate::ledger::Statistics;

/// The name of the filter in `filter.yaml`, and its label in the statistics.
pub const PLUGIN: &str = "traffic_mirror";

/// How the filter's message begins.
const MESSAGE: &str = "configuration refused: ";

/// So many requests show whether they are copied.
const REQUESTS: usize = 5;

// === impl Lab ===

impl Lab {
    /// Gives the filter another name and this text as its configuration, or none. Envoy must accept, whatever it is.
    pub async fn update_plugin(&self, name: &str, text: Option<&str>) -> Result<()> {
        let filter = envoy::filter_file::with_plugin(&self.options.filter, name, text)?;
        let verdict = self.envoy.update(&filter).await?;
        ensure!(verdict == Update::Accepted, "Envoy refused {text:?} of {name}");
        Ok(())
    }

    /// Changes the file of the discovered listeners, and waits until Envoy has taken it.
    pub async fn edit_listeners(&self, from: &str, to: &str) -> Result<()> {
        let file = self.envoy.folder().join(envoy::bootstrap::LISTENERS);
        let text = std::fs::read_to_string(&file)?;
        ensure!(text.contains(from), "the listeners have no {from}");
        let new = file.with_extension("new");
        std::fs::write(&new, text.replace(from, to))?;
        let taken = "listener_manager.lds.update_success";
        let before = self.envoy.admin().get(&format!("/stats?filter=^{taken}$")).await?;
        let before: u64 = before.trim().rsplit_once(": ").context("no count")?.1.parse()?;
        std::fs::rename(&new, &file)?;
        self.wait_for_envoy(taken, before + 1).await
    }

    /// Waits until so many lines of the log say that a configuration was refused, and have all of these parts.
    pub async fn wait_for_refusals(&self, parts: &[&str], count: usize) -> Result<()> {
        let is_one = |line: &String| line.contains(MESSAGE) && parts.iter().all(|part| line.contains(part));
        let what = format!("{count} refusals with {parts:?}");
        let counted = |lines: &[String]| lines.iter().filter(|line| is_one(line)).count() >= count;
        self.envoy.log().wait_until(&what, PATIENCE, counted).await
    }

    /// Waits until the gauge of a plugin shows whether its configuration is refused.
    pub async fn wait_for_gauge(&self, plugin: &str, is_refused: bool) -> Result<Statistics> {
        let what = format!("the gauge of {plugin} is {is_refused}");
        let shows = |now: &Statistics| now.refused(plugin) == Some(is_refused.into());
        self.statistics_when(&what, shows).await
    }

    /// Sends requests, each of which is answered, and checks that the shadow gets a copy of each, or none.
    pub async fn assert_copied(&self, connection: &mut Connection, is_copied: bool) -> Result<()> {
        let before = self.shadow.journal().len();
        for _ in 0..REQUESTS {
            connection.get("/").await?.expect_ok()?;
        }
        if is_copied {
            self.shadow.journal().wait_for(before + REQUESTS, PATIENCE).await?;
        } else {
            self.statistics().await?;
        }
        let copied = self.shadow.journal().len() - before;
        let expected = if is_copied { REQUESTS } else { 0 };
        ensure!(copied == expected, "{copied} of {REQUESTS} requests were copied");
        Ok(())
    }
}
