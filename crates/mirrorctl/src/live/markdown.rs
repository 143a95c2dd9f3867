//! The report: the numbers of a window in Markdown as GitHub renders it, for people who were not there. What comes from
//! outside stands in code spans, where it is neither markup nor a link nor a mention.

use std::fmt::Write;

use super::balances::{Balances, is_error, is_failure_of_shadow};
use super::details::{self, Line};
use super::feed::SourceEndpoint;
use super::rates::Side;
use super::source::SourceKind;
use super::view::{MirrorView, View};
use super::words::{self, UNKNOWN, known};
use crate::job::Engine;
use crate::time::Time;
use mirror_policy::statistics::Statistic;

/// How the numbers came about.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// Who was asked.
    pub kind: SourceKind,
    /// Each of them.
    pub endpoints: &'a [SourceEndpoint],
    /// Only the totals are wanted.
    pub since_start: bool,
}

/// The report.
pub fn report(view: &View, about: &About<'_>) -> String {
    let mut out = String::from("## Traffic mirroring\n\n");
    out.push_str(&source(view, about));
    if view.mirrors.len() > 1 {
        out.push_str(&overview(view, about));
    }
    for mirror in &view.mirrors {
        out.push_str(&section(view, mirror, about));
    }
    out.push_str("### How to read this\n\n");
    for caveat in caveats(view, about) {
        let _ = writeln!(out, "- {caveat}");
    }
    out
}

/// When, and who said so.
fn source(view: &View, about: &About<'_>) -> String {
    let at = |ms: i64| Time::from_unix(ms.div_euclid(1000)).to_string();
    let newest = view.at.unwrap_or(view.span.1);
    let known = view
        .mirrors
        .iter()
        .map(|mirror| mirror.window.seconds)
        .fold(0.0, f64::max);
    let mut out = match (about.since_start, about.kind) {
        (true, _) => format!("Since the proxies started, as of {}", at(newest)),
        // All that was watched is in the window, which begins before it.
        (false, SourceKind::Envoy) => {
            let begin = newest - (known * 1000.0) as i64;
            format!("From {} to {} ({})", at(begin), at(newest), words::span(known))
        }
        (false, SourceKind::Prometheus) => {
            let whole = f64::from(view.window.seconds);
            let rest = match whole - known {
                missing if missing >= 1.0 => format!(", of which {} are known", words::span(known)),
                _ => String::new(),
            };
            format!(
                "From {} to {} ({}{rest})",
                at(view.span.0.max(0)),
                at(newest),
                words::span(whole)
            )
        }
    };
    let who = match about.kind {
        SourceKind::Envoy => "Envoy's admin interface",
        SourceKind::Prometheus => "Prometheus",
    };
    let names: Vec<String> = about.endpoints.iter().map(|endpoint| code(&endpoint.name)).collect();
    let is_filter = view.mirrors.iter().any(|mirror| mirror.engine == Engine::Wasm);
    let proxies = match (view.proxies, is_filter) {
        (1, true) => "1 proxy has the filter".to_owned(),
        (1, false) => "1 proxy tells its requests".to_owned(),
        (proxies, true) => format!("{proxies} proxies have the filter"),
        (proxies, false) => format!("{proxies} proxies tell their requests"),
    };
    let _ = write!(out, ", from {who} ({}); {proxies}.\n\n", names.join(", "));
    for endpoint in about.endpoints {
        if let Some(problem) = &endpoint.problem {
            let _ = write!(
                out,
                "**Not in these numbers:** {}: {}\n\n",
                code(&endpoint.name),
                code(problem)
            );
        }
    }
    out
}

fn overview(view: &View, about: &About<'_>) -> String {
    let mut out = String::from(
        "| mirror | engine | set | actual | matched | sent | skipped | dropped | state |\n|---|---|---:|---:|---:|---:|---:|---:|---|\n",
    );
    for mirror in &view.mirrors {
        let balances = balances(mirror, about);
        let of_filter = |of: fn(&Balances) -> f64| match mirror.engine {
            Engine::Wasm => known(balances.map(of), words::count),
            Engine::Native => UNKNOWN.to_owned(),
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            cell(&code(&mirror.name)),
            mirror.engine.as_str(),
            known(mirror.set.percentage, words::configured),
            known(actual(mirror, about), words::share),
            of_filter(|balances| balances.matched),
            known(balances.map(|balances| balances.sent), words::count),
            of_filter(|balances| balances.skipped),
            of_filter(|balances| balances.dropped),
            mirror.state,
        );
    }
    out.push('\n');
    out
}

