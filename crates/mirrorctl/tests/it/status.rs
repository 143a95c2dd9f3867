//! What `status` and `report` print, from readings: the files of `tests/status` hold it, and `UPDATE_GOLDEN=1` writes
//! them.

use crate::common::held;
use mirror_policy::reasons::{Class, Dropped, Failure, Skipped};
use mirror_policy::statistics::Statistic;
use mirrorctl::job::Engine;
use mirrorctl::live::distribution::Distribution;
use mirrorctl::live::feed::SourceEndpoint;
use mirrorctl::live::history::History;
use mirrorctl::live::markdown::{self, About};
use mirrorctl::live::reading::{Counts, Reading};
use mirrorctl::live::source::SourceKind;
use mirrorctl::live::state::State;
use mirrorctl::live::view::View;
use mirrorctl::live::window::Window;
use mirrorctl::live::{details, table};

/// 2026-11-22T18:20:00Z, where a bin begins.
const START: i64 = 1_795_371_600_000;

const DAY: f64 = 86_400.0;

/// A mirror of the filter that is on, at so many percent.
fn on(percentage: f64) -> Vec<(Statistic, f64)> {
    vec![
        (Statistic::Enabled, 1.0),
        (Statistic::PercentagePpm, percentage * 10_000.0),
        (Statistic::InFlightLimit, 128.0),
        (Statistic::CollectingLimit, 128.0),
        (Statistic::BufferedBytesLimit, 16_777_216.0),
        (Statistic::ExpiryTimestampSeconds, 0.0),
    ]
}

fn set(settings: &mut [(Statistic, f64)], statistic: Statistic, value: f64) {
    settings
        .iter_mut()
        .find(|(one, _)| *one == statistic)
        .expect("a setting")
        .1 = value;
}

fn until(seconds: f64) -> f64 {
    (START / 1000) as f64 + 10.0 + seconds
}

/// What a mirror does between two readings, ten seconds apart.
struct Does<'a> {
    name: &'a str,
    engine: Engine,
    settings: Vec<(Statistic, f64)>,
    counts: Vec<(Statistic, f64)>,
    /// Of the primary and of the shadow: milliseconds, and how many were as fast.
    latencies: [Vec<(f64, f64)>; 2],
}

impl<'a> Does<'a> {
    fn filter(name: &'a str, settings: Vec<(Statistic, f64)>, counts: &[(Statistic, f64)]) -> Self {
        Self {
            name,
            engine: Engine::Wasm,
            settings,
            counts: counts.to_vec(),
            latencies: [Vec::new(), Vec::new()],
        }
    }

    /// A hundred requests, ten copies, and latencies of both.
    fn well(name: &'a str) -> Self {
        let counts = [
            (Statistic::Matched, 100.0),
            (Statistic::Sent, 10.0),
            (Statistic::Skipped(Skipped::NotSampled), 90.0),
            (Statistic::PrimaryResponses(Class::Success), 10.0),
            (Statistic::Responses(Class::Success), 9.0),
            (Statistic::Responses(Class::ServerError), 1.0),
        ];
        let mut does = Self::filter(name, on(10.0), &counts);
        set(
            &mut does.settings,
            Statistic::ExpiryTimestampSeconds,
            until(7.0 * DAY + 3.0 * 3600.0),
        );
        does.latencies = [vec![(5.0, 9.0), (10.0, 1.0)], vec![(50.0, 5.0), (100.0, 5.0)]];
        does
    }

    fn counts(&self, grown: bool) -> Counts {
        let mut counts = match self.engine {
            Engine::Wasm => Counts::zero(Engine::Wasm),
            Engine::Native => Counts::unknown(Engine::Native),
        };
        for &(setting, value) in &self.settings {
            counts.add(setting, value);
        }
        for &(counter, value) in &self.counts {
            counts.add(counter, if grown { value * 2.0 } else { value });
        }
        let durations = [Statistic::PrimaryDuration, Statistic::ShadowDuration];
        for (statistic, latencies) in durations.into_iter().zip(&self.latencies) {
            let mut sum = 0.0;
            let cumulative = latencies.iter().map(|&(bound, count)| {
                sum += if grown { count * 2.0 } else { count };
                (bound, sum)
            });
            counts.add_distribution(statistic, Distribution::from_cumulative(cumulative.collect::<Vec<_>>()));
        }
        counts
    }
}

