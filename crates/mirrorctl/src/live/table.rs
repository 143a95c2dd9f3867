//! The table of `status`: one row a mirror, for eyes and for awk. A view in, lines out.

use super::state::{self, State};
use super::view::{MirrorView, View};
use super::words::{self, UNKNOWN, known, pair};
use crate::job::Engine;
use crate::output;

const HEADINGS: [&str; 11] = [
    "MIRROR",
    "ENGINE",
    "PROXIES",
    "SET",
    "ACTUAL",
    "SENT/S",
    "DROPPED/S",
    "ERR%(P/S)",
    "P99(P/S)",
    "EXPIRES",
    "STATE",
];

/// What `-o wide` adds. The limits are those of one worker, the numbers before them those of all.
const WIDE: [&str; 8] = [
    "MATCHED/S",
    "SKIPPED/S",
    "REQ/S(P/S)",
    "P50(P/S)",
    "P95(P/S)",
    "IN-FLIGHT/LIMIT",
    "BUFFERED/LIMIT",
    "BREAKERS",
];

/// The table.
pub fn table(view: &View, is_wide: bool) -> String {
    let mut headings = HEADINGS.to_vec();
    if is_wide {
        headings.extend(WIDE);
    }
    let now = view.at.unwrap_or(view.span.1) / 1000;
    let rows = view.mirrors.iter().map(|mirror| {
        let mut row = row(mirror, now);
        if is_wide {
            row.extend(wide(mirror));
        }
        row
    });
    output::table(&headings, &rows.collect::<Vec<_>>())
}

fn row(mirror: &MirrorView, now: i64) -> Vec<String> {
    let MirrorView { set, window, .. } = mirror;
    let [_, _, primary] = window.primary.latency;
    let [_, _, shadow] = window.shadow.latency;
    vec![
        words::text(&mirror.name),
        mirror.engine.as_str().to_owned(),
        format!("{}/{}", mirror.proxies.0, mirror.proxies.1),
        known(set.percentage, words::configured),
        known(window.actual_percentage, words::share),
        known(window.sent, words::rate),
        known(window.dropped, words::rate),
        pair(
            window.primary.error_percentage(),
            window.shadow.error_percentage(),
            words::percent,
        ),
        pair(primary, shadow, words::latency),
        expires(mirror, now),
        mirror.state.to_string(),
    ]
}

fn wide(mirror: &MirrorView) -> Vec<String> {
    let MirrorView { set, now, window, .. } = mirror;
    let [primary_p50, primary_p95, _] = window.primary.latency;
    let [shadow_p50, shadow_p95, _] = window.shadow.latency;
    vec![
        known(window.matched, words::rate),
        known(window.skipped, words::rate),
        pair(window.primary.per_second, window.shadow.per_second, words::rate),
        pair(primary_p50, shadow_p50, words::latency),
        pair(primary_p95, shadow_p95, words::latency),
        pair(now.in_flight, set.max_in_flight, words::count),
        pair(now.buffered_bytes, set.max_buffered_bytes, words::bytes),
        known(now.breakers_open, words::count),
    ]
}

/// In how long, or since when; `never`; `-` if nobody says.
pub(super) fn expires(mirror: &MirrorView, now: i64) -> String {
    match (mirror.engine, mirror.set.expires_at, mirror.set.percentage) {
        (Engine::Wasm, Some(at), _) if at > now => words::age(at - now),
        (Engine::Wasm, Some(at), _) => format!("{} ago", words::age(now - at)),
        (Engine::Wasm, None, Some(_)) => "never".to_owned(),
        _ => UNKNOWN.to_owned(),
    }
}

/// What to do about the mirrors, a line each; what is to be said of several is said once.
pub fn advice(view: &View) -> Vec<String> {
    let mut said: Vec<(&str, Vec<String>)> = Vec::new();
    for mirror in &view.mirrors {
        for advice in &mirror.advice {
            let name = words::text(&mirror.name);
            match said.iter_mut().find(|(other, _)| other == advice) {
                Some((_, names)) => names.push(name),
                None => said.push((advice, vec![name])),
            }
        }
    }
    let is_said = view.mirrors.iter().any(|mirror| mirror.state == State::Refused);
    let is_told = !is_said && !view.refused.is_empty();
    let refusal = is_told.then(|| state::refusal(&view.refused, false).join(" "));
    let line = |(advice, names): (&str, Vec<String>)| format!("note: {}: {advice}", names.join(", "));
    let refusal = refusal.map(|refusal| format!("note: {refusal}"));
    said.into_iter().map(line).chain(refusal).collect()
}