fn section(view: &View, mirror: &MirrorView, about: &About<'_>) -> String {
    let mut out = format!("### {}\n\n", code(&mirror.name));
    // A state is one of a window.
    if !about.since_start {
        let _ = write!(out, "**{}**: {}\n\n", mirror.state, mirror.state.meaning());
        for advice in &mirror.advice {
            let _ = writeln!(out, "- {advice}");
        }
        if !mirror.advice.is_empty() {
            out.push('\n');
        }
    }
    if !details::is_known(mirror) {
        if about.since_start {
            out.push_str("Nobody has it.\n\n");
        }
        return out;
    }
    if mirror.engine == Engine::Wasm {
        let at = view.at.unwrap_or(view.span.1) / 1000;
        let actual = actual(mirror, about).map_or_else(String::new, |actual| {
            format!(" Sent: {} of what matched.", words::share(actual))
        });
        let _ = write!(out, "Set: {}.{actual}\n\n", details::setting(mirror, at));
    }
    out.push_str(&versions(mirror, about));
    out.push_str(&balance(mirror, about));
    out
}

/// Primary and shadow, and what differs.
fn versions(mirror: &MirrorView, about: &About<'_>) -> String {
    let mut out = String::from("| | primary | shadow | difference |\n|---|---:|---:|---:|\n");
    let mut row = |name: &str, primary: String, shadow: String, difference: Option<String>| {
        let difference = difference.unwrap_or_default();
        let _ = writeln!(out, "| {name} | {primary} | {shadow} | {difference} |");
    };
    let (primary, shadow) = (&mirror.window.primary, &mirror.window.shadow);
    let success = if about.since_start {
        let sides = successes(&mirror.total);
        let count = |value: f64| known(Some(value), words::count);
        row(
            "answers",
            count(mirror.total.primary_responses),
            count(mirror.total.responses),
            None,
        );
        sides
    } else {
        let rate = |side: &Side| known(side.per_second, words::rate);
        row("requests/s", rate(primary), rate(shadow), None);
        let answers = |side: &Side| known((mirror.window.seconds > 0.0).then_some(side.responses), words::count);
        row("answers", answers(primary), answers(shadow), None);
        [primary.success_percentage, shadow.success_percentage]
    };
    let [of_primary, of_shadow] = success;
    let points = of_primary.zip(of_shadow).map(|(primary, shadow)| {
        let points = shadow - primary;
        match points.abs() < 0.005 {
            true => "0".to_owned(),
            false => {
                let sign = if points < 0.0 { "-" } else { "+" };
                format!("{sign}{} points", words::percent(points.abs()))
            }
        }
    });
    row(
        "success",
        known(of_primary, words::share),
        known(of_shadow, words::share),
        points,
    );
    if !about.since_start {
        for (name, (primary, shadow)) in ["p50", "p95", "p99"]
            .iter()
            .zip(primary.latency.iter().zip(&shadow.latency))
        {
            let difference = primary.zip(*shadow).map(|(primary, shadow)| slower(primary, shadow));
            row(
                name,
                known(*primary, words::latency),
                known(*shadow, words::latency),
                difference,
            );
        }
    }
    out.push('\n');
    out
}

fn slower(primary: f64, shadow: f64) -> String {
    let difference = shadow - primary;
    let sign = match difference {
        difference if difference.abs() < 0.005 => return "0".to_owned(),
        difference if difference < 0.0 => "-",
        _ => "+",
    };
    let share = match primary > 0.0 {
        true => format!(" ({:+.0}%)", 100.0 * difference / primary),
        false => String::new(),
    };
    format!("{sign}{}{share}", words::latency(difference.abs()))
}

