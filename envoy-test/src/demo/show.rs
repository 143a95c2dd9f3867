//! What the demo prints, for a terminal of 80 to 100 columns.

use std::net::SocketAddr;

use super::checks::Checks;
use crate::backend::{Received, readable};
use crate::ledger::{Counts, Ledger};
use crate::terminal::Paint;
use crate::traffic::Sent;

/// The width of one side of a pair.
const SIDE: usize = 44;

/// Prints.
pub(super) struct Show {
    paint: Paint,
}

// === impl Show ===

impl Show {
    pub(super) fn new(paint: Paint) -> Self {
        Self { paint }
    }

    pub(super) fn opening(&self, envoy: SocketAddr, primary: SocketAddr, shadow: SocketAddr) {
        println!(
            "{}",
            self.paint.bold("Traffic mirror: a real Envoy, a primary, a shadow")
        );
        println!();
        println!("  client ──▶ Envoy {envoy} ──▶ primary {primary}  answers the client");
        println!(
            "                  {:>21} ╰──▶ shadow  {shadow}  its answers are counted",
            ""
        );
    }

    pub(super) fn heading(&self, text: &str) {
        println!();
        println!(
            "{}",
            self.paint.bold(&format!(
                "━━ {text} {}",
                "━".repeat((2 * SIDE + 2_usize).saturating_sub(text.chars().count() + 4))
            ))
        );
        println!();
    }

    pub(super) fn kinds(&self, sent: &Sent) {
        for row in sent.kinds.chunks(3) {
            let cells: Vec<_> = row
                .iter()
                .map(|(kind, count)| format!("{count:4} × {kind:21}"))
                .collect();
            println!("{}", cells.join(" ").trim_end());
        }
        println!("  over HTTP/1 and HTTP/2, to two hosts");
    }

    /// The same request on both sides; what differs is marked.
    pub(super) fn pair(&self, title: &str, primary: &Received, shadow: &Received) {
        println!();
        let heading = format!("{:SIDE$}  {}", format!("{title}: the primary got"), "the shadow got");
        println!("  {}", self.paint.cyan(&heading));
        for (left, right) in aligned(&lines(primary), &lines(shadow)) {
            let line = format!("{}  {}", fit(&left), fit(&right));
            let line = line.trim_end();
            println!(
                "{}",
                if left == right {
                    self.paint.dim(&format!("  {line}"))
                } else {
                    self.paint.yellow(&format!("≠ {line}"))
                }
            );
        }
    }

    pub(super) fn ledger(&self, ledger: &Ledger) {
        println!();
        println!(
            "  {}",
            self.paint
                .cyan(&format!("What the filter counted for mirror {}", ledger.mirror))
        );
        println!("  matched {:>6}   sent {:>6}", ledger.matched, ledger.sent);
        for (name, counts, meaning) in [
            ("skipped", &ledger.skipped, "what the configuration decided"),
            ("dropped", &ledger.dropped, "what was lost"),
            ("responses", &ledger.responses, "what the shadow answered"),
            ("failures", &ledger.failures, "copies without an answer"),
            (
                "primary",
                &ledger.primary_responses,
                "what the primary answered to the same requests",
            ),
        ] {
            println!("  {name:10} {:36} {}", reasons(counts), self.paint.dim(meaning));
        }
    }

    pub(super) fn share(&self, sent: u64, of: u64, percentage: u64) {
        let cells = 40;
        let filled = usize::try_from(sent * cells / of.max(1)).unwrap_or(0);
        let bar = format!("{}{}", "█".repeat(filled), "░".repeat(cells as usize - filled));
        println!(
            "  mirrored  {}  {sent} of {of} = {:.1} %  (asked: {percentage} %)",
            self.paint.green(&bar),
            sent as f64 * 100.0 / of as f64
        );
    }

    pub(super) fn checks(&self, checks: &Checks) {
        self.checks_from(checks, 0);
    }

    pub(super) fn checks_from(&self, checks: &Checks, from: usize) {
        println!();
        for (claim, held) in checks.iter().skip(from) {
            let mark = if *held {
                self.paint.green("✓")
            } else {
                self.paint.red("✗")
            };
            println!("  {mark} {claim}");
        }
    }

    pub(super) fn verdict(&self, checks: &Checks) {
        println!();
        match checks.failed() {
            0 => println!("{}", self.paint.green(&format!("All {} checks held.", checks.len()))),
            failed => println!(
                "{}",
                self.paint.red(&format!("{failed} of {} checks failed.", checks.len()))
            ),
        }
    }
}

/// A request as lines: the request line, the authority, the headers by name, the body.
fn lines(received: &Received) -> Vec<(String, String)> {
    let mut lines = vec![
        (String::new(), format!("{} {}", received.method, received.path)),
        ("host".to_owned(), format!("host: {}", received.authority)),
    ];
    let mut headers: Vec<_> = received.headers.iter().filter(|(name, _)| name != "host").collect();
    headers.sort();
    lines.extend(
        headers
            .into_iter()
            .map(|(name, value)| (name.clone(), format!("{name}: {}", readable(value)))),
    );
    if received.body_length > 0 {
        lines.push(("~body".to_owned(), readable(&received.body)));
    }
    lines
}

/// Lines with the same name side by side, in the order of the names.
fn aligned(left: &[(String, String)], right: &[(String, String)]) -> Vec<(String, String)> {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    let mut rows = Vec::new();
    // The first two lines are on both sides; from there on both are sorted by name.
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return rows,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(_), Some(_)) if rows.len() < 2 => std::cmp::Ordering::Equal,
            (Some((left, _)), Some((right, _))) => left.cmp(right),
        };
        let take = |side: &mut dyn Iterator<Item = &(String, String)>, wanted: bool| {
            if wanted {
                side.next().map_or_else(String::new, |(_, text)| text.clone())
            } else {
                String::new()
            }
        };
        rows.push((take(&mut left, order.is_le()), take(&mut right, order.is_ge())));
    }
}

/// Cut or filled to the width of one side.
fn fit(text: &str) -> String {
    let mut text: String = text.lines().next().unwrap_or_default().to_owned();
    if text.chars().count() > SIDE {
        text = text.chars().take(SIDE - 1).chain(['…']).collect();
    }
    format!("{text:SIDE$}")
}

fn reasons(counts: &Counts) -> String {
    let shown: Vec<_> = counts
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    if shown.is_empty() {
        "–".to_owned()
    } else {
        shown.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(lines: &[&str]) -> Vec<(String, String)> {
        lines
            .iter()
            .map(|line| {
                (
                    line.split(':').next().unwrap_or_default().to_owned(),
                    (*line).to_owned(),
                )
            })
            .collect()
    }

    #[test]
    fn lines_of_the_same_name_stand_side_by_side() {
        let rows = aligned(
            &named(&["GET /", "host: a", "a: 1", "c: 1"]),
            &named(&["GET /", "host: a-shadow", "b: 2", "c: 1", "d: 3"]),
        );
        let expected = [
            ("GET /", "GET /"),
            ("host: a", "host: a-shadow"),
            ("a: 1", ""),
            ("", "b: 2"),
            ("c: 1", "c: 1"),
            ("", "d: 3"),
        ];
        let rows: Vec<_> = rows
            .iter()
            .map(|(left, right)| (left.as_str(), right.as_str()))
            .collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_side_keeps_its_width() {
        assert_eq!(fit("short").chars().count(), SIDE);
        assert_eq!(fit(&"long".repeat(40)).chars().count(), SIDE);
    }
}
