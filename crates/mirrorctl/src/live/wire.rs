//! The view as JSON: one shape for `-o json` of every command, the page and its events. Times are Unix milliseconds,
//! rates are per second, `null` is what nobody knows.

use serde_json::{Value, json};

use super::balances::Balances;
use super::feed::SourceEndpoint;
use super::rates::{Numbers, Side};
use super::series::Lines;
use super::source::SourceKind;
use super::view::{MirrorView, View};
use crate::time::Time;

/// A whole view, and who was asked.
pub fn view(view: &View, kind: SourceKind, endpoints: &[SourceEndpoint]) -> Value {
    let (from, to) = view.span;
    let endpoints: Vec<Value> = endpoints
        .iter()
        .map(|endpoint| {
            json!({"name": endpoint.name, "up": endpoint.problem.is_none(), "problem": endpoint.problem,
                "since": endpoint.since})
        })
        .collect();
    json!({
        "at": view.at,
        "window": {"seconds": view.window.seconds, "from": from, "to": to, "step": i64::from(view.window.step) * 1000},
        "source": {"kind": kind.as_str(), "endpoints": endpoints, "proxies": view.proxies,
            "refused": view.refused.iter().map(|(plugin, proxies)| json!({"plugin": plugin, "proxies": proxies})).collect::<Vec<_>>()},
        "mirrors": view.mirrors.iter().map(mirror).collect::<Vec<_>>(),
    })
}

fn mirror(mirror: &MirrorView) -> Value {
    let MirrorView { set, now, series, .. } = mirror;
    json!({
        "name": mirror.name,
        "engine": mirror.engine.as_str(),
        "proxies": {"loaded": mirror.proxies.0, "known": mirror.proxies.1},
        "set": {
            "enabled": set.enabled,
            "percentage": number(set.percentage),
            "maxInFlight": number(set.max_in_flight),
            "maxCollecting": number(set.max_collecting),
            "maxBufferedBytes": number(set.max_buffered_bytes),
            "expiresAt": set.expires_at.map(|at| Time::from_unix(at).to_string()),
            "uniform": set.uniform,
        },
        "now": {
            "collecting": number(now.collecting),
            "inFlight": number(now.in_flight),
            "bufferedBytes": number(now.buffered_bytes),
            "breakersOpen": number(now.breakers_open),
        },
        "state": mirror.state.as_str(),
        "advice": mirror.advice,
        "window": numbers(&mirror.window),
        "total": balances_of(&mirror.total),
        "series": {
            "t": series.ends,
            "primary": lines(&series.primary),
            "shadow": lines(&series.shadow),
            "skipped": list(&series.skipped),
            "dropped": list(&series.dropped),
        },
    })
}

fn numbers(numbers: &Numbers) -> Value {
    json!({
        "seconds": number(Some(numbers.seconds)),
        "perSecond": {
            "matched": number(numbers.matched),
            "sent": number(numbers.sent),
            "skipped": number(numbers.skipped),
            "dropped": number(numbers.dropped),
        },
        "actualPercentage": number(numbers.actual_percentage),
        "primary": side(&numbers.primary),
        "shadow": side(&numbers.shadow),
        "ledger": balances_of(&numbers.balances),
    })
}

fn side(side: &Side) -> Value {
    let [p50, p95, p99] = side.latency;
    json!({
        "responses": count(side.responses),
        "perSecond": number(side.per_second),
        "successPercentage": number(side.success_percentage),
        "errorPercentage": number(side.error_percentage()),
        "p50": number(p50),
        "p95": number(p95),
        "p99": number(p99),
    })
}

fn balances_of(balances: &Balances) -> Value {
    let reasons = balances.reasons.iter().map(|reason| {
        let family = reason.statistic.name();
        let kind = family
            .strip_prefix("traffic_mirror_")
            .and_then(|name| name.strip_suffix("_total"));
        json!({
            "kind": kind.unwrap_or(family),
            "result": reason.statistic.result(),
            "count": count(reason.count),
            "meaning": reason.statistic.meaning(),
        })
    });
    json!({
        "matched": count(balances.matched),
        "sent": count(balances.sent),
        "skipped": count(balances.skipped),
        "dropped": count(balances.dropped),
        "responses": count(balances.responses),
        "failures": count(balances.failures),
        "primaryResponses": count(balances.primary_responses),
        "collecting": balances.collecting.map(count),
        "inFlight": balances.in_flight.map(count),
        "unaccounted": balances.unaccounted.map(count),
        "reasons": reasons.collect::<Vec<_>>(),
    })
}

fn lines(lines: &Lines) -> Value {
    let [p50, p95, p99] = &lines.latency;
    json!({"rate": list(&lines.rate), "success": list(&lines.success), "p50": list(p50), "p95": list(p95), "p99": list(p99)})
}

fn list(values: &[Option<f64>]) -> Vec<Value> {
    values.iter().map(|&value| number(value)).collect()
}

/// To a ten thousandth, the finest percentage; whole numbers as such.
fn number(value: Option<f64>) -> Value {
    match value.map(|value| (value * 10_000.0).round() / 10_000.0) {
        Some(value) if value.fract() == 0.0 => count(value),
        Some(value) => json!(value),
        None => Value::Null,
    }
}

/// Whole, as things that are counted are.
fn count(value: f64) -> Value {
    json!(value.round() as i64)
}
