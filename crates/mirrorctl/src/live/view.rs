//! What is shown: all that a person or a program is told about the mirrors in a window of time, worked out once, for the
//! table, the terminal, the page and the report alike. `None` is what nobody knows: it is never drawn as zero.

use mirror_policy::stats::Statistic;

use super::history::{BIN, History, Proxy, Tally};
use super::ledger::{Ledger, is_error, is_failure_of_shadow};
use super::prometheus::Native;
use super::reading::{Counts, Engine};
use super::series::Series;
use super::state::{self, Facts, State};

/// How far back is looked, and how finely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The whole, in seconds.
    pub seconds: u32,
    /// One point of a chart, in seconds: whole bins.
    pub step: u32,
}

/// Everything that is shown at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The newest reading, in Unix milliseconds; `None` before the first.
    pub at: Option<i64>,
    /// What was looked at.
    pub window: Window,
    /// The window's beginning and end, in Unix milliseconds.
    pub span: (i64, i64),
    /// Proxies that answer and have the filter.
    pub proxies: usize,
    /// The mirrors, by name.
    pub mirrors: Vec<Mirror>,
}

/// One mirror.
#[derive(Debug, Clone, PartialEq)]
pub struct Mirror {
    /// Its name.
    pub name: String,
    /// Who makes its copies.
    pub engine: Engine,
    /// The proxies that have it configured, and those that answer.
    pub proxies: (usize, usize),
    /// What is configured.
    pub set: Set,
    /// What goes on at this moment, over all proxies.
    pub now: Now,
    /// What it is to be called, in one word.
    pub state: State,
    /// What to do about it, a sentence each.
    pub advice: Vec<String>,
    /// What happened in the window.
    pub window: Numbers,
    /// What happened since the proxies started.
    pub total: Ledger,
    /// The charts.
    pub series: Series,
}

/// What is configured; of engine native nothing is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Set {
    /// Whether it is on, in any proxy.
    pub enabled: Option<bool>,
    /// 0 to 100.
    pub percentage: Option<f64>,
    /// Per worker.
    pub max_in_flight: Option<f64>,
    /// Per worker.
    pub max_buffered_bytes: Option<f64>,
    /// Unix seconds; `None` is never, or unknown.
    pub expires_at: Option<i64>,
    /// Whether all proxies say the same.
    pub uniform: bool,
}

/// The gauges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Now {
    /// Copies whose request is not complete yet.
    pub collecting: Option<f64>,
    /// Copies whose answer is awaited.
    pub in_flight: Option<f64>,
    /// The bytes of both.
    pub buffered_bytes: Option<f64>,
    /// Workers whose breaker is not closed.
    pub breakers_open: Option<f64>,
}

/// What happened in a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// Of the window, so many seconds are known.
    pub seconds: f64,
    /// Per second: requests that met the match.
    pub matched: Option<f64>,
    /// Per second.
    pub sent: Option<f64>,
    /// Per second.
    pub skipped: Option<f64>,
    /// Per second.
    pub dropped: Option<f64>,
    /// The share of the matched requests that was sent, 0 to 100.
    pub actual_percentage: Option<f64>,
    /// The primary.
    pub primary: Side,
    /// The shadow.
    pub shadow: Side,
    /// The counts.
    pub ledger: Ledger,
}

/// One of the two versions in a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Side {
    /// Answers.
    pub responses: f64,
    /// Requests per second: of the primary those that met the match, of the shadow those that were sent.
    pub per_second: Option<f64>,
    /// 0 to 100; `None` without answers.
    pub success_percentage: Option<f64>,
    /// Milliseconds: the 50th, 95th and 99th percentile.
    pub latency: [Option<f64>; 3],
}

const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

// === impl Window ===

impl Window {
    /// The last five minutes, in steps of five seconds.
    pub const SHORT: Self = Self { seconds: 300, step: 5 };
    /// The last half hour, in steps of thirty seconds.
    pub const LONG: Self = Self {
        seconds: 1800,
        step: 30,
    };

