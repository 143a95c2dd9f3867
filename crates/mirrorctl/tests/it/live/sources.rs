//! What sources say, as recorded from a real Envoy and a real Prometheus: read whole, under every name that a statistic
//! can have, and refused in one line if it is something else.

mod prometheus;

use mirror_policy::plugin::{REFUSED, refused_raw_name};
use mirror_policy::reasons::{Dropped, Skipped};
use mirror_policy::statistics::{Statistic, StatisticKind};
use mirrorctl::live::history::History;
use mirrorctl::live::prometheus::{Native, Question, Samples};
use mirrorctl::live::reading::Reading;
use mirrorctl::live::view::{MirrorView, View};
use mirrorctl::live::window::Window;
use mirrorctl::live::{envoy, vocabulary};
use serde_json::{Value, json};

const MIRROR: &str = "reviews-v2";

fn recorded(name: &str) -> Vec<u8> {
    let file = format!("{}/tests/live/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(file).expect("the recording")
}

/// The answers of a proxy's admin interface, every two seconds; none while it restarted.
fn envoy_readings() -> Vec<Reading> {
    let moments: Value = serde_json::from_slice(&recorded("envoy_restart.json")).expect("JSON");
    let moments = moments.as_array().expect("a list").iter();
    moments
        .filter(|moment| !moment["answer"].is_null())
        .map(|moment| {
            let answer = moment["answer"].to_string();
            envoy::read("proxy", moment["at"].as_i64().expect("a time"), answer.as_bytes()).expect("Envoy's answer")
        })
        .collect()
}

fn questions(natives: &[Native]) -> Vec<Question> {
    Question::all("", natives, 300)
}

fn history(readings: &[Reading]) -> History {
    let mut history = History::new(1800);
    for reading in readings {
        history.push(reading.clone());
    }
    history
}

fn shown(history: &History) -> MirrorView {
    let mut view = View::of(history, Window::SHORT, &[]);
    assert_eq!(view.mirrors.len(), 1);
    view.mirrors.remove(0)
}

/// What a counter grew by, summed over the processes: what a careful person would work out by hand from the recording.
fn grown(readings: &[Reading], counter: Statistic) -> f64 {
    let values: Vec<f64> = readings
        .iter()
        .filter_map(|reading| reading.mirrors[MIRROR].get(counter))
        .collect();
    values
        .windows(2)
        .map(|pair| if pair[1] < pair[0] { pair[1] } else { pair[1] - pair[0] })
        .sum()
}

// === names ===

#[test]
fn every_statistic_is_known_by_its_raw_name() {
    for &statistic in vocabulary::all() {
        // Any DNS label is a mirror's name, even the words around it.
        for mirror in [MIRROR, "tag", "price-tag", "wasm-filter", "traffic-mirror"] {
            for prefix in ["wasmcustom.", ""] {
                let raw = format!("{prefix}{}", statistic.raw_name(mirror));
                assert_eq!(vocabulary::raw_name(&raw), Some((mirror, statistic)), "{raw}");
                if let Some(result) = statistic.result() {
                    // The order of an older filter, which may still run in some proxies.
                    let raw = format!("{prefix}wasm_filter.{mirror}.tag.{result};.{}", statistic.name());
                    assert_eq!(vocabulary::raw_name(&raw), Some((mirror, statistic)), "{raw}");
                }
            }
        }
    }
}

#[test]
fn a_refused_configuration_is_read_as_of_its_plugin() {
    let raw = format!("wasmcustom.{}", refused_raw_name("demo_reviews"));
    assert_eq!(vocabulary::refused_plugin(&raw), Some("demo_reviews"));
    assert_eq!(vocabulary::raw_name(&raw), None, "no mirror has it");
    let answer = |value: u64| json!({"stats": [{"name": raw, "value": value}]}).to_string();
    let read = |value| envoy::read("proxy", 0, answer(value).as_bytes()).expect("Envoy's answer");
    assert_eq!(
        (read(1).mirrors.len(), read(1).refused),
        (0, ["demo_reviews".to_owned()].into())
    );
    assert_eq!(read(0).refused, [].into());
    for label in ["wasm_filter", "mirror"] {
        let metric = json!({"__name__": REFUSED.name, label: "demo_reviews", "instance": "a"});
        let data = json!({"resultType": "matrix", "result": [{"metric": metric, "values": [[1, "0"], [2, "1"]]}]});
        let mut samples = Samples::default();
        let answer = json!({"status": "success", "data": data}).to_string();
        samples
            .take(&questions(&[])[0], answer.as_bytes())
            .expect("Prometheus' answer");
        let refused: Vec<_> = samples
            .readings()
            .into_iter()
            .map(|reading| reading.refused.len())
            .collect();
        assert_eq!(refused, [0, 1], "{label}");
    }
}

#[test]
fn other_names_are_no_statistics() {
    for raw in [
        "",
        "wasmcustom.",
        "wasm_filter.reviews-v2",
        "wasmcustom.wasm_filter.reviews-v2.traffic_mirror_unheard_of_total",
        "wasmcustom.tag.unheard_of;.wasm_filter.reviews-v2.traffic_mirror_skipped_total",
        "wasmcustom.tag.loop;.wasm_filter.reviews-v2.tag.loop;.traffic_mirror_skipped_total",
        "wasmcustom.tag.loop;.traffic_mirror_skipped_total",
        "wasmcustom.tag.loop;.wasm_filter.reviews-v2",
        "wasmcustom.wasm_filter.reviews-v2.traffic_mirror_skipped_total",
        "wasmcustom.tag.2xx;.wasm_filter.reviews-v2.traffic_mirror_sent_total",
        "cluster.traffic_mirror_sent_total",
    ] {
        assert_eq!(vocabulary::raw_name(raw), None, "{raw}");
    }
}

// === Envoy ===

/// The statistics that the recorded filter does not have.
const LATER: &[Statistic] = &[
    Statistic::Dropped(Dropped::ExaminedRate),
    Statistic::Dropped(Dropped::RedactUnmet),
    Statistic::Dropped(Dropped::TooCostly),
    Statistic::ExpiryTimestampSeconds,
    Statistic::Outdated,
];

#[test]
fn a_recorded_proxy_is_read_whole() {
    let readings = envoy_readings();
    assert_eq!(readings.len(), 15);
    let last = &readings.last().unwrap().mirrors[MIRROR];
    for &statistic in vocabulary::all() {
        match statistic.kind() {
            // Recorded before these were there.
            _ if LATER.contains(&statistic) => {}
            StatisticKind::Histogram => assert!(last.distribution(statistic).is_some(), "{statistic:?}"),
            _ => assert!(last.get(statistic).is_some(), "{statistic:?}"),
        }
    }
    assert_eq!(last.get(Statistic::Matched), Some(378.0));
    assert_eq!(last.get(Statistic::Sent), Some(179.0));
    assert_eq!(last.get(Statistic::Skipped(Skipped::NotSampled)), Some(199.0));
    assert_eq!(last.get(Statistic::PercentagePpm), Some(500_000.0));
    // Envoy merges histograms when it flushes: they come a little later than the counters.
    let durations = last.distribution(Statistic::ShadowDuration).unwrap().count();
    assert!((100.0..179.0).contains(&durations), "{durations}");
}

#[test]
fn a_restart_in_a_recording_loses_and_invents_nothing() {
    let readings = envoy_readings();
    let mirror = shown(&history(&readings));
    let balances = &mirror.window.balances;
    assert_eq!(balances.matched, grown(&readings, Statistic::Matched));
    assert_eq!(balances.sent, grown(&readings, Statistic::Sent));
    assert_eq!(balances.matched, balances.sent + balances.skipped + balances.dropped);
    assert!(balances.matched > 700.0, "{}", balances.matched);
    // Since it started is since the last start.
    assert_eq!(mirror.total.matched, 378.0);
    assert_eq!(mirror.total.unaccounted, Some(0.0));
    for reason in &balances.reasons {
        assert_eq!(
            reason.count,
            grown(&readings, reason.statistic),
            "{:?}",
            reason.statistic
        );
    }
    // What was in flight when the proxy went down was never answered.
    let down = readings
        .windows(2)
        .find(|pair| pair[1].uptime.unwrap().seconds < pair[0].uptime.unwrap().seconds);
    let in_flight = down.unwrap()[0].mirrors[MIRROR].get(Statistic::InFlight).unwrap();
    assert_eq!(
        balances.sent,
        mirror.window.shadow.responses + balances.failures + in_flight
    );
    assert!(mirror.window.shadow.success_percentage.unwrap() < mirror.window.primary.success_percentage.unwrap());
}

#[test]
fn what_is_not_envoy_s_answer_is_told_in_one_line() {
    for (answer, expected) in [
        (&b""[..], "its answer is empty"),
        (
            b"no such page",
            "its answer is not JSON: it begins with \"no such page\"",
        ),
        (b"\xff\xfe", "its answer is not JSON"),
        (b"null", "it has no list `stats`"),
        (br#"{"stats":{}}"#, "it has no list `stats`"),
    ] {
        let refusal = envoy::read("proxy", 0, answer).unwrap_err();
        assert!(refusal.contains(expected), "{refusal}");
        assert_eq!(refusal.lines().count(), 1);
    }
    // A proxy without the filter is no mistake: it has no mirror.
    let empty = envoy::read("proxy", 0, br#"{"stats":[{"name":"server.uptime","value":3}]}"#).unwrap();
    assert!(empty.mirrors.is_empty());
    // Nor is what makes no sense among what does.
    let odd = br#"{"stats":[7,{"name":1},{"histograms":3},{"name":"wasmcustom.wasm_filter.a.traffic_mirror_sent_total","value":"many"},
        {"name":"wasmcustom.wasm_filter.a.traffic_mirror_matched_total","value":4}]}"#;
    let odd = envoy::read("proxy", 0, odd).unwrap();
    assert_eq!(
        (
            odd.mirrors["a"].get(Statistic::Matched),
            odd.mirrors["a"].get(Statistic::Sent)
        ),
        (Some(4.0), None)
    );
}
