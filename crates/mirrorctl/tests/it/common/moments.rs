//! Mirrors as they do in the tests of `watch`: histories made of readings, and the moments that follow from them.

use std::collections::BTreeMap;

use mirror_policy::reasons::{Class, Dropped, Failure, Skipped};
use mirror_policy::statistics::Statistic;
use mirrorctl::job::Engine;
use mirrorctl::live::distribution::Distribution;
use mirrorctl::live::feed::SourceEndpoint;
use mirrorctl::live::history::History;
use mirrorctl::live::reading::{Counts, Reading};
use mirrorctl::live::source::{Source, SourceKind};
use mirrorctl::live::view::View;
use mirrorctl::live::window::Window;
use mirrorctl::watch::scene::{Moment, Who};

pub const PROXY: &str = "http://127.0.0.1:15000";

/// 2026-11-22T18:27:05Z.
pub const NOW: i64 = 1_795_372_025_000;

/// How a mirror does in a second, so and so many seconds before now.
pub type Pace = fn(f64) -> Vec<(Statistic, f64)>;

/// A mirror of a test.
pub struct Mirrored {
    pub name: &'static str,
    pub engine: Engine,
    pub pace: Pace,
    /// Milliseconds: primary, shadow.
    pub latency: fn(f64) -> [f64; 2],
    /// Gauges and settings.
    pub settings: Vec<(Statistic, f64)>,
}

pub fn who() -> Who {
    Who::of(&Source::Envoy(vec![PROXY.parse().unwrap()]))
}

pub fn who_many() -> Who {
    Who {
        kind: SourceKind::Prometheus,
        ..Who::of(&Source::Envoy(vec![
            PROXY.parse().unwrap(),
            "http://10.0.0.7:15000".parse().unwrap(),
        ]))
    }
}

pub fn settings(percentage: f64) -> Vec<(Statistic, f64)> {
    vec![
        (Statistic::Enabled, 1.0),
        (Statistic::PercentagePpm, percentage * 10_000.0),
        (Statistic::InFlightLimit, 128.0),
        (Statistic::CollectingLimit, 128.0),
        (Statistic::BufferedBytesLimit, 16_777_216.0),
        (Statistic::InFlight, 3.0),
        (Statistic::BufferedBytes, 1_234.0),
        (Statistic::ExpiryTimestampSeconds, (NOW / 1000 + 8 * 86_400 + 60) as f64),
    ]
}

/// A tenth of the requests is copied; nothing is lost.
pub fn healthy() -> Mirrored {
    Mirrored {
        name: "reviews-v2",
        engine: Engine::Wasm,
        pace: |ago| {
            let rate = 100.0 + 40.0 * (ago / 40.0).sin();
            vec![
                (Statistic::Matched, rate),
                (Statistic::Sent, rate * 0.1),
                (Statistic::Skipped(Skipped::NotSampled), rate * 0.9),
                (Statistic::PrimaryResponses(Class::Success), rate * 0.1),
                (Statistic::Responses(Class::Success), rate * 0.0992),
                (Statistic::Responses(Class::ServerError), rate * 0.0008),
            ]
        },
        latency: |ago| [12.0 + 4.0 * (ago / 25.0).cos(), 18.0 + 9.0 * (ago / 30.0).sin()],
        settings: settings(10.0),
    }
}

/// Copies are lost for every reason that there is.
pub fn losing() -> Mirrored {
    Mirrored {
        pace: |ago| {
            let bad = if (60.0..180.0).contains(&ago) { 4.0 } else { 0.5 };
            let mut pace = vec![
                (Statistic::Matched, 60.0),
                (Statistic::Sent, 38.0),
                (Statistic::Skipped(Skipped::NotSampled), 4.0),
                (Statistic::Skipped(Skipped::Upgrade), 0.2),
                (Statistic::PrimaryResponses(Class::Success), 37.0),
                (Statistic::PrimaryResponses(Class::ClientError), 1.0),
                (Statistic::Responses(Class::Success), 30.0 - bad * 3.0),
                (Statistic::Responses(Class::ServerError), bad * 2.0),
                (Statistic::Failures(Failure::Timeout), bad),
                (Statistic::Failures(Failure::Reset), 0.3),
            ];
            let dropped = Dropped::ALL.iter().enumerate();
            pace.extend(dropped.map(|(index, &reason)| (Statistic::Dropped(reason), bad / (1.0 + index as f64))));
            pace
        },
        latency: |ago| [20.0, if (60.0..180.0).contains(&ago) { 900.0 } else { 60.0 }],
        ..healthy()
    }
}