    /// The longest that is worked out, in seconds: a day.
    pub const LONGEST: u32 = 86_400;

    /// A window of any length, from 5 seconds to [`LONGEST`](Self::LONGEST), in about sixty steps.
    pub fn of(seconds: u32) -> Self {
        let bin = (BIN / 1000) as u32;
        let seconds = seconds.clamp(bin, Self::LONGEST).div_ceil(bin) * bin;
        let step = (seconds / 60).div_ceil(bin).max(1) * bin;
        Self {
            seconds: seconds.div_ceil(step) * step,
            step,
        }
    }

    pub(super) fn steps(self) -> i64 {
        i64::from(self.seconds / self.step.max(1))
    }

    pub(super) fn bins_in_step(self) -> i64 {
        (i64::from(self.step) * 1000 / BIN).max(1)
    }
}

// === impl View ===

impl View {
    /// What is to be shown of this history. `wanted`: mirrors that are shown even if no proxy knows them.
    pub fn of(history: &History, window: Window, wanted: &[String]) -> Self {
        Self::with_natives(history, window, wanted, &[])
    }

    /// The same, where these mirrors are of engine native even if nothing was ever said of them.
    pub fn with_natives(history: &History, window: Window, wanted: &[String], natives: &[Native]) -> Self {
        let unseen = |name: &str| match natives.iter().any(|native| native.name == name) {
            true => Engine::Native,
            false => Engine::Wasm,
        };
        let newest = history.newest();
        // In an outage the charts go on, and show it.
        let is_current = history.answering().next().is_some();
        let now = newest.filter(|_| is_current).unwrap_or_else(|| history.now().max(0));
        let last = now.div_euclid(BIN) + i64::from(now.rem_euclid(BIN) > 0);
        let first = last - window.steps() * window.bins_in_step();
        let mut names: Vec<&String> = history.tracks().keys().chain(wanted).collect();
        names.sort();
        names.dedup();
        Self {
            at: newest,
            window,
            span: (first * BIN, last * BIN),
            proxies: history.answering().filter(|proxy| !proxy.loaded.is_empty()).count(),
            mirrors: names
                .into_iter()
                .map(|name| mirror(history, name, unseen(name), window, first, last))
                .collect(),
        }
    }
}

fn mirror(history: &History, name: &str, unseen: Engine, window: Window, first: i64, last: i64) -> Mirror {
    let nothing = Tally::default();
    let track = history.tracks().get(name);
    let engine = track.map_or(unseen, |track| track.engine);
    let having: Vec<&Counts> = history
        .answering()
        .filter(|proxy| proxy.loaded.contains(name))
        .filter_map(|proxy| proxy.counts.get(name))
        .collect();
    let loaded: Vec<&Counts> = having.iter().copied().filter(|counts| counts.is_configured()).collect();
    let known = history
        .proxies()
        .values()
        .filter_map(|proxy: &Proxy| proxy.counts.get(name));
    let tally = track.map_or_else(|| nothing.clone(), |track| track.sum(first..last));
    let set = Set::of(&loaded);
    let now = Now::of(&having);
    let numbers = Numbers::of(engine, &tally);
    let proxies = (loaded.len(), history.answering().count());
    let (state, advice) = state::of(&Facts {
        engine,
        proxies,
        set: &set,
        now: &now,
        numbers: &numbers,
        at: history.now() / 1000,
    });
    Mirror {
        name: name.to_owned(),
        engine,
        proxies,
        set,
        now,
        state,
        advice,
        window: numbers,
        total: Ledger::since_start(engine, known),
        series: track.map_or_else(Series::default, |track| Series::of(track, window, first)),
    }
}

// === impl Set ===

