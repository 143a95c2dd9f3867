//! One mirror in full: what it is set to, what goes on, both versions side by side, and its account as two balances
//! with every reason that anything happened for. The report's tables are made of the same lines.

use mirror_policy::statistics::Statistic;

use super::balances::Balances;
use super::gauges::Set;
use super::rates::Side;
use super::table;
use super::view::{MirrorView, View};
use super::words::{self, UNKNOWN, known, text};
use crate::job::Engine;
use crate::time::Time;

/// One line of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// How deep it stands: 0 a side of a balance, 1 what it is made of, 2 the reasons of that.
    pub depth: usize,
    /// What was counted.
    pub name: &'static str,
    /// In the window; `None`: a window says nothing about it, or nobody knows.
    pub window: Option<f64>,
    /// Since the proxies started.
    pub total: Option<f64>,
    /// What it means.
    pub meaning: &'static str,
}

/// Whether anything was ever said of a mirror. Without that there is no account.
pub fn is_known(mirror: &MirrorView) -> bool {
    let total = &mirror.total;
    mirror.proxies.0 > 0 || total.matched + total.sent + total.primary_responses > 0.0
}

/// The lines of the account of one mirror, made one by one.
struct Lines<'a> {
    window: Option<&'a Balances>,
    total: &'a Balances,
    /// Whether reasons are listed for which nothing happened.
    all: bool,
    lines: Vec<Line>,
}

/// The lines of an account; without `all`, only the reasons that something happened for.
pub fn lines(mirror: &MirrorView, all: bool) -> Vec<Line> {
    let mut lines = Lines {
        window: (mirror.window.seconds > 0.0).then_some(&mirror.window.balances),
        total: &mirror.total,
        all,
        lines: Vec::new(),
    };
    match mirror.engine {
        Engine::Wasm => lines.of_filter(),
        Engine::Native => lines.of_native(),
    }
    lines.lines
}

// === impl Lines ===

impl Lines<'_> {
    /// Both balances, and by how much they miss.
    fn of_filter(&mut self) {
        let total = self.total;
        let balance = "Requests that met the match = sent + skipped + dropped + collecting.";
        self.count(0, "matched", |balances| balances.matched, balance);
        self.count(1, "sent", |balances| balances.sent, "Copies that were sent.");
        self.count(1, "skipped", |balances| balances.skipped, "Policy left them out:");
        self.reasons(|one| matches!(one, Statistic::Skipped(_)));
        self.count(1, "dropped", |balances| balances.dropped, "Copies that were lost:");
        self.reasons(|one| matches!(one, Statistic::Dropped(_)));
        let collecting = "Copies whose request is not complete yet.";
        self.gauge(1, "collecting", total.collecting, collecting);
        self.copies("Copies that were sent = responses + failures + in flight.");
        self.gauge(1, "in flight", total.in_flight, "Copies whose answer is awaited.");
        self.primary("The primary's answers to the requests that were copied:");
        let unaccounted = "By how much the two balances miss.";
        self.gauge(0, "unaccounted", total.unaccounted, unaccounted);
    }

    /// What the proxies say of Envoy's own mirroring.
    fn of_native(&mut self) {
        self.copies("Requests that the shadow's proxy saw = responses + failures.");
        self.primary("The primary's answers:");
    }

    fn copies(&mut self, balance: &'static str) {
        self.count(0, "sent", |balances| balances.sent, balance);
        self.count(1, "responses", |balances| balances.responses, "The shadow's answers:");
        self.reasons(|one| matches!(one, Statistic::Responses(_)));
        self.count(1, "failures", |balances| balances.failures, "Without an answer:");
        self.reasons(|one| matches!(one, Statistic::Failures(_)));
    }

    fn primary(&mut self, meaning: &'static str) {
        self.count(0, "primary responses", |balances| balances.primary_responses, meaning);
        self.reasons(|one| matches!(one, Statistic::PrimaryResponses(_)));
    }

    fn count(&mut self, depth: usize, name: &'static str, of: fn(&Balances) -> f64, meaning: &'static str) {
        self.lines.push(Line {
            depth,
            name,
            window: self.window.map(of),
            total: Some(of(self.total)),
            meaning,
        });
    }

    /// A window says nothing about a gauge.
    fn gauge(&mut self, depth: usize, name: &'static str, total: Option<f64>, meaning: &'static str) {
        self.lines.push(Line {
            depth,
            name,
            window: None,
            total,
            meaning,
        });
    }

    fn reasons(&mut self, of: fn(Statistic) -> bool) {
        for total in self.total.reasons.iter().filter(|reason| of(reason.statistic)) {
            let window = self.window.map(|window| window.count_of(total.statistic));
            if self.all || total.count > 0.0 || window.is_some_and(|count| count > 0.0) {
                self.lines.push(Line {
                    depth: 2,
                    name: total.statistic.result().unwrap_or_default(),
                    window,
                    total: Some(total.count),
                    meaning: total.statistic.meaning().unwrap_or_default(),
                });
            }
        }
    }
}