/// Of engine native only the answers are known.
pub fn native() -> Mirrored {
    Mirrored {
        name: "reviews-native",
        engine: Engine::Native,
        pace: |_| {
            vec![
                (Statistic::Sent, 5.0),
                (Statistic::PrimaryResponses(Class::Success), 5.0),
                (Statistic::Responses(Class::Success), 4.0),
                (Statistic::Responses(Class::ServerError), 1.0),
            ]
        },
        settings: Vec::new(),
        ..healthy()
    }
}

/// What a proxy said every two seconds, from so many seconds before now until so many before now, but not within the
/// gap.
pub fn history(mirrors: &[Mirrored], from: i64, until: i64, gap: std::ops::Range<i64>) -> History {
    let mut history = History::new(1800);
    let mut totals: Vec<BTreeMap<usize, (Statistic, f64)>> = mirrors.iter().map(|_| BTreeMap::new()).collect();
    let mut buckets: Vec<[BTreeMap<u64, f64>; 2]> = mirrors.iter().map(|_| Default::default()).collect();
    for ago in (until..=from).rev().step_by(2) {
        let mut reading = Reading {
            proxy: PROXY.to_owned(),
            at: NOW - ago * 1000,
            uptime: None,
            refused: Default::default(),
            mirrors: BTreeMap::new(),
        };
        for ((mirror, totals), buckets) in mirrors.iter().zip(&mut totals).zip(&mut buckets) {
            let mut counts = match mirror.engine {
                Engine::Wasm => Counts::zero(Engine::Wasm),
                Engine::Native => Counts::unknown(Engine::Native),
            };
            for (statistic, pace) in (mirror.pace)(ago as f64) {
                totals.entry(statistic.index()).or_insert((statistic, 0.0)).1 += pace * 2.0;
            }
            for (statistic, total) in totals.values().chain(&mirror.settings) {
                // Counters are whole.
                counts.add(*statistic, total.floor());
            }
            let latencies = (mirror.latency)(ago as f64);
            let statistics = [Statistic::PrimaryDuration, Statistic::ShadowDuration];
            for ((bucket, latency), statistic) in buckets.iter_mut().zip(latencies).zip(statistics) {
                *bucket.entry(latency.round() as u64).or_default() += 10.0;
                let mut sum = 0.0;
                let cumulative = bucket.iter().map(|(bound, count)| {
                    sum += count;
                    (*bound as f64, sum)
                });
                counts.add_distribution(statistic, Distribution::from_cumulative(cumulative));
            }
            reading.mirrors.insert(mirror.name.to_owned(), counts);
        }
        history.advance(reading.at);
        if !gap.contains(&ago) {
            history.push(reading);
        }
    }
    history.advance(NOW);
    history
}

/// What is known of it now, if everyone answers.
pub fn moment(history: &History, wanted: &[String]) -> Moment {
    Moment {
        at: NOW,
        short: View::of(history, Window::SHORT, wanted),
        long: View::of(history, Window::LONG, wanted),
        endpoints: vec![SourceEndpoint {
            name: PROXY.to_owned(),
            problem: None,
            since: None,
        }],
        has_answered: true,
    }
}

/// Nobody has answered for so many seconds.
pub fn silent(seconds: i64) -> SourceEndpoint {
    SourceEndpoint {
        name: PROXY.to_owned(),
        problem: Some("connection refused".to_owned()),
        since: Some(NOW - seconds * 1000),
    }
}