impl Set {
    fn of(loaded: &[&Counts]) -> Self {
        let settings = |statistic: Statistic| loaded.iter().filter_map(move |counts| counts.get(statistic));
        let highest = |statistic: Statistic| settings(statistic).reduce(f64::max);
        let is_same = |statistic: Statistic| {
            let mut all = settings(statistic);
            let first = all.next();
            all.all(|one| Some(one) == first)
        };
        let uniform = [
            Statistic::Enabled,
            Statistic::PercentagePpm,
            Statistic::InFlightLimit,
            Statistic::BufferedBytesLimit,
            Statistic::ExpiryTimestampSeconds,
        ];
        Self {
            enabled: highest(Statistic::Enabled).map(|value| value > 0.0),
            percentage: highest(Statistic::PercentagePpm).map(|ppm| ppm / 10_000.0),
            max_in_flight: highest(Statistic::InFlightLimit),
            max_buffered_bytes: highest(Statistic::BufferedBytesLimit),
            expires_at: highest(Statistic::ExpiryTimestampSeconds)
                .filter(|seconds| *seconds > 0.0)
                .map(|seconds| seconds as i64),
            uniform: uniform.into_iter().all(is_same),
        }
    }
}

// === impl Now ===

impl Now {
    fn of(having: &[&Counts]) -> Self {
        let sum = |statistic: Statistic| {
            let values = having.iter().filter_map(|counts| counts.get(statistic));
            values.reduce(|one, other| one + other)
        };
        Self {
            collecting: sum(Statistic::Collecting),
            in_flight: sum(Statistic::InFlight),
            buffered_bytes: sum(Statistic::BufferedBytes),
            breakers_open: sum(Statistic::BreakerOpen),
        }
    }
}

// === impl Numbers ===

impl Numbers {
    fn of(engine: Engine, tally: &Tally) -> Self {
        let seconds = tally.known / 1000.0;
        let ledger = Ledger::of(engine, tally);
        let rate = |count: f64| (seconds > 0.0).then(|| count / seconds);
        let of_filter = |count: f64| rate(count).filter(|_| engine == Engine::Wasm);
        let share = (ledger.matched > 0.0).then(|| 100.0 * ledger.sent / ledger.matched);
        Self {
            seconds,
            matched: of_filter(ledger.matched),
            sent: rate(ledger.sent),
            skipped: of_filter(ledger.skipped),
            dropped: of_filter(ledger.dropped),
            actual_percentage: share,
            primary: Side::primary(engine, tally),
            shadow: Side::shadow(tally),
            ledger,
        }
    }
}

// === impl Side ===

impl Side {
    pub(super) fn primary(engine: Engine, tally: &Tally) -> Self {
        let responses = tally.total(|one| matches!(one, Statistic::PrimaryResponses(_)));
        let errors = tally.total(|one| matches!(one, Statistic::PrimaryResponses(class) if is_error(class)));
        let requests = match engine {
            Engine::Wasm => tally.get(Statistic::Matched),
            Engine::Native => responses,
        };
        let [primary, _] = &tally.durations;
        Self {
            responses,
            per_second: per_second(tally, requests),
            success_percentage: success(responses, errors),
            latency: QUANTILES.map(|quantile| primary.quantile(quantile)),
        }
    }

    pub(super) fn shadow(tally: &Tally) -> Self {
        let responses = tally.total(|one| matches!(one, Statistic::Responses(_)));
        let errors = tally.total(|one| matches!(one, Statistic::Responses(class) if is_error(class)));
        let failures = tally.total(is_failure_of_shadow);
        let [_, shadow] = &tally.durations;
        Self {
            responses,
            per_second: per_second(tally, tally.get(Statistic::Sent)),
            success_percentage: success(responses + failures, errors + failures),
            latency: QUANTILES.map(|quantile| shadow.quantile(quantile)),
        }
    }

    /// 0 to 100; `None` without answers.
    pub fn error_percentage(&self) -> Option<f64> {
        self.success_percentage.map(|success| 100.0 - success)
    }
}

pub(super) fn per_second(tally: &Tally, count: f64) -> Option<f64> {
    (tally.known > 0.0).then(|| count * 1000.0 / tally.known)
}

fn success(answers: f64, errors: f64) -> Option<f64> {
    // A share of a request is no request: readings are spread over bins.
    (answers > 1e-6).then(|| (100.0 * (1.0 - errors / answers)).clamp(0.0, 100.0))
}
