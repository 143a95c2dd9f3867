//! What is told of a mirror: its state, what to do about it, and the JSON that programs and the page read.

mod json;

use mirror_policy::reasons::{Class, Dropped, Failure, Skipped};
use mirror_policy::statistics::Statistic;
use mirrorctl::job::Engine;
use mirrorctl::live::history::History;
use mirrorctl::live::reading::{Counts, Reading};
use mirrorctl::live::state::{State, remedy};
use mirrorctl::live::view::{MirrorView, View};
use mirrorctl::live::window::Window;

const START: i64 = 1_795_371_600_000;

/// A mirror that is on, at 10 percent, with nothing counted.
fn configured() -> Counts {
    let mut counts = Counts::zero(Engine::Wasm);
    for (setting, value) in [
        (Statistic::Enabled, 1.0),
        (Statistic::PercentagePpm, 100_000.0),
        (Statistic::InFlightLimit, 128.0),
        (Statistic::CollectingLimit, 64.0),
        (Statistic::BufferedBytesLimit, 16_777_216.0),
    ] {
        counts.add(setting, value);
    }
    counts
}

fn reading(proxy: &str, at: i64, counts: Option<Counts>) -> Reading {
    Reading {
        proxy: proxy.to_owned(),
        at: START + at,
        uptime: None,
        refused: Default::default(),
        mirrors: counts
            .map(|counts| ("reviews-v2".to_owned(), counts))
            .into_iter()
            .collect(),
    }
}

/// What is shown after these statistics have grown by so much, in four seconds.
fn after(growth: &[(Statistic, f64)]) -> MirrorView {
    let mut then = configured();
    let mut now = configured();
    for &(statistic, value) in growth {
        now.add(statistic, value);
        then.add(statistic, 0.0);
    }
    shown(&[reading("a", 0, Some(then)), reading("a", 4000, Some(now))])
}

fn shown(readings: &[Reading]) -> MirrorView {
    let mut history = History::new(1800);
    for reading in readings {
        history.push(reading.clone());
    }
    let mut view = View::of(&history, Window::SHORT, &["reviews-v2".to_owned()]);
    assert_eq!(view.mirrors.len(), 1);
    view.mirrors.remove(0)
}

const MATCHED: (Statistic, f64) = (Statistic::Matched, 100.0);
const SENT: (Statistic, f64) = (Statistic::Sent, 100.0);

#[test]
fn each_state_has_its_advice() {
    let sent = |more: &[(Statistic, f64)]| after(&[&[MATCHED, SENT][..], more].concat());
    let past = (Statistic::ExpiryTimestampSeconds, (START / 1000) as f64);
    let paused = || {
        let mut off = Counts::zero(Engine::Wasm);
        off.add(Statistic::InFlightLimit, 128.0);
        shown(&[reading("a", 0, Some(off))])
    };
    let cases: Vec<(MirrorView, State, &[&str])> = vec![
        (
            shown(&[reading("a", 0, None)]),
            State::NotLoaded,
            &["WasmPlugin or TrafficExtension"],
        ),
        // The filter sets the limits of what is configured no more to zero.
        (
            shown(&[reading("a", 0, Some(Counts::zero(Engine::Wasm)))]),
            State::NotLoaded,
            &["WasmPlugin"],
        ),
        (after(&[]), State::NoTraffic, &["does the primary have traffic"]),
        (
            after(&[
                MATCHED,
                (Statistic::Skipped(Skipped::Loop), 10.0),
                (Statistic::Skipped(Skipped::NotSampled), 90.0),
            ]),
            State::NoTraffic,
            &["most as not_sampled: The sample left the request out"],
        ),
        (
            sent(&[(Statistic::Responses(Class::Success), 100.0)]),
            State::Mirroring,
            &[],
        ),
        (paused(), State::Paused, &["enabled: true"]),
        (sent(&[(Statistic::BreakerOpen, 2.0)]), State::Tripped, &["2 worker(s)"]),
        (sent(&[past]), State::Expired, &["It expired on 2026-11-22T18:20:00Z"]),
        // What stops it altogether comes before what harms it.
        (
            sent(&[past, (Statistic::BreakerOpen, 1.0)]),
            State::Expired,
            &["It expired"],
        ),
        (
            sent(&[
                (Statistic::Dropped(Dropped::Bytes), 1.0),
                (Statistic::Dropped(Dropped::ClusterMissing), 7.0),
            ]),
            State::Losing,
            &[
                "cluster_missing: the proxy does not know the shadow's cluster: does a Sidecar's egress",
                "bytes: lower",
            ],
        ),
        (
            sent(&[
                (Statistic::Responses(Class::ClientError), 100.0),
                (Statistic::PrimaryResponses(Class::Success), 100.0),
            ]),
            State::Mirroring,
            &["If they are 403s, an AuthorizationPolicy refuses"],
        ),
        (
            sent(&[
                (Statistic::Failures(Failure::Connect), 60.0),
                (Statistic::Failures(Failure::Reset), 40.0),
            ]),
            State::Mirroring,
            &["Copies fail to connect"],
        ),
    ];
    for (mirror, state, advice) in cases {
        assert_eq!(mirror.state, state, "{:?}", mirror.advice);
        assert_eq!(mirror.advice.len(), advice.len(), "{state}: {:?}", mirror.advice);
        for (found, expected) in mirror.advice.iter().zip(advice) {
            assert!(found.contains(expected), "{state}: {found}");
        }
    }
}

