//! What Prometheus says.

use mirror_policy::reasons::Class;
use mirror_policy::statistics::Statistic;
use mirrorctl::job::Engine;
use mirrorctl::live::prometheus::{self, Native, Samples};
use mirrorctl::live::reading::Reading;
use serde_json::{Value, json};

use super::{MIRROR, grown, history, questions, recorded, shown};

fn prometheus_readings(name: &str) -> Vec<Reading> {
    let mut samples = Samples::default();
    samples
        .take(&questions(&[])[0], &recorded(name))
        .expect("Prometheus' answer");
    samples.readings()
}

#[test]
fn both_pairs_of_labels_and_a_restart_are_read() {
    for name in ["prometheus_istio.json", "prometheus_plain.json"] {
        let readings = prometheus_readings(name);
        assert!(readings.len() > 20, "{name}");
        assert!(readings.windows(2).all(|pair| pair[0].at < pair[1].at));
        let mirror = shown(&history(&readings));
        let balances = &mirror.window.balances;
        assert_eq!(mirror.engine, Engine::Wasm);
        assert_eq!(balances.matched, grown(&readings, Statistic::Matched), "{name}");
        assert!(balances.matched > 100.0, "{name}: {}", balances.matched);
        assert_eq!(balances.sent, grown(&readings, Statistic::Sent), "{name}");
        assert_eq!(mirror.total.unaccounted, Some(0.0), "{name}");
        assert!(mirror.window.shadow.latency.iter().all(Option::is_some), "{name}");
        assert_eq!(mirror.proxies, (1, 1));
    }
    // A pod has its name where Prometheus knows it, else its instance.
    assert_eq!(
        prometheus_readings("prometheus_istio.json")[0].proxy,
        "demo/reviews-v1-7d8f9c6b54-x2x7k"
    );
    assert_eq!(prometheus_readings("prometheus_plain.json")[0].proxy, "127.0.0.1:28121");
}

#[test]
fn istio_s_standard_metrics_show_a_native_mirror() {
    let native = Native {
        name: MIRROR.to_owned(),
        primary: r#"destination_workload="reviews-v1""#.to_owned(),
        shadow: r#"destination_workload="reviews-v2""#.to_owned(),
    };
    let questions = questions(&[native]);
    assert_eq!(questions.len(), 3);
    assert!(
        questions[1].query.contains(r#"destination_workload="reviews-v1""#),
        "{}",
        questions[1].query
    );
    let mut samples = Samples::default();
    samples
        .take(&questions[1], &recorded("prometheus_native_primary.json"))
        .unwrap();
    samples
        .take(&questions[2], &recorded("prometheus_native_shadow.json"))
        .unwrap();
    let mirror = shown(&history(&samples.readings()));
    let numbers = &mirror.window;
    assert_eq!(mirror.engine, Engine::Native);
    // What the filter alone knows nobody knows.
    assert_eq!(
        (numbers.matched, numbers.dropped, numbers.actual_percentage),
        (None, None, None)
    );
    assert_eq!(mirror.total.unaccounted, None);
    assert!(numbers.primary.responses > 100.0 && numbers.shadow.responses > 100.0);
    assert_eq!(numbers.balances.sent, numbers.shadow.responses);
    let errors = |statistic: Statistic| {
        numbers
            .balances
            .reasons
            .iter()
            .find(|one| one.statistic == statistic)
            .unwrap()
            .count
    };
    let shadow = errors(Statistic::Responses(Class::ClientError)) + errors(Statistic::Responses(Class::ServerError));
    let expected = 100.0 * (1.0 - shadow / numbers.shadow.responses);
    assert!((numbers.shadow.success_percentage.unwrap() - expected).abs() < 1e-6);
    assert!(numbers.primary.latency[2] >= numbers.primary.latency[0]);
}

fn answer(series: Value) -> Vec<u8> {
    json!({"status": "success", "data": {"resultType": "matrix", "result": series}})
        .to_string()
        .into_bytes()
}

fn sent(labels: &[(&str, &str)], values: Value) -> Value {
    let mut metric = json!({"__name__": "traffic_mirror_sent_total", "wasm_filter": MIRROR});
    for (name, value) in labels {
        metric[name] = json!(value);
    }
    json!({"metric": metric, "values": values})
}

fn take(series: Value) -> Vec<Reading> {
    let mut samples = Samples::default();
    samples.take(&questions(&[])[0], &answer(series)).expect("read");
    samples.readings()
}

#[test]
fn what_is_no_number_is_unknown() {
    let readings = take(json!([sent(
        &[("instance", "a")],
        json!([
            [1.0, "5"],
            [2.0, "NaN"],
            [3.0, "+Inf"],
            [4.0, "-1"],
            [5.0, "x"],
            [6.0, 7],
            ["7", "8"],
            [8.0],
            [9.0, "6"]
        ])
    )]));
    let values: Vec<_> = readings
        .iter()
        .filter_map(|reading| reading.mirrors[MIRROR].get(Statistic::Sent))
        .collect();
    assert_eq!(values, [5.0, 6.0]);
}

#[test]
fn a_pod_that_is_scraped_twice_counts_once() {
    let pod = |job, instance| {
        [
            ("namespace", "demo"),
            ("pod", "p"),
            ("job", job),
            ("instance", instance),
        ]
    };
    let one = sent(&pod("merged", "10.0.0.1:15020"), json!([[1.0, "5"], [2.0, "6"]]));
    let other = sent(&pod("envoy", "10.0.0.1:15090"), json!([[1.5, "5"], [2.5, "6"]]));
    for series in [json!([one, other]), json!([other, one])] {
        let readings = take(series);
        let at: Vec<_> = readings
            .iter()
            .map(|reading| (reading.proxy.as_str(), reading.at))
            .collect();
        assert_eq!(at, [("demo/p", 1500), ("demo/p", 2500)]);
    }
}

#[test]
fn what_prometheus_refuses_and_what_it_would_not_say_is_told_in_one_line() {
    let question = &questions(&[])[0];
    let refusal = |answer: &[u8]| Samples::default().take(question, answer).unwrap_err();
    let query = br#"{"status":"error","errorType":"bad_data","error":"1:2: parse error: unexpected }"}"#;
    assert_eq!(
        refusal(query),
        "Prometheus refused the query: 1:2: parse error: unexpected }"
    );
    for (answer, expected) in [
        (&b""[..], "its answer is empty"),
        (b"<html>", "its answer is not JSON: it begins with \"<html>\""),
        (b"{}", "it has no `status`"),
        (b"[1]", "it has no `status`"),
        (br#"{"status":"success"}"#, "it has no list `data.result`"),
        (
            br#"{"status":"success","data":{"result":{}}}"#,
            "it has no list `data.result`",
        ),
    ] {
        let refusal = refusal(answer);
        assert!(refusal.contains(expected), "{refusal}");
        assert_eq!(refusal.lines().count(), 1);
    }
    assert_eq!(
        prometheus::clock(
            br#"{"status":"success","data":{"resultType":"scalar","result":[1795371728.605,"1795371728.605"]}}"#
        ),
        Ok(1_795_371_728_605)
    );
    assert!(prometheus::clock(br#"{"status":"success","data":{"result":[]}}"#).is_err());
}
