//! One request from top to bottom: every reason to skip, every way to lose a copy, every outcome, and the primary's side.

use crate::common::{Bench, Totals, at, get, headers, mirror, parse, post};
use mirror_policy::account::AccountId;
use mirror_policy::answer::Answer;
use mirror_policy::effects::Effects;
use mirror_policy::exchange::Outgoing;
use mirror_policy::headers::Headers;
use mirror_policy::ledger::Arrival;
use mirror_policy::reason::{Class, Dropped, Failure, Outcome, Skipped};
use mirror_policy::sample::Dice;
use mirror_policy::stats::{COUNT, FAMILIES, Kind, Statistic};
use mirror_policy::watch::Watch;
use wasm_bindgen_test::wasm_bindgen_test;

const OK: Outcome = Outcome::Answered {
    class: Class::Success,
    is_error: false,
    milliseconds: Some(3),
};

/// The one copy of a request that is complete with its head.
fn one(bench: &mut Bench, headers: Headers) -> Outgoing {
    let id = bench.begin(headers, 0).expect("collected");
    let mut copies = bench.complete(id, 0);
    assert_eq!(copies.len(), 1);
    copies.remove(0)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_copy_is_collected_sent_and_answered() {
    let mut bench = Bench::new(mirror(""));
    let id = bench.begin(post(&[]), 0).expect("collected");
    assert!(bench.body(id, b"hello ", 1) && bench.body(id, b"world", 2));
    assert_eq!(bench.count(Statistic::Collecting), 1);
    let bytes = bench.count(Statistic::BufferedBytes);
    assert_eq!(bytes, post(&[]).bytes() as i64 + 11);
    let mut copies = bench.complete(id, 3);
    assert_eq!(copies[0].body(), b"hello world");
    bench.step(|ledger, effects| ledger.sent(copies.remove(0), 4, 1, effects));
    bench.totals.assert_balanced(0);
    assert_eq!(
        (bench.count(Statistic::Collecting), bench.count(Statistic::InFlight)),
        (0, 1)
    );
    assert_eq!(
        bench.count(Statistic::BufferedBytes),
        bytes,
        "Envoy holds the body until the answer has come"
    );
    assert_eq!(bench.ledger.in_flight_of(1), 1);
    bench.step(|ledger, effects| ledger.settle(4, OK, None, effects));
    assert_eq!(bench.count(Statistic::Responses(Class::Success)), 1);
    assert_eq!(bench.count(Statistic::ShadowDuration), 3);
    bench.step(|ledger, effects| ledger.settle(4, OK, None, effects));
    assert_eq!(
        bench.count(Statistic::Responses(Class::Success)),
        1,
        "an answer is counted once"
    );
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn one_request_has_one_reason_in_the_agreed_order() {
    let everything = || {
        let mut head = vec![
            ("x-mirrored-by", "other"),
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
        ];
        head.push(("content-length", "99"));
        head
    };
    // Each case takes the first reason away, so that the next one shows.
    for (skip, is_routed, reason) in [
        (0, false, Statistic::Skipped(Skipped::Loop)),
        (1, false, Statistic::Skipped(Skipped::Upgrade)),
        (3, false, Statistic::Skipped(Skipped::NoRoute)),
        (3, true, Statistic::Skipped(Skipped::Expired)),
    ] {
        let mut bench = Bench::new(mirror(
            r#""expiresAt": "2026-01-01T00:00:00Z", "percentage": 0, "sample": {"by": "header", "name": "x-user"}, "body": {"maxBytes": 9}, "limits": {"maxBufferedBytes": 9}"#,
        ));
        assert!(
            bench
                .begin_routed(get("/", &everything()[skip..]), is_routed, 0)
                .is_none()
        );
        assert_eq!(bench.count(reason), 1, "{reason:?}");
        assert_eq!(bench.count(Statistic::Matched), 1);
        bench.assert_at_rest();
    }
    for (keys, reason) in [
        (
            r#""percentage": 0, "sample": {"by": "header", "name": "x-user"}, "body": {"maxBytes": 9}, "limits": {"maxBufferedBytes": 9}"#,
            Statistic::Skipped(Skipped::NoSampleKey),
        ),
        (
            r#""percentage": 0, "body": {"maxBytes": 9}, "limits": {"maxBufferedBytes": 9}"#,
            Statistic::Skipped(Skipped::NotSampled),
        ),
        (
            r#""body": {"maxBytes": 9}, "limits": {"maxBufferedBytes": 9}"#,
            Statistic::Dropped(Dropped::BodyTooLarge),
        ),
        (
            r#""body": {"maxBytes": 99}, "limits": {"maxBufferedBytes": 99}"#,
            Statistic::Dropped(Dropped::Bytes),
        ),
    ] {
        let mut bench = Bench::new(mirror(keys));
        assert!(bench.begin(get("/", &everything()[3..]), 0).is_none());
        assert_eq!(bench.count(reason), 1, "{reason:?}");
        bench.assert_at_rest();
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_request_with_the_marker_of_any_mirror_is_copied_by_none() {
    let mut bench = Bench::new(
        parse(r#"{"mirrors": [{"name": "a", "cluster": "a", "marker": "x-a"}, {"name": "b", "cluster": "b", "enabled": false, "marker": "x-b"}]}"#).unwrap(),
    );
    for marker in ["x-a", "x-b"] {
        assert!(bench.begin(get("/", &[(marker, "")]), 0).is_none());
    }
    assert_eq!(bench.count(Statistic::Skipped(Skipped::Loop)), 2);
    assert!(bench.begin(get("/", &[("x-c", "")]), 0).is_some());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_retry_is_the_same_request_once_more() {
    let mut bench = Bench::new(mirror(""));
    let retry = Arrival {
        is_retry: true,
        ..bench.arrival(get("/", &[]), 0)
    };
    let mut dice = Dice::new(1);
    assert!(
        bench
            .step(|ledger, effects| ledger.begin(retry, &mut dice, effects))
            .is_none()
    );
    assert!(bench.totals.is_empty(), "it is neither copied nor counted");
}

#[wasm_bindgen_test(unsupported = test)]
fn tunnels_are_told_by_envoys_rule() {
    let mut bench = Bench::new(mirror(""));
    let connect = headers(&[(":method", "CONNECT"), (":authority", "a:1")]);
    assert!(bench.begin(connect, 0).is_none());
    assert!(
        bench
            .begin(
                get("/", &[("upgrade", "websocket"), ("connection", "keep-alive, Upgrade")]),
                0
            )
            .is_none()
    );
    assert_eq!(bench.count(Statistic::Skipped(Skipped::Upgrade)), 2);
    assert!(
        bench
            .begin(get("/", &[("upgrade", "h2c"), ("connection", "keep-alive")]), 0)
            .is_some()
    );
    assert!(bench.begin(get("/", &[("connection", "upgrade")]), 0).is_some());
}

#[wasm_bindgen_test(unsupported = test)]
fn copies_over_the_limits_are_dropped_at_once() {
    let mut bench = Bench::new(mirror(r#""limits": {"maxInFlight": 2}"#));
    let first = bench.begin(get("/", &[]), 0).expect("collected");
    let second = one(&mut bench, get("/", &[]));
    bench.step(|ledger, effects| ledger.sent(second, 1, 1, effects));
    assert!(bench.begin(get("/", &[]), 0).is_none());
    assert_eq!(bench.count(Statistic::Dropped(Dropped::InFlight)), 1);
    bench.step(|ledger, effects| ledger.settle(1, OK, None, effects));
    assert!(bench.begin(get("/", &[]), 0).is_some(), "there is room again");
    bench.step(|ledger, effects| ledger.reset(first, effects));
    bench.totals.assert_balanced(0);

    let head = post(&[]).bytes();
    let mut bench = Bench::new(mirror(&format!(
        r#""body": {{"maxBytes": 10}}, "limits": {{"maxBufferedBytes": {}}}"#,
        2 * head + 10
    )));
    let ids = [0, 1].map(|_| bench.begin(post(&[]), 0).expect("collected"));
    assert!(bench.begin(post(&[]), 0).is_none());
    assert!(bench.body(ids[0], b"1234567890", 0));
    assert!(!bench.body(ids[1], b"1", 0), "the first one has used the bytes up");
    assert_eq!(bench.count(Statistic::Dropped(Dropped::Bytes)), 2);
    bench.step(|ledger, effects| ledger.reset(ids[0], effects));
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_over_the_cap_is_dropped_or_left_off_but_never_cut() {
    for (cap, length, is_sent) in [(10, 10, true), (10, 11, false), (0, 1, false), (0, 0, true)] {
        for chunk in [1, 3, 11] {
            let mut bench = Bench::new(mirror(&format!(r#""body": {{"maxBytes": {cap}}}"#)));
            let id = bench.begin(post(&[]), 0).expect("collected");
            let body = vec![b'x'; length];
            for part in body.chunks(chunk) {
                bench.body(id, part, 0);
            }
            let copies = bench.complete(id, 0);
            assert_eq!(
                copies.len(),
                usize::from(is_sent),
                "cap {cap}, {length} bytes by {chunk}"
            );
            for copy in copies {
                assert_eq!(copy.body(), body);
                bench.step(|ledger, effects| ledger.refused(copy, Dropped::NoCapacity, effects));
            }
            assert_eq!(
                bench.count(Statistic::Dropped(Dropped::BodyTooLarge)),
                i64::from(!is_sent)
            );
            bench.assert_at_rest();
        }
    }
    let mut bench = Bench::new(mirror(r#""body": {"maxBytes": 10, "whenLarger": "headersOnly"}"#));
    let id = bench.begin(post(&[]), 0).expect("collected");
    assert!(bench.body(id, b"123456", 0));
    assert!(!bench.ledger.takes(id, 5));
    assert!(bench.body(id, b"78901", 0));
    assert_eq!(
        bench.count(Statistic::BufferedBytes),
        post(&[]).bytes() as i64,
        "the bytes are given back"
    );
    assert!(!bench.ledger.takes(id, 1), "and no more are read");
    assert!(bench.body(id, b"2", 0));
    let copy = bench.complete(id, 0).remove(0);
    assert_eq!(copy.body(), b"");
    bench.step(|ledger, effects| ledger.sent(copy, 1, 1, effects));
    bench.step(|ledger, effects| ledger.settle(1, OK, None, effects));
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn mirrors_share_a_body_and_each_keeps_its_own_rules() {
    let mut bench = Bench::new(
        parse(
            r#"{"mirrors": [
            {"name": "a", "cluster": "a", "body": {"maxBytes": 4}},
            {"name": "b", "cluster": "b", "body": {"maxBytes": 4, "whenLarger": "headersOnly"}},
            {"name": "c", "cluster": "c"},
            {"name": "d", "cluster": "d", "body": {"maxWait": "5ms"}},
            {"name": "e", "cluster": "e", "match": [{"method": {"exact": "GET"}}]}]}"#,
        )
        .unwrap(),
    );
    let id = bench.begin(post(&[]), 0).expect("collected");
    assert!(bench.body(id, b"1234", 1) && bench.body(id, b"56", 2));
    let copies = bench.complete(id, 9);
    let bodies: Vec<(usize, &[u8])> = copies.iter().map(|copy| (copy.account().0, copy.body())).collect();
    assert_eq!(bodies, [(1, &b""[..]), (2, b"123456")]);
    assert_eq!(bench.totals.of(0, Statistic::Dropped(Dropped::BodyTooLarge)), 1);
    assert_eq!(bench.totals.of(3, Statistic::Dropped(Dropped::BodyWait)), 1);
    assert_eq!(bench.totals.of(4, Statistic::Matched), 0);
    for copy in copies {
        bench.step(|ledger, effects| ledger.refused(copy, Dropped::ClusterMissing, effects));
    }
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn an_overdue_copy_is_freed_without_its_stream() {
    let mut bench = Bench::new(mirror(r#""body": {"maxWait": "100ms"}"#));
    let id = bench.begin(post(&[]), 1_000).expect("collected");
    bench.body(id, b"abc", 1_050);
    bench.step(|ledger, effects| ledger.sweep(at(1_100), effects));
    assert_eq!(bench.count(Statistic::Collecting), 1, "not overdue yet");
    bench.step(|ledger, effects| ledger.sweep(at(1_101), effects));
    assert_eq!(bench.count(Statistic::Dropped(Dropped::BodyWait)), 1);
    bench.assert_at_rest();
    assert!(!bench.body(id, b"def", 1_102));
    assert!(bench.complete(id, 1_103).is_empty());

    let id = bench.begin(post(&[]), 2_000).expect("collected");
    assert!(!bench.body(id, b"late", 2_101), "a late chunk finds it as well");
    let id = bench.begin(post(&[]), 3_000).expect("collected");
    assert!(bench.complete(id, 3_101).is_empty(), "and so does a late end");
    assert_eq!(bench.count(Statistic::Dropped(Dropped::BodyWait)), 3);
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn a_part_that_the_host_keeps_back_loses_the_copy() {
    let mut bench = Bench::new(mirror(""));
    let id = bench.begin(post(&[]), 0).expect("collected");
    assert!(
        bench.step(|ledger, effects| ledger.body(id, 0, None, at(0), effects)),
        "an empty part is none"
    );
    assert!(!bench.step(|ledger, effects| ledger.body(id, 3, Some(b"ab"), at(0), effects)));
    assert_eq!(bench.count(Statistic::Dropped(Dropped::BodyUnreadable)), 1);
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn an_update_resets_no_budget_and_lower_limits_wait() {
    let mut bench = Bench::new(mirror(r#""limits": {"maxInFlight": 3}"#));
    for token in 0..3 {
        let copy = one(&mut bench, get("/", &[]));
        bench.step(|ledger, effects| ledger.sent(copy, token, 1, effects));
    }
    bench.update(mirror(r#""limits": {"maxInFlight": 1}"#));
    assert_eq!(bench.binding.accounts[0], AccountId(0), "the account is adopted");
    assert!(bench.begin(get("/", &[]), 0).is_none());
    for token in 0..2 {
        bench.step(|ledger, effects| ledger.settle(token, OK, None, effects));
        assert!(bench.begin(get("/", &[]), 0).is_none(), "still one in flight");
    }
    bench.step(|ledger, effects| ledger.settle(2, OK, None, effects));
    let copy = one(&mut bench, get("/", &[]));
    bench.step(|ledger, effects| ledger.refused(copy, Dropped::NoCapacity, effects));
    bench.assert_at_rest();

    let other = mirror("");
    assert_eq!(
        bench.ledger.adopt("another plugin", &other),
        [AccountId(1)],
        "plugins have accounts of their own"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn gauges_show_what_is_configured_and_a_mirror_that_is_gone_is_off() {
    let mut bench = Bench::new(mirror(r#""percentage": 12.5"#));
    let values = |bench: &Bench, plan: &mirror_policy::Plan| {
        bench
            .ledger
            .accounts()
            .settings("plugin", plan)
            .iter()
            .map(|setting| setting.value)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        values(&bench, &mirror(r#""percentage": 12.5"#)),
        [1, 125_000, 128, 16 << 20, 0]
    );
    let renamed = parse(r#"{"mirrors": [{"name": "v3", "cluster": "c", "enabled": false}]}"#).unwrap();
    bench.ledger.adopt("plugin", &renamed);
    assert_eq!(
        values(&bench, &renamed),
        [0, 0, 0, 0, 0, 0, 1_000_000, 128, 16 << 20, 0]
    );
    let off = parse(r#"{"enabled": false, "mirrors": [{"name": "v3", "cluster": "c"}]}"#).unwrap();
    assert_eq!(values(&bench, &off)[5], 0);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_last_one_settles_everything() {
    let mut bench = Bench::new(mirror(""));
    bench.begin(post(&[]), 0).expect("collected");
    let copy = one(&mut bench, get("/", &[]));
    bench.step(|ledger, effects| ledger.sent(copy, 9, 1, effects));
    bench.step(|ledger, effects| ledger.cancel(effects));
    assert_eq!(bench.count(Statistic::Failures(Failure::Cancelled)), 1);
    assert_eq!(bench.count(Statistic::Dropped(Dropped::RequestReset)), 1);
    bench.assert_at_rest();
    bench.step(|ledger, effects| ledger.settle(9, OK, None, effects));
    bench.assert_at_rest();
}

#[wasm_bindgen_test(unsupported = test)]
fn an_answer_is_told_from_envoys_own_word() {
    let upstream = ("x-envoy-upstream-service-time", "7");
    let answered = |class| Outcome::Answered {
        class,
        is_error: class == Class::ServerError,
        milliseconds: Some(7),
    };
    let broken = Outcome::Answered {
        class: Class::GrpcError,
        is_error: true,
        milliseconds: Some(7),
    };
    let failed = Outcome::Failed;
    let connect = "upstream connect error or disconnect/reset before headers. ";
    for (pairs, trailers, body, expected) in [
        (vec![(":status", "200"), upstream], vec![], "", answered(Class::Success)),
        (
            vec![(":status", "304"), upstream],
            vec![],
            "",
            answered(Class::Redirection),
        ),
        (
            vec![(":status", "404"), upstream],
            vec![],
            "",
            answered(Class::ClientError),
        ),
        (
            vec![(":status", "503"), upstream],
            vec![],
            "upstream request timeout",
            answered(Class::ServerError),
        ),
        (
            vec![(":status", "999"), upstream],
            vec![],
            "",
            answered(Class::ServerError),
        ),
        (
            vec![(":status", "?"), upstream],
            vec![],
            "",
            answered(Class::ServerError),
        ),
        (
            vec![(":status", "200"), ("content-type", "application/grpc"), upstream],
            vec![("grpc-status", "0")],
            "",
            answered(Class::GrpcOk),
        ),
        (
            vec![(":status", "200"), ("content-type", "application/grpc+proto"), upstream],
            vec![("grpc-status", "5")],
            "",
            answered(Class::GrpcError),
        ),
        (
            vec![(":status", "200"), ("content-type", "application/grpc"), upstream],
            vec![],
            "",
            broken,
        ),
        (
            vec![
                (":status", "200"),
                ("content-type", "application/grpc"),
                ("grpc-status", "0"),
                upstream,
            ],
            vec![],
            "",
            answered(Class::GrpcOk),
        ),
        (
            vec![(":status", "200"), ("content-type", "application/grpc-web"), upstream],
            vec![],
            "",
            answered(Class::Success),
        ),
        (vec![], vec![], "", failed(Failure::Reset)),
        (
            vec![(":status", "504")],
            vec![],
            "upstream request timeout",
            failed(Failure::Timeout),
        ),
        (
            vec![(":status", "503")],
            vec![],
            "no healthy upstream",
            failed(Failure::Connect),
        ),
        (
            vec![(":status", "503")],
            vec![],
            "reset reason: remote connection failure, transport failure reason: delayed connect error: Connection refused",
            failed(Failure::Connect),
        ),
        (
            vec![(":status", "503")],
            vec![],
            "reset reason: connection timeout",
            failed(Failure::Connect),
        ),
        (
            vec![(":status", "503")],
            vec![],
            "reset reason: connection termination",
            failed(Failure::Reset),
        ),
        (
            vec![(":status", "502")],
            vec![],
            "reset reason: protocol error",
            failed(Failure::Protocol),
        ),
        (
            vec![(":status", "503")],
            vec![],
            "reset reason: remote reset",
            failed(Failure::Reset),
        ),
        (
            vec![(":status", "503")],
            vec![],
            "something new",
            failed(Failure::Reset),
        ),
        (
            vec![
                (":status", "200"),
                ("content-type", "application/grpc"),
                ("grpc-status", "14"),
                ("grpc-message", "upstream request timeout"),
            ],
            vec![],
            "",
            failed(Failure::Timeout),
        ),
        (
            vec![
                (":status", "200"),
                ("content-type", "application/grpc"),
                ("grpc-status", "14"),
                ("grpc-message", "reset reason: connection termination"),
            ],
            vec![],
            "",
            failed(Failure::Reset),
        ),
    ] {
        let body = if body.starts_with("reset reason") {
            format!("{connect}{body}")
        } else {
            body.to_owned()
        };
        let answer = Answer {
            headers: headers(&pairs),
            trailers: headers(&trailers),
            body: body.clone().into_bytes(),
        };
        let answer = if pairs.is_empty() {
            Answer {
                headers: Headers::default(),
                ..answer
            }
        } else {
            answer
        };
        assert_eq!(answer.outcome(), expected, "{pairs:?} {body}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_primary_is_counted_once_for_each_copy_that_was_sent() {
    let accounts = vec![AccountId(0), AccountId(1)];
    let run = |steps: &dyn Fn(&mut Watch, &mut Effects)| {
        let (mut watch, mut effects, mut totals) = (Watch::default(), Effects::default(), Totals::default());
        steps(&mut watch, &mut effects);
        watch.end(&mut effects);
        totals.apply(&mut effects);
        totals
    };
    let status = |status: &str| headers(&[(":status", status)]);
    let grpc = headers(&[(":status", "200"), ("content-type", "application/grpc")]);
    let totals = run(&|watch, effects| {
        watch.sent(accounts.clone(), at(10), effects);
        watch.response_headers(&status("200"), true, at(25), effects);
        watch.response_headers(&status("500"), true, at(30), effects);
    });
    for account in [0, 1] {
        assert_eq!(totals.of(account, Statistic::PrimaryResponses(Class::Success)), 1);
        assert_eq!(totals.of(account, Statistic::PrimaryDuration), 15);
        assert_eq!(totals.sum(account, "traffic_mirror_primary_responses_total"), 1);
    }
    let early = run(&|watch, effects| {
        watch.response_headers(&status("413"), false, at(5), effects);
        watch.sent(accounts.clone(), at(10), effects);
    });
    assert_eq!(early.of(1, Statistic::PrimaryResponses(Class::ClientError)), 1);
    assert_eq!(
        early.of(1, Statistic::PrimaryDuration),
        0,
        "an answer before the request is complete has no duration"
    );
    let never_sent = run(&|watch, effects| watch.response_headers(&status("200"), true, at(5), effects));
    assert!(never_sent.is_empty());
    for (trailers, class) in [
        (Some(headers(&[("grpc-status", "0")])), Class::GrpcOk),
        (Some(headers(&[("grpc-status", "2")])), Class::GrpcError),
        (None, Class::GrpcError),
    ] {
        let totals = run(&|watch, effects| {
            watch.sent(vec![AccountId(0)], at(0), effects);
            watch.response_headers(&grpc, false, at(1), effects);
            if let Some(trailers) = &trailers {
                watch.response_trailers(trailers, effects);
            }
        });
        assert_eq!(totals.of(0, Statistic::PrimaryResponses(class)), 1, "{class}");
        assert_eq!(totals.sum(0, "traffic_mirror_primary_responses_total"), 1);
    }
    let no_answer = run(&|watch, effects| watch.sent(vec![AccountId(0)], at(0), effects));
    assert!(no_answer.is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn the_table_of_statistics_is_whole_and_its_names_are_unique() {
    let all = Statistic::all();
    assert_eq!(all.len(), COUNT);
    for (index, statistic) in all.iter().enumerate() {
        assert_eq!(statistic.index(), index, "{statistic:?}");
    }
    let names: std::collections::BTreeSet<String> = all.iter().map(|statistic| statistic.raw_name("m")).collect();
    assert_eq!(names.len(), COUNT);
    for family in FAMILIES {
        let mut own = all.iter().filter(|statistic| statistic.name() == family.name);
        assert!(own.clone().count() > 0, "{}", family.name);
        assert!(
            own.all(|statistic| family.name.ends_with("_total") == (statistic.kind() == Kind::Counter)),
            "{}",
            family.name
        );
    }
    assert_eq!(
        Statistic::Skipped(Skipped::NotSampled).raw_name("reviews-v2"),
        "wasm_filter.reviews-v2.tag.not_sampled;.traffic_mirror_skipped_total"
    );
    assert_eq!(
        Statistic::Sent.raw_name("reviews-v2"),
        "wasm_filter.reviews-v2.traffic_mirror_sent_total"
    );
}
