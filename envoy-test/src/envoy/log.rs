//! The log of one Envoy: kept in a file, and awaitable line by line.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::ChildStderr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::sync::watch;

/// The log of one Envoy.
pub struct Log {
    lines: watch::Receiver<Vec<String>>,
}

// === impl Log ===

impl Log {
    /// Reads until Envoy closes its end. Nobody else reads it, and an unread log would stop Envoy, so a thread does
    /// nothing else.
    pub fn follow(stderr: ChildStderr, copy: &Path) -> Result<Self> {
        let mut copy = File::create(copy).with_context(|| format!("cannot write {}", copy.display()))?;
        let (sender, lines) = watch::channel(Vec::new());
        let work = move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                let _ = writeln!(copy, "{line}");
                sender.send_modify(|lines| lines.push(line));
            }
        };
        std::thread::Builder::new().name("envoy-log".to_owned()).spawn(work)?;
        Ok(Self { lines })
    }

    /// Waits for a line that contains all of these, and returns it.
    pub async fn wait_for(&self, parts: &[&str], patience: Duration) -> Result<String> {
        let matches = |line: &&String| parts.iter().all(|part| line.contains(part));
        let what = format!("a line with {parts:?}");
        self.wait_until(&what, patience, |lines| lines.iter().any(|line| matches(&line)))
            .await?;
        let lines = self.lines.borrow();
        lines.iter().find(matches).cloned().context("a line vanished")
    }

    /// Waits until `condition` holds for all lines so far; `what` says it in an error.
    pub async fn wait_until(
        &self,
        what: &str,
        patience: Duration,
        condition: impl Fn(&[String]) -> bool,
    ) -> Result<()> {
        let mut lines = self.lines.clone();
        let found = lines.wait_for(|lines| condition(lines));
        match tokio::time::timeout(patience, found).await {
            Ok(Ok(_)) => Ok(()),
            _ => bail!("waited {patience:?} for Envoy to log {what}"),
        }
    }

    /// The lines that contain this.
    pub fn lines_with(&self, part: &str) -> Vec<String> {
        self.lines
            .borrow()
            .iter()
            .filter(|line| line.contains(part))
            .cloned()
            .collect()
    }

    /// The last lines that tell a person something: warnings and errors, without those that every start prints.
    pub fn tail(&self, count: usize) -> Vec<String> {
        let lines = self.lines.borrow();
        let telling = telling(&lines);
        telling[telling.len().saturating_sub(count)..].to_vec()
    }
}

fn telling(lines: &[String]) -> Vec<String> {
    const USUAL: [&str; 3] = [
        "][info][",
        "Deprecated field",
        "no configured limit to the number of allowed",
    ];
    let mut tells = false;
    let is_telling = move |line: &&String| {
        // A line without a time belongs to the one before it.
        if line.starts_with('[') {
            tells = !USUAL.iter().any(|usual| line.contains(usual));
        }
        tells
    };
    lines.iter().filter(is_telling).map(|line| shortened(line)).collect()
}

fn shortened(line: &str) -> String {
    const WIDTH: usize = 300;
    let mut short: String = line.chars().take(WIDTH).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::telling;

    #[test]
    fn a_tail_leaves_out_what_every_start_prints() {
        let lines = [
            "[1][info][main] layers:",
            "- static",
            "[2][error][wasm] trap",
            "Function: x",
            "[3][warning][misc] Deprecated field: y",
        ];
        assert_eq!(
            telling(&lines.map(str::to_owned)),
            ["[2][error][wasm] trap", "Function: x"]
        );
    }
}