/// The account, as two balances with their reasons.
fn balance(mirror: &MirrorView, about: &About<'_>) -> String {
    let mut out = match about.since_start {
        true => String::from("| account | since start | meaning |\n|---|---:|---|\n"),
        false => String::from("| account | window | since start | meaning |\n|---|---:|---:|---|\n"),
    };
    for line in details::lines(mirror, false) {
        let name = match line {
            Line { depth: 0, name, .. } => format!("**{name}**"),
            Line { depth: 1, name, .. } => format!("&emsp;{name}"),
            Line { name, .. } => format!("&emsp;&emsp;`{name}`"),
        };
        let count = |value: Option<f64>| known(value, words::count);
        let window = match about.since_start {
            true => String::new(),
            false => format!(" {} |", count(line.window)),
        };
        let _ = writeln!(
            out,
            "| {name} |{window} {} | {} |",
            count(line.total),
            cell(line.meaning)
        );
    }
    out.push('\n');
    out
}

/// What makes the numbers less than exact.
fn caveats(view: &View, about: &About<'_>) -> Vec<&'static str> {
    let has = |engine: Engine| view.mirrors.iter().any(|mirror| mirror.engine == engine);
    let mut caveats = vec![
        "Success is all but 4xx, 5xx and gRPC errors; of the shadow, copies without an answer are errors too, but for those \
         that a change of the configuration cut off.",
    ];
    if !about.since_start {
        caveats.push(
            "Latencies are estimated within the buckets of Envoy's histograms: a difference within one bucket says nothing. \
             Envoy hands them on every few seconds, so that the last of them may be missing.",
        );
    }
    if has(Engine::Wasm) {
        caveats.push(
            "The primary's answers and latencies are those of the requests that were copied; both latencies begin when the \
             request is complete and end with the headers of the answer.",
        );
    }
    if has(Engine::Native) {
        caveats.push(
            "Of engine `native` the proxies of the two versions tell what they answered: the primary's numbers are of all its \
             requests, copied or not, and copies that never arrived are not seen.",
        );
    }
    match about.kind {
        SourceKind::Prometheus if !about.since_start => caveats.push(
            "Counts are spread evenly over the time between two scrapes, and rounded: sums may miss by one at the edges of the \
             window.",
        ),
        _ => {}
    }
    caveats
        .push("What a proxy counted between its last reading and a restart is lost, and so is what happened before.");
    caveats
}

fn balances<'a>(mirror: &'a MirrorView, about: &About<'_>) -> Option<&'a Balances> {
    match about.since_start {
        true => Some(&mirror.total),
        false => (mirror.window.seconds > 0.0).then_some(&mirror.window.balances),
    }
}

fn actual(mirror: &MirrorView, about: &About<'_>) -> Option<f64> {
    match about.since_start {
        true => (mirror.total.matched > 0.0).then(|| 100.0 * (mirror.total.sent / mirror.total.matched)),
        false => mirror.window.actual_percentage,
    }
}

/// Of an account: the primary's, the shadow's, 0 to 100.
fn successes(balances: &Balances) -> [Option<f64>; 2] {
    let sum = |of: fn(Statistic) -> bool| -> f64 {
        let those = balances.reasons.iter().filter(|reason| of(reason.statistic));
        those.map(|reason| reason.count).sum()
    };
    let success = |answers: f64, errors: f64| (answers > 0.0).then(|| 100.0 * (1.0 - errors / answers));
    let failures = sum(is_failure_of_shadow);
    let of_primary = sum(|one| matches!(one, Statistic::PrimaryResponses(class) if is_error(class)));
    let of_shadow = sum(|one| matches!(one, Statistic::Responses(class) if is_error(class)));
    [
        success(balances.primary_responses, of_primary),
        success(balances.responses + failures, of_shadow + failures),
    ]
}

// === Markdown ===

/// A text of others as a code span, whatever it holds.
fn code(text: &str) -> String {
    let text = words::text(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = match text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() {
        true => " ",
        false => "",
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Markdown that stands in a table, where a bar ends a cell even in a code span.
fn cell(markdown: &str) -> String {
    markdown.replace('|', "\\|")
}
