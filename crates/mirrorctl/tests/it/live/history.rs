//! What happened when: restarts, missing series, outages and steps of a clock, each told from the readings alone.

mod any;

use mirror_policy::reasons::{Class, Dropped, Skipped};
use mirror_policy::statistics::Statistic;
use mirrorctl::job::Engine;
use mirrorctl::live::distribution::Distribution;
use mirrorctl::live::history::History;
use mirrorctl::live::reading::{Counts, Reading, Uptime};
use mirrorctl::live::view::{MirrorView, View};
use mirrorctl::live::window::Window;

const START: i64 = 1_795_371_600_000;

/// What a proxy says so many seconds after the start: matched, sent.
fn reading(proxy: &str, seconds: f64, matched: f64, sent: f64) -> Reading {
    let mut counts = Counts::zero(Engine::Wasm);
    counts.add(Statistic::Matched, matched);
    counts.add(Statistic::Sent, sent);
    counts.add(Statistic::Skipped(Skipped::NotSampled), matched - sent);
    counts.add(Statistic::InFlightLimit, 128.0);
    counts.add(Statistic::Enabled, 1.0);
    Reading {
        proxy: proxy.to_owned(),
        at: START + (seconds * 1000.0) as i64,
        uptime: None,
        refused: Default::default(),
        mirrors: [("m".to_owned(), counts)].into(),
    }
}

fn running(seconds: u64, epoch: u64, reading: Reading) -> Reading {
    Reading {
        uptime: Some(Uptime { seconds, epoch }),
        ..reading
    }
}

fn history(readings: impl IntoIterator<Item = Reading>) -> History {
    let mut history = History::new(1800);
    readings.into_iter().for_each(|reading| history.push(reading));
    history
}

fn shown(history: &History, window: Window) -> MirrorView {
    View::of(history, window, &[]).mirrors.remove(0)
}

fn matched(readings: impl IntoIterator<Item = Reading>) -> f64 {
    shown(&history(readings), Window::SHORT).window.balances.matched
}

// === counting ===

#[test]
fn a_first_reading_is_where_counting_begins() {
    let history = history([reading("a", 0.0, 1000.0, 10.0)]);
    let mirror = shown(&history, Window::SHORT);
    assert_eq!((mirror.window.balances.matched, mirror.window.seconds), (0.0, 0.0));
    assert_eq!(
        (
            mirror.window.matched,
            mirror.window.sent,
            mirror.window.actual_percentage
        ),
        (None, None, None)
    );
    assert_eq!(mirror.total.matched, 1000.0);
}

#[test]
fn rates_follow_from_the_time_between_readings() {
    let history = history([reading("a", 0.0, 1000.0, 10.0), reading("a", 4.0, 1100.0, 20.0)]);
    let numbers = shown(&history, Window::SHORT).window;
    assert_eq!(
        (numbers.matched, numbers.sent, numbers.skipped),
        (Some(25.0), Some(2.5), Some(22.5))
    );
    assert_eq!((numbers.seconds, numbers.actual_percentage), (4.0, Some(10.0)));
}

#[test]
fn proxies_add_up_and_time_does_not() {
    let readings = [
        reading("a", 0.0, 0.0, 0.0),
        reading("b", 0.0, 0.0, 0.0),
        reading("a", 10.0, 100.0, 0.0),
        reading("b", 10.0, 300.0, 0.0),
    ];
    let numbers = shown(&history(readings), Window::SHORT).window;
    assert_eq!((numbers.matched, numbers.seconds), (Some(40.0), 10.0));
}

#[test]
fn a_lower_counter_is_a_restart_and_so_are_all_the_others_of_the_mirror() {
    // `sent` is higher than it was all the same: it began anew with `matched`.
    let readings = [
        reading("a", 0.0, 1000.0, 10.0),
        reading("a", 2.0, 1050.0, 10.0),
        reading("a", 4.0, 30.0, 12.0),
    ];
    let balances = shown(&history(readings), Window::SHORT).window.balances;
    assert_eq!((balances.matched, balances.sent), (50.0 + 30.0, 12.0));
}

#[test]
fn a_shorter_uptime_is_a_restart_even_if_the_counters_have_caught_up() {
    let then = running(900, 0, reading("a", 0.0, 40.0, 40.0));
    let now = reading("a", 2.0, 50.0, 50.0);
    assert_eq!(matched([then.clone(), running(1, 0, now.clone())]), 50.0);
    // A hot restart hands the counters on.
    assert_eq!(matched([then.clone(), running(1, 1, now.clone())]), 10.0);
    assert_eq!(matched([then, running(902, 0, now)]), 10.0);
}

#[test]
fn a_mirror_that_a_known_proxy_did_not_have_begins_at_zero() {
    let mut empty = reading("a", 0.0, 0.0, 0.0);
    empty.mirrors.clear();
    assert_eq!(matched([empty, reading("a", 2.0, 7.0, 7.0)]), 7.0);
}