#[test]
fn a_refused_configuration_is_the_state_whether_a_good_one_goes_on_or_not() {
    let expired = (Statistic::ExpiryTimestampSeconds, (START / 1000) as f64);
    let outdated = after(&[MATCHED, SENT, expired, (Statistic::Outdated, 1.0)]);
    let passive = shown(&[Reading {
        refused: ["demo_reviews".to_owned()].into(),
        ..reading("a", 0, None)
    }]);
    for (mirror, says) in [
        (
            outdated,
            "The newest configuration is refused: the last good one goes on",
        ),
        (
            passive,
            "The newest configuration of demo_reviews is refused: where there is no",
        ),
    ] {
        assert_eq!(mirror.state, State::Refused);
        assert!(mirror.advice[0].starts_with(says), "{:?}", mirror.advice);
        assert!(mirror.advice[1].contains("mirrorctl validate"), "{:?}", mirror.advice);
    }
}

/// An outage is no reason to look for a plugin.
#[test]
fn a_mirror_of_proxies_that_do_not_answer_is_not_said_to_lack_its_plugin() {
    let mut history = History::new(1800);
    history.push(reading("a", 0, Some(configured())));
    history.advance(START + 1_000_000);
    let mirror = View::of(&history, Window::SHORT, &[]).mirrors.remove(0);
    assert_eq!(mirror.proxies, (0, 0));
    assert_eq!(mirror.advice, ["No proxy answers: nobody knows how the mirror does."]);
}

/// Nobody is sent to look for traffic that could not be seen yet.
#[test]
fn one_reading_tells_of_no_traffic_and_blames_nobody() {
    let mirror = shown(&[reading("a", 0, Some(configured()))]);
    assert_eq!(mirror.state, State::NoTraffic);
    assert_eq!(
        mirror.advice,
        ["There is one reading yet: what goes on shows with the next one."]
    );
}

#[test]
fn a_primary_that_answers_4xx_too_is_no_authorization_policy() {
    let mirror = after(&[
        MATCHED,
        SENT,
        (Statistic::Responses(Class::ClientError), 100.0),
        (Statistic::PrimaryResponses(Class::ClientError), 100.0),
    ]);
    assert_eq!(mirror.advice, Vec::<String>::new());
}

#[test]
fn each_loss_says_what_to_do() {
    for &dropped in Dropped::ALL {
        let mirror = after(&[MATCHED, (Statistic::Dropped(dropped), 3.0)]);
        assert_eq!(mirror.state, State::Losing);
        assert_eq!(mirror.advice.len(), 1);
        assert!(
            mirror.advice[0].starts_with(&format!("{dropped}: ")),
            "{:?}",
            mirror.advice
        );
        assert!(
            mirror.advice[0].len() > 40 && mirror.advice[0].ends_with(['.', '?']),
            "{:?}",
            mirror.advice
        );
    }
}

#[test]
fn proxies_that_differ_and_lack_are_told() {
    let mut other = configured();
    other.add(Statistic::PercentagePpm, 1.0);
    let differing = shown(&[reading("a", 0, Some(configured())), reading("b", 0, Some(other))]);
    assert!(!differing.set.uniform);
    assert!(
        differing
            .advice
            .iter()
            .any(|line| line.contains("not configured alike")),
        "{:?}",
        differing.advice
    );
    let lacking = shown(&[reading("a", 0, Some(configured())), reading("b", 0, None)]);
    assert_eq!(lacking.proxies, (1, 2));
    assert!(lacking.set.uniform);
    assert!(
        lacking.advice.iter().any(|line| line.starts_with("1 of 2 proxies")),
        "{:?}",
        lacking.advice
    );
}

#[test]
fn the_account_since_the_start_tells_what_is_missing() {
    let whole = after(&[
        MATCHED,
        (Statistic::Sent, 60.0),
        (Statistic::Skipped(Skipped::NotSampled), 30.0),
        (Statistic::Dropped(Dropped::Rate), 4.0),
        (Statistic::Collecting, 6.0),
        (Statistic::Responses(Class::Success), 50.0),
        (Statistic::Failures(Failure::Timeout), 3.0),
        (Statistic::InFlight, 7.0),
    ]);
    assert_eq!(whole.total.unaccounted, Some(0.0));
    assert_eq!((whole.total.collecting, whole.now.in_flight), (Some(6.0), Some(7.0)));
    let broken = after(&[MATCHED, (Statistic::Sent, 60.0), (Statistic::InFlight, 57.0)]);
    assert_eq!(broken.total.unaccounted, Some(43.0));
}

// === what is written of it ===

/// docs/live.md lists the states and the losses as the code knows them.
#[test]
fn the_documentation_is_up_to_date() {
    let mut states = String::from("\n| state | when |\n|---|---|\n");
    for state in State::ALL {
        states.push_str(&format!("| {state} | {} |\n", state.meaning()));
    }
    let mut losses = String::from("\n| dropped | what to do |\n|---|---|\n");
    for &dropped in Dropped::ALL {
        losses.push_str(&format!("| `{dropped}` | {} |\n", remedy(dropped)));
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/live.md");
    let held = std::fs::read_to_string(file).expect("docs/live.md");
    let mut expected = held.clone();
    for (mark, generated) in [("<!-- the states -->\n", states), ("<!-- the losses -->\n", losses)] {
        let (before, rest) = expected.split_once(mark).expect("the begin mark");
        let end = "<!-- end of what is generated -->";
        let (_, after) = rest.split_once(end).expect("the end mark");
        expected = format!("{before}{mark}{generated}\n{end}{after}");
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, &expected).expect("written");
    } else {
        assert!(held == expected, "docs/live.md is out of date: run `make docs`");
    }
}