/// The view of a proxy's two readings, ten seconds apart, and of another proxy without the filter.
fn view(mirrors: &[Does<'_>], wanted: &[&str]) -> View {
    view_at(&[(0, false), (10_000, true)], mirrors, wanted)
}

fn view_at(readings: &[(i64, bool)], mirrors: &[Does<'_>], wanted: &[&str]) -> View {
    let mut history = History::new(600);
    for &(at, grown) in readings {
        let reading = |proxy: &str, mirrors: &[Does<'_>]| Reading {
            proxy: proxy.to_owned(),
            at: START + at,
            uptime: None,
            refused: Default::default(),
            mirrors: mirrors
                .iter()
                .map(|one| (one.name.to_owned(), one.counts(grown)))
                .collect(),
        };
        history.push(reading("a", mirrors));
        history.push(reading("b", &[]));
    }
    let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
    View::of(&history, Window::SHORT, &wanted)
}

/// One mirror in every state, and one of engine native.
fn every_state() -> View {
    let sent = [
        (Statistic::Matched, 50.0),
        (Statistic::Sent, 50.0),
        (Statistic::Responses(Class::ClientError), 50.0),
        (Statistic::PrimaryResponses(Class::Success), 50.0),
    ];
    let mut expired = on(10.0);
    set(&mut expired, Statistic::ExpiryTimestampSeconds, until(-5400.0));
    let outdated = [on(10.0), vec![(Statistic::Outdated, 1.0)]].concat();
    let mut off = on(0.0057);
    set(&mut off, Statistic::Enabled, 0.0);
    let tripped = [
        (Statistic::BreakerOpen, 1.0),
        (Statistic::Matched, 30.0),
        (Statistic::Dropped(Dropped::BreakerOpen), 30.0),
    ];
    let losing = [
        (Statistic::Matched, 100.0),
        (Statistic::Sent, 40.0),
        (Statistic::Dropped(Dropped::ClusterMissing), 35.0),
        (Statistic::Dropped(Dropped::NoCapacity), 25.0),
        (Statistic::Failures(Failure::Timeout), 39.0),
        (Statistic::InFlight, 1.0),
        (Statistic::BufferedBytes, 40_000.0),
        (Statistic::PrimaryResponses(Class::Success), 40.0),
    ];
    let native = Does {
        engine: Engine::Native,
        settings: Vec::new(),
        counts: vec![
            (Statistic::Sent, 20.0),
            (Statistic::Responses(Class::Success), 20.0),
            (Statistic::PrimaryResponses(Class::Success), 199.0),
            (Statistic::PrimaryResponses(Class::ServerError), 1.0),
        ],
        ..Does::well("native")
    };
    let skipped = [
        (Statistic::Matched, 7.0),
        (Statistic::Skipped(Skipped::NotSampled), 7.0),
    ];
    let mirrors = [
        Does::well("mirroring"),
        Does::filter("expired", expired, &[]),
        Does::filter("outdated", outdated, &sent),
        Does::filter("paused", off, &[]),
        Does::filter("tripped", on(100.0), &tripped),
        Does::filter("losing", on(100.0), &losing),
        Does::filter("refused", on(100.0), &sent),
        Does::filter("all-skipped", on(1.0), &skipped),
        Does::filter("idle", on(0.5), &[]),
        native,
    ];
    view(&mirrors, &["missing"])
}

fn lines(view: &View) -> String {
    table::advice(view).iter().map(|line| format!("{line}\n")).collect()
}

fn endpoint(name: &str, problem: Option<&str>) -> SourceEndpoint {
    SourceEndpoint {
        name: name.to_owned(),
        problem: problem.map(str::to_owned),
        since: problem.map(|_| START),
    }
}

#[test]
fn the_table_has_a_row_a_mirror_in_every_state() {
    let view = every_state();
    for state in State::ALL {
        assert!(view.mirrors.iter().any(|mirror| mirror.state == state), "{state}");
    }
    held(
        "table.txt",
        &format!("{}\n{}", table::table(&view, false), lines(&view)),
    );
    held("wide.txt", &table::table(&view, true));
}

#[test]
fn what_nobody_knows_is_a_dash() {
    let unknown = view(&[], &["missing"]);
    let row = table::table(&unknown, true);
    let cells: Vec<&str> = row.lines().nth(1).expect("a row").split_whitespace().collect();
    assert_eq!(cells[..3], ["missing", "wasm", "0/2"]);
    assert_eq!(cells[10], "NotLoaded");
    assert!(
        cells[3..10].iter().chain(&cells[11..]).all(|cell| *cell == "-"),
        "{row}"
    );
    held("unknown.txt", &details::describe(&unknown, &unknown.mirrors[0], false));
}

/// After one reading the totals are known, and what goes on is not.
#[test]
fn what_one_reading_tells() {
    let one = view_at(&[(0, false)], &[Does::well("mirroring")], &[]);
    let row = table::table(&one, false);
    let cells: Vec<&str> = row.lines().nth(1).expect("a row").split_whitespace().collect();
    assert_eq!(
        cells,
        [
            "mirroring",
            "wasm",
            "1/2",
            "10%",
            "-",
            "-",
            "-",
            "-",
            "-",
            "7d3h",
            "NoTraffic"
        ]
    );
    held("one_reading.txt", &details::describe(&one, &one.mirrors[0], false));
}

#[test]
fn sixteen_mirrors_with_the_longest_names_stand_in_columns() {
    let names: Vec<String> = (0..16).map(|index| format!("{}-{index:02}", "n".repeat(60))).collect();
    let mirrors: Vec<Does<'_>> = names.iter().map(|name| Does::well(name)).collect();
    let text = table::table(&view(&mirrors, &[]), false);
    assert_eq!(text.lines().count(), 17);
    let column = |line: &str| line.find("wasm").or_else(|| line.find("ENGINE"));
    assert!(text.lines().all(|line| column(line) == Some(65)), "{text}");
}

#[test]
fn the_account_of_a_mirror_balances_and_gives_every_reason() {
    let view = every_state();
    for name in ["losing", "mirroring", "native"] {
        let mirror = view
            .mirrors
            .iter()
            .find(|mirror| mirror.name == name)
            .expect("the mirror");
        held(&format!("{name}.txt"), &details::describe(&view, mirror, false));
        let all = details::lines(mirror, true);
        assert_eq!(
            all.iter().filter(|line| line.depth == 2).count(),
            mirror.total.reasons.len()
        );
        // What stands below a line is what it is made of.
        for (index, line) in all.iter().enumerate().filter(|(_, line)| line.depth == 1) {
            let below = all[index + 1..].iter().take_while(|line| line.depth == 2);
            let (mut count, mut sum) = (0, 0.0);
            below.for_each(|line| {
                count += 1;
                sum += line.window.expect("known");
            });
            assert!(count == 0 || line.window == Some(sum), "{name}: {}", line.name);
        }
    }
}

#[test]
fn the_report_is_markdown() {
    let view = every_state();
    let prometheus = [endpoint("http://prometheus:9090", None)];
    let about = |kind: SourceKind, endpoints, since_start| About {
        kind,
        endpoints,
        since_start,
    };
    held(
        "report.md.txt",
        &markdown::report(&view, &about(SourceKind::Prometheus, &prometheus, false)),
    );
    let proxies = [
        endpoint("http://127.0.0.1:15000", None),
        endpoint(
            "http://127.0.0.1:15001",
            Some("its answer is not JSON: it begins with `<h1>|@all|</h1>`"),
        ),
    ];
    let one = self::view(&[Does::well("mirroring")], &[]);
    held(
        "report_one.md.txt",
        &markdown::report(&one, &about(SourceKind::Envoy, &proxies, false)),
    );
    held(
        "report_since_start.md.txt",
        &markdown::report(&one, &about(SourceKind::Envoy, &proxies, true)),
    );
}

#[test]
fn names_from_elsewhere_are_neither_markup_nor_terminal_commands() {
    let name = "a|b`<!--`\u{1b}[2J\n@all";
    let odd = view(&[Does::well(name)], &[]);
    let row = table::table(&odd, false);
    assert_eq!(row.lines().count(), 2);
    assert!(!row.contains('\u{1b}') && !details::describe(&odd, &odd.mirrors[0], false).contains('\u{1b}'));
    let about = About {
        kind: SourceKind::Envoy,
        endpoints: &[],
        since_start: false,
    };
    let two = view(&[Does::well(name), Does::well("other")], &[]);
    let report = markdown::report(&two, &about);
    let safe = "``a|b`<!--`\u{fffd}[2J\u{fffd}@all``";
    assert!(report.contains(&format!("\n### {safe}\n")), "{report}");
    assert!(
        report.contains(&format!("\n| {} | wasm |", safe.replace('|', "\\|"))),
        "{report}"
    );
}

/// Every row of a table has as many cells as its heading.
#[test]
fn no_word_of_the_report_breaks_its_tables() {
    let about = About {
        kind: SourceKind::Prometheus,
        endpoints: &[],
        since_start: false,
    };
    let mut all = every_state();
    for mirror in &mut all.mirrors {
        for (window, total) in mirror.window.balances.reasons.iter_mut().zip(&mut mirror.total.reasons) {
            (window.count, total.count) = (1.0, 1.0);
        }
    }
    let report = markdown::report(&all, &about);
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut heading = 0;
    let mut rows = 0;
    for line in report.lines() {
        match (line.starts_with('|'), heading) {
            (false, _) => heading = 0,
            (true, 0) => heading = bars(line),
            (true, heading) => {
                rows += 1;
                assert_eq!(bars(line), heading, "{line}");
            }
        }
    }
    assert!(rows > 300, "{rows}");
}