#[test]
fn a_series_that_is_missing_once_has_not_begun_anew() {
    let mut without = reading("a", 2.0, 110.0, 0.0);
    let mut counts = Counts::unknown(Engine::Wasm);
    counts.add(Statistic::Sent, 5.0);
    without.mirrors.insert("m".to_owned(), counts);
    let mut nothing = reading("a", 4.0, 0.0, 0.0);
    nothing.mirrors.clear();
    let readings = [
        reading("a", 0.0, 100.0, 0.0),
        without,
        nothing,
        reading("a", 6.0, 130.0, 8.0),
    ];
    let balances = shown(&history(readings), Window::SHORT).window.balances;
    assert_eq!((balances.matched, balances.sent), (30.0, 8.0));
}

// === time ===

#[test]
fn what_is_not_later_is_no_news() {
    let readings = [
        reading("a", 10.0, 100.0, 0.0),
        reading("a", 10.0, 500.0, 0.0),
        reading("a", 4.0, 900.0, 0.0),
        reading("a", 12.0, 104.0, 0.0),
    ];
    assert_eq!(matched(readings), 4.0);
}

#[test]
fn a_clock_that_goes_back_begins_a_new_history() {
    let mut history = history([reading("a", 1000.0, 100.0, 0.0), reading("a", 1002.0, 200.0, 0.0)]);
    assert!(
        !history.advance(START + 1_002_000 - 9_000),
        "a small step is waited for"
    );
    assert!(history.advance(START + 1000));
    assert!(history.tracks().is_empty() && history.proxies().is_empty());
    history.push(reading("a", 2.0, 300.0, 0.0));
    history.push(reading("a", 4.0, 306.0, 0.0));
    assert_eq!(shown(&history, Window::SHORT).window.balances.matched, 6.0);
}

#[test]
fn a_clock_that_leaps_ahead_leaves_a_gap_and_loses_nothing() {
    let readings = (0..5).map(|i| reading("a", f64::from(i) * 2.0, f64::from(i) * 10.0, 0.0));
    let ahead = (0..5).map(|i| reading("a", 100.0 + f64::from(i) * 2.0, 50.0 + f64::from(i) * 10.0, 0.0));
    let mirror = shown(&history(readings.chain(ahead)), Window::SHORT);
    assert_eq!(mirror.window.balances.matched, 90.0);
    let known: Vec<bool> = mirror.series.primary.rate.iter().map(Option::is_some).collect();
    // 8 seconds known, a gap, 8 seconds known, of 300.
    assert!(
        known.windows(2).filter(|pair| pair[0] && !pair[1]).count() == 1,
        "{known:?}"
    );
    assert_eq!(known.iter().filter(|known| **known).count(), 4, "{known:?}");
}

#[test]
fn an_outage_is_a_gap_that_grows_and_stays() {
    let mut history = history((0..=10).map(|i| reading("a", f64::from(i) * 2.0, f64::from(i) * 20.0, 0.0)));
    let rates = |history: &History| shown(history, Window::SHORT).series.primary.rate;
    assert_eq!(rates(&history).last(), Some(&Some(10.0)));
    assert_eq!(history.answering().count(), 1);
    history.advance(START + 90_000);
    assert_eq!(history.answering().count(), 0);
    let during = rates(&history);
    assert_eq!(during[during.len() - 14..], [None; 14]);
    assert_eq!(during[during.len() - 15], Some(10.0));
    history.push(reading("a", 92.0, 2000.0, 0.0));
    history.push(reading("a", 94.0, 2020.0, 0.0));
    history.push(reading("a", 96.0, 2040.0, 0.0));
    let after = rates(&history);
    // Of the last point too little is known yet.
    assert_eq!(after[after.len() - 2..], [Some(10.0), None]);
    assert_eq!(after[after.len() - 16..after.len() - 2], [None; 14]);
    // What came meanwhile is counted, though nobody knows when.
    let numbers = shown(&history, Window::SHORT).window;
    assert_eq!((numbers.balances.matched, numbers.seconds), (2040.0, 96.0));
}

#[test]
fn old_bins_are_forgotten() {
    let mut history = History::new(60);
    for second in 0..1000 {
        let at = f64::from(second);
        history.advance(START + i64::from(second) * 1000);
        history.push(reading("a", at, at, at));
    }
    let balances = shown(&history, Window::LONG).window.balances;
    assert!((59.0..=66.0).contains(&balances.matched), "{}", balances.matched);
}

#[test]
fn a_proxy_that_is_scraped_once_a_minute_has_no_gaps() {
    let readings = (0..6).map(|i| reading("a", f64::from(i) * 60.0, f64::from(i) * 600.0, 0.0));
    let rates = shown(&history(readings), Window::SHORT).series.primary.rate;
    assert_eq!(rates, vec![Some(10.0); 60]);
}