/// One mirror for a person at a terminal.
pub fn describe(view: &View, mirror: &MirrorView, all: bool) -> String {
    let mut out = String::new();
    for (key, value) in facts(view, mirror) {
        out.push_str(&format!("{key:<9}{value}\n"));
    }
    if !is_known(mirror) {
        return out;
    }
    out.push('\n');
    let side = |name: &str, side: &Side| {
        let [p50, p95, p99] = side.latency;
        vec![
            name.to_owned(),
            known(side.per_second, words::rate),
            known(side.success_percentage, words::share),
            known(p50, words::latency),
            known(p95, words::latency),
            known(p99, words::latency),
        ]
    };
    let rows = vec![
        side("primary", &mirror.window.primary),
        side("shadow", &mirror.window.shadow),
    ];
    let headings = ["VERSION", "REQUESTS/S", "SUCCESS", "P50", "P95", "P99"];
    out.push_str(&crate::output::table(&headings, &rows));
    out.push('\n');
    let window = match mirror.window.seconds {
        0.0 => "WINDOW".to_owned(),
        seconds => format!("LAST {}", words::span(seconds)),
    };
    let mut rows: Vec<[String; 3]> = vec![["ACCOUNT".to_owned(), window, "SINCE START".to_owned()]];
    let lines = lines(mirror, all);
    let count = |value: Option<f64>| known(value, words::count);
    rows.extend(lines.iter().map(|line| {
        let name = format!("{}{}", "  ".repeat(line.depth), line.name);
        [name, count(line.window), count(line.total)]
    }));
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let (first, second, third) = (width(0), width(1), width(2));
    let meanings = std::iter::once("MEANING").chain(lines.iter().map(|line| line.meaning));
    for ([name, window, total], meaning) in rows.iter().zip(meanings) {
        out.push_str(&format!(
            "{name:<first$}  {window:>second$}  {total:>third$}  {meaning}\n"
        ));
    }
    out
}

/// What is set and what goes on, as keys and sentences.
fn facts(view: &View, mirror: &MirrorView) -> Vec<(&'static str, String)> {
    let now = &mirror.now;
    let (loaded, answering) = mirror.proxies;
    let mut facts = vec![
        ("Mirror", text(&mirror.name)),
        (
            "Engine",
            format!("{}, in {loaded} of {answering} proxies", mirror.engine.as_str()),
        ),
        ("State", format!("{}: {}", mirror.state, mirror.state.meaning())),
    ];
    if mirror.engine == Engine::Wasm && loaded > 0 {
        let at = view.at.unwrap_or(view.span.1) / 1000;
        facts.push(("Set", setting(mirror, at)));
        let collecting = known(now.collecting, words::count);
        let in_flight = known(now.in_flight, words::count);
        let open = match now.breakers_open {
            Some(open) if open > 0.0 => format!(", {} workers with an open breaker", words::count(open)),
            _ => String::new(),
        };
        let buffered = known(now.buffered_bytes, words::bytes);
        facts.push((
            "Now",
            format!("{collecting} collecting, {in_flight} in flight, {buffered} held{open}"),
        ));
        let actual = match mirror.window.actual_percentage {
            Some(actual) => format!("{} of what matched was sent", words::share(actual)),
            None if mirror.window.seconds > 0.0 => "nothing matched".to_owned(),
            None => UNKNOWN.to_owned(),
        };
        facts.push(("Actual", actual));
    }
    facts
}

/// What is configured, in a sentence.
pub(super) fn setting(mirror: &MirrorView, now: i64) -> String {
    let Set {
        enabled,
        percentage,
        max_in_flight,
        max_collecting,
        max_buffered_bytes,
        expires_at,
        uniform,
    } = &mirror.set;
    if percentage.is_none() && enabled.is_none() {
        return UNKNOWN.to_owned();
    }
    let off = if *enabled == Some(false) { "off; " } else { "" };
    let ends = match expires_at {
        Some(at) if *at > now => format!("expires in {} ({})", table::expires(mirror, now), Time::from_unix(*at)),
        Some(at) => format!("expired {} ({})", table::expires(mirror, now), Time::from_unix(*at)),
        None => "never expires".to_owned(),
    };
    let apart = if *uniform { "" } else { "; not the same in all proxies" };
    format!(
        "{off}{} of what matches; at most {} copies in flight, {} collected and {} in a worker; {ends}{apart}",
        known(*percentage, words::configured),
        known(*max_in_flight, words::count),
        known(*max_collecting, words::count),
        known(*max_buffered_bytes, words::bytes),
    )
}
