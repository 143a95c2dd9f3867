//! `mirrorctl watch` in a real terminal, which tmux is: what stands on its screen is read back, as a person reads it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::Instant;

use super::{PATIENCE, sum};
use crate::ledger::Counts;

/// tmux tells no events.
const TICK: Duration = Duration::from_millis(100);
/// So large that every reason has its line.
const SIZE: [&str; 4] = ["-x", "160", "-y", "60"];
/// The title of the account, which is on the right.
const ACCOUNT: &str = "Copies in the last";

/// A terminal with a running program. Both end with this value.
pub struct Pane {
    tmux: PathBuf,
    folder: TempDir,
}

// === impl Pane ===

impl Pane {
    /// Runs this command line, and waits until it shows that nothing has happened yet.
    pub async fn open(tmux: &Path, command: &[String]) -> Result<Self> {
        let pane = Self {
            tmux: tmux.to_owned(),
            folder: tempfile::Builder::new().prefix("envoy-test-pane-").tempdir()?,
        };
        let mut all = vec!["-f", "/dev/null", "new-session", "-d"];
        all.extend(SIZE);
        all.extend(["env", "-u", "NO_COLOR"]);
        all.extend(command.iter().map(String::as_str));
        pane.tmux(&all).await?;
        pane.when("NoTraffic", &Counts::new()).await?;
        Ok(pane)
    }

    /// Waits until it shows this state, and an account of just these counts.
    pub async fn when(&self, state: &str, counts: &Counts) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.tmux(&["capture-pane", "-p"]).await?;
            let is_there = screen.lines().next().is_some_and(|line| line.contains(state));
            let shown = account(&screen);
            if is_there && shown.as_ref().is_ok_and(|shown| shown == counts) {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "waited {PATIENCE:?} for {state} and {counts:?} on the screen, which is read as {shown:?}:\n{screen}"
            );
            tokio::time::sleep(TICK).await;
        }
    }

    async fn tmux(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command(arguments).output().await;
        let output =
            output.with_context(|| format!("no tmux at {}: `make test-envoy` brings one", self.tmux.display()))?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "tmux {arguments:?}: {errors}");
        Ok(String::from_utf8(output.stdout)?)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.tmux);
        command
            .arg("-u")
            .arg("-S")
            .arg(self.folder.path().join("socket"))
            .args(arguments)
            .env_remove("TMUX");
        command
    }
}

impl Drop for Pane {
    fn drop(&mut self) {
        // What runs in it ends with the server.
        let _ = self.command(&["kill-server"]).as_std_mut().output();
    }
}

/// The account on the screen, by names as [`super::counted()`] has them. Its sums must be those of its lines.
fn account(screen: &str) -> Result<Counts> {
    let mut lines = screen.lines().skip_while(|line| !line.contains(ACCOUNT)).peekable();
    let title = lines.peek().context("there is no account")?;
    let column = title.chars().take_while(|&c| c != 'C').count();
    let (mut sums, mut counts) = (Counts::new(), Counts::new());
    for line in lines.skip(1) {
        let line: String = line.chars().skip(column).collect();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [kind @ ("dropped" | "failed" | "skipped"), result, .., count, _] if number(result).is_none() => {
                let kind = if kind == "failed" { "failures" } else { kind };
                counts.insert(format!("{kind}.{result}"), number(count).context("no count")?);
            }
            [class, primary, _, shadow, _] if class.ends_with("xx") => {
                for (kind, count) in [("primary", primary), ("responses", shadow)] {
                    counts.insert(format!("{kind}.{class}"), number(count).context("no count")?);
                }
            }
            // `matched 3  sent 2  dropped 0`
            _ if words.len() > 1 && words.chunks(2).all(|pair| pair.len() == 2 && number(pair[1]).is_some()) => {
                let pairs = words
                    .chunks(2)
                    .filter_map(|pair| Some((pair[0].to_owned(), number(pair[1])?)));
                sums.extend(pairs);
            }
            _ => {}
        }
    }
    for (name, kind) in [
        ("dropped", "dropped"),
        ("skipped", "skipped"),
        ("answered", "responses"),
        ("failed", "failures"),
    ] {
        let (said, expected) = (sums.get(name).copied(), sum(&counts, kind));
        if said != Some(expected) {
            bail!("`{name}` is {said:?}, and its lines have {expected}");
        }
    }
    for name in ["matched", "sent"] {
        counts.insert(name.to_owned(), *sums.get(name).context("a sum is missing")?);
    }
    counts.retain(|_, count| *count > 0);
    Ok(counts)
}

/// A whole number, as people write it.
fn number(text: &str) -> Option<u64> {
    text.replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::account;

    const SCREEN: &str = "\
 reviews-v2  ▲ Losing  engine wasm
 Latency p95   ━━ primary 15.9 ms   Copies in the last 5 min (20 s known)
 30┤                                matched 2,016  sent 2,000  dropped 5  skipped 11
   │        ⣀⡠⠒⠒⠒  ⢄                answered 1,998  failed 2
   │                 ⠑⢄             dropped body_too_large     █████      5  0.25%
   │    ⢀⠎⠁           ⠑⢄            failed  reset              ██         2  0.10%
 20┤   ⢀⠎                           skipped not_sampled        █████     11  0.55%
   │   ⠈
   │                                Answers           primary            shadow
   │    12                          2xx          2,000   100%     1,990 99.60%
   │                                5xx              0     0%         8  0.40%
  q  quit   ?  help   Space  pause
";

    #[test]
    fn a_screen_is_read_as_a_person_reads_it() {
        let counts = account(SCREEN).unwrap();
        let expected = [
            ("matched", 2016),
            ("sent", 2000),
            ("dropped.body_too_large", 5),
            ("failures.reset", 2),
            ("skipped.not_sampled", 11),
            ("primary.2xx", 2000),
            ("responses.2xx", 1990),
            ("responses.5xx", 8),
        ];
        assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)).into());
    }

    #[test]
    fn sums_that_are_not_those_of_their_lines_are_noticed() {
        account(&SCREEN.replace("dropped 5 ", "dropped 6 ")).unwrap_err();
        account(&SCREEN.replace("answered 1,998", "answered 1,990")).unwrap_err();
        account("nothing").unwrap_err();
    }
}