#[test]
fn windows_are_whole_steps() {
    for (seconds, window, step) in [
        (1, 5, 5),
        (60, 60, 5),
        (300, 300, 5),
        (1800, 1800, 30),
        (3600, 3600, 60),
        (7, 10, 5),
        (86_400, 86_400, 1440),
    ] {
        let of = Window::of(seconds);
        assert_eq!((of.seconds, of.step), (window, step), "{seconds}");
    }
    assert_eq!((Window::of(300), Window::of(1800)), (Window::SHORT, Window::LONG));
    let history = history([reading("a", 0.0, 0.0, 0.0), reading("a", 2.0, 2.0, 0.0)]);
    for window in [Window::SHORT, Window::LONG, Window::of(5)] {
        let series = shown(&history, window).series;
        let (points, step) = ((window.seconds / window.step) as usize, i64::from(window.step) * 1000);
        assert_eq!(
            (
                series.ends.len(),
                series.primary.rate.len(),
                series.shadow.latency[2].len()
            ),
            (points, points, points)
        );
        assert!(series.ends.windows(2).all(|pair| pair[1] - pair[0] == step));
    }
}

// === latencies ===

#[test]
fn quantiles_are_those_of_prometheus() {
    let buckets = [
        (0.5, 0.0),
        (1.0, 10.0),
        (5.0, 50.0),
        (10.0, 90.0),
        (f64::INFINITY, 100.0),
    ];
    let distribution = Distribution::from_cumulative(buckets);
    for (quantile, expected) in [
        (0.0, 0.5),
        (0.05, 0.75),
        (0.1, 1.0),
        (0.3, 3.0),
        (0.5, 5.0),
        (0.7, 7.5),
        (0.9, 10.0),
        (0.99, 10.0),
        (1.0, 10.0),
    ] {
        let found = distribution.quantile(quantile).unwrap();
        assert!((found - expected).abs() < 1e-9, "{quantile}: {found}, not {expected}");
    }
    assert_eq!(Distribution::default().quantile(0.5), None);
    assert_eq!(Distribution::from_cumulative([(1.0, 0.0)]).quantile(0.5), None);
}

#[test]
fn distributions_survive_whatever_comes() {
    let odd = Distribution::from_cumulative([
        (5.0, 7.0),
        (1.0, 3.0),
        (f64::NAN, 9.0),
        (2.0, f64::NAN),
        (10.0, 6.0),
        (5.0, 8.0),
    ]);
    assert_eq!(odd.count(), 7.0);
    let other_bounds = Distribution::from_cumulative([(1.0, 3.0), (6.0, 9.0)]);
    assert_eq!(
        other_bounds.since(&odd).count(),
        0.0,
        "the bounds have changed: nobody knows"
    );
    let less = Distribution::from_cumulative([(1.0, 1.0), (5.0, 2.0), (10.0, 2.0)]);
    assert_eq!(less.since(&odd).count(), 2.0, "it began anew");
    let mut sum = Distribution::default();
    sum.add(&odd, 0.5);
    sum.add(&other_bounds, 1.0);
    assert!((sum.count() - 12.5).abs() < 1e-9);
    assert!(sum.quantile(1.0).unwrap() <= 6.0);
}

// === what is told of it ===

#[test]
fn success_is_what_kiali_calls_so() {
    let mut then = reading("a", 0.0, 0.0, 0.0);
    let mut now = reading("a", 2.0, 100.0, 100.0);
    let counts = now.mirrors.get_mut("m").unwrap();
    for (class, count) in [
        (Class::Success, 50.0),
        (Class::Redirection, 20.0),
        (Class::ClientError, 5.0),
        (Class::ServerError, 3.0),
        (Class::GrpcOk, 20.0),
        (Class::GrpcError, 2.0),
    ] {
        counts.add(Statistic::PrimaryResponses(class), count);
    }
    counts.add(Statistic::Responses(Class::Success), 30.0);
    counts.add(Statistic::Failures(mirror_policy::reasons::Failure::Timeout), 10.0);
    // Cut off by a change of configuration: that tells nothing about the shadow.
    counts.add(Statistic::Failures(mirror_policy::reasons::Failure::Cancelled), 60.0);
    counts.add(Statistic::Dropped(Dropped::Bytes), 0.0);
    then.mirrors.get_mut("m").unwrap().add(Statistic::Matched, 0.0);
    let numbers = shown(&history([then, now]), Window::SHORT).window;
    assert_eq!(numbers.primary.success_percentage, Some(90.0));
    assert_eq!(numbers.shadow.success_percentage, Some(75.0));
    assert_eq!(numbers.shadow.error_percentage(), Some(25.0));
}
