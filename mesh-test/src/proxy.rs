//! What a pod's proxy says of itself: which plugins it serves, and what memory it has.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::command::output;
use crate::pod::Pod;
use crate::wait::{self, Found, PATIENCE};

impl Pod {
    /// Asks the proxy's admin interface.
    pub fn admin(&self, path: &str) -> Result<String> {
        self.inside(&["curl", "-sSf", &format!("http://127.0.0.1:15000/{path}")])
    }

    /// Waits until the proxy serves new connections with a filter that has this configuration.
    pub fn wait_for_plugin(&self, filter: &str, configuration: &str) -> Result<()> {
        let what = format!("{filter} with `{configuration}` at {}", self.name);
        wait::until(&what, PATIENCE, || {
            let Some(seen) = self.configuration(filter)? else {
                return Ok(Found::NotYet("no such filter".to_owned()));
            };
            if !is_same(&seen, configuration) {
                return Ok(Found::NotYet(format!("configuration `{seen}`")));
            }
            self.has_listener_with(filter)
        })
    }

    /// Waits until a filter runs the module of the image with this digest.
    pub fn wait_for_module(&self, filter: &str, digest: &str) -> Result<()> {
        let what = format!("the module {digest} in {filter} at {}", self.name);
        wait::until(&what, PATIENCE, || {
            let dump = self.discovered(filter)?.map(|one| one.to_string()).unwrap_or_default();
            Ok(match dump.contains(digest) {
                true => Found::Yes(()),
                false => Found::NotYet(dump),
            })
        })
    }

    /// Waits until no listener that accepts connections has this filter.
    pub fn wait_for_no_plugin(&self, filter: &str) -> Result<()> {
        let what = format!("{} without {filter}", self.name);
        wait::until(&what, PATIENCE, || {
            let is_gone = self.listeners()?.iter().all(|one| !has_filter(one, filter));
            Ok(match is_gone {
                true => Found::Yes(()),
                false => Found::NotYet("the filter is in its listener".to_owned()),
            })
        })
    }

    /// The configuration that was discovered last for a filter.
    fn configuration(&self, filter: &str) -> Result<Option<String>> {
        let text = |one: Value| {
            let value = &one["config"]["configuration"]["value"];
            value.as_str().unwrap_or_default().to_owned()
        };
        Ok(self.discovered(filter)?.map(text))
    }

    /// What was discovered last for a filter.
    fn discovered(&self, filter: &str) -> Result<Option<Value>> {
        let dump: Value = serde_json::from_str(&self.admin("config_dump?resource=ecds_filters")?)?;
        let mut all = dump["configs"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| &one["ecds_filter"]);
        let ours = all.find(|one| one["name"] == filter);
        Ok(ours.map(|one| one["typed_config"].clone()))
    }

    fn has_listener_with(&self, filter: &str) -> Result<Found<()>> {
        let all = self.listeners()?;
        let inbound = all.iter().find(|one| one["name"] == "virtualInbound");
        let inbound = inbound.context("no inbound listener")?;
        let is_warming = !inbound["warming_state"].is_null();
        Ok(match has_filter(inbound, filter) && !is_warming {
            true => Found::Yes(()),
            false => Found::NotYet(format!("the filter is not in the listener yet; warming: {is_warming}")),
        })
    }

    fn listeners(&self) -> Result<Vec<Value>> {
        let dump: Value = serde_json::from_str(&self.admin("config_dump?resource=dynamic_listeners")?)?;
        dump["configs"].as_array().cloned().context("no list of listeners")
    }

    /// Bytes of resident memory of the proxy, now.
    pub fn resident_bytes(&self) -> Result<u64> {
        self.envoy_status("VmRSS:")
    }

    /// The most bytes of resident memory that the proxy has ever had.
    pub fn peak_bytes(&self) -> Result<u64> {
        self.envoy_status("VmHWM:")
    }

    /// A number of the kernel's about the proxy, in bytes.
    fn envoy_status(&self, field: &str) -> Result<u64> {
        let pids = output(Command::new("ip").args(["netns", "pids", &self.network]), b"")?;
        for pid in pids.split_whitespace() {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            if status.starts_with("Name:\tenvoy\n") {
                let value = status.lines().find_map(|line| line.strip_prefix(field));
                let kib: u64 = value.unwrap_or_default().trim().trim_end_matches(" kB").parse()?;
                return Ok(kib << 10);
            }
        }
        bail!("{} runs no Envoy", self.name)
    }
}

/// Whether a listener accepts connections for which it runs this filter.
fn has_filter(listener: &Value, filter: &str) -> bool {
    listener["active_state"].to_string().contains(&format!("\"{filter}\""))
}

/// Whether two texts are the same, as JSON if both are JSON.
fn is_same(seen: &str, wanted: &str) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    seen == wanted || parsed(seen).is_some_and(|seen| parsed(wanted) == Some(seen))
}
