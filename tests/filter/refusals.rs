//! A bad configuration is refused as a whole, with the place in the log, and harms nobody: the last good configuration
//! of its plugin goes on, or nothing is copied.

use std::time::Duration;

use serde_json::{Value, json};

use crate::books::{mirror, mirrors, one};
use crate::host::FakeHost;
use crate::host::messages::{Reply, Request};
use crate::host::world::{Phase, Plugin};

/// Bad configurations, each with what the log must name.
fn bad() -> Vec<(Value, &'static str)> {
    vec![
        (one(&json!({ "percentage": 140 })), "mirrors[0].percentage"),
        (one(&json!({ "percentage": 0.00001 })), "mirrors[0].percentage"),
        (
            mirrors(&[mirror("a", &json!({})), mirror("b", &json!({ "percentage": -1 }))]),
            "mirrors[1].percentage",
        ),
        (one(&json!({ "percentige": 10 })), "mirrors[0].percentige"),
        (one(&json!({ "timeout": "0s" })), "mirrors[0].timeout"),
        (one(&json!({ "timeout": 5 })), "mirrors[0].timeout"),
        (one(&json!({ "name": "Not A Label" })), "mirrors[0].name"),
        (
            mirrors(&[mirror("a", &json!({})), mirror("a", &json!({}))]),
            "mirrors[1].name",
        ),
        (
            one(&json!({ "limits": { "maxInFlight": 0 } })),
            "mirrors[0].limits.maxInFlight",
        ),
        (
            one(&json!({ "body": { "maxBytes": 1 << 30 } })),
            "mirrors[0].body.maxBytes",
        ),
        (
            one(&json!({ "match": [{ "uri": { "regex": "(" } }] })),
            "mirrors[0].match[0].uri.regex",
        ),
        (
            one(&json!({ "headers": { "set": { ":path": "/" } } })),
            "mirrors[0].headers.set",
        ),
        (one(&json!({ "redact": {} })), "mirrors[0].redact: names nothing"),
        (json!({ "mirrors": [] }), "mirrors"),
        (json!({ "mirrors": [{ "name": "a" }] }), "mirrors[0]"),
        (json!({}), "mirrors"),
        (
            one(&json!({ "circuitBreaker": {} })),
            "mirrors[0].circuitBreaker: `failurePercentage` is missing",
        ),
        (one(&json!({ "expiresAt": "2026-12-01" })), "mirrors[0].expiresAt"),
        // Later keys are unknown until they are built.
        (one(&json!({ "compare": {} })), "mirrors[0].compare"),
        (
            one(&json!({ "limits": { "maxRequestsPerSecond": 0 } })),
            "mirrors[0].limits.maxRequestsPerSecond",
        ),
    ]
}

#[test]
fn a_bad_configuration_is_refused_with_its_place_in_the_log() {
    for (configuration, place) in bad() {
        let mut host = FakeHost::new();
        let (_, accepted) = host.try_start(Plugin::new("mirror", &configuration));
        assert!(!accepted, "{configuration} was accepted");
        let log = host.log_text();
        assert!(log.contains(place), "{configuration}: no {place} in:\n{log}");
    }
}

#[test]
fn bytes_that_are_no_configuration_are_refused() {
    let garbage: [&[u8]; 6] = [b"", b"{", b"null", b"[]", b"\xff\xfe\x00", b"\n\x7b\x0a"];
    for bytes in garbage {
        let mut host = FakeHost::new();
        let plugin = Plugin {
            configuration: bytes.to_vec(),
            ..Plugin::new("mirror", "")
        };
        let (_, accepted) = host.try_start(plugin);
        assert!(!accepted, "{bytes:?} was accepted");
        assert!(host.log_text().contains("traffic-mirror"), "{}", host.log_text());
    }
}

/// A configuration with a percentage that is out of range.
const BAD: &str = r#"{"mirrors": [{"name": "shadow", "cluster": "shadow", "percentage": 140}]}"#;

/// The gauge of the plugin `mirror`.
const GAUGE: &str = "wasm_filter.mirror.traffic_mirror_configuration_refused";

/// The value of a gauge after a tick of each root. `None` if no tick has told it.
fn gauge(host: &mut FakeHost, name: &str) -> Option<i64> {
    host.tick_all();
    host.stats().gauges().get(name).copied()
}

#[test]
fn a_root_without_a_good_configuration_serves_and_copies_nothing() {
    for (configuration, _) in bad() {
        let mut host = FakeHost::new();
        let (root, _) = host.try_start(Plugin::new("mirror", &configuration));
        assert!(host.log_text().contains("; nothing is copied until it is corrected"));
        host.serve(root, &Request::post("/", b"body", 2));
        host.tick(root);
        assert_eq!(host.sent().len(), 0);
        let defined: Vec<_> = host.stats().names().cloned().collect();
        assert_eq!(defined, [GAUGE], "no mirror has statistics");
        host.shut_down();
        assert_eq!(host.roots(), []);
    }
}

#[test]
fn the_last_good_configuration_goes_on_with_its_budget_and_counts() {
    let mut host = FakeHost::new();
    let good = host.start(&one(&json!({ "limits": { "maxInFlight": 2 } })));
    host.serve(good, &Request::get("/"));
    let bad = host.update_refused(good, BAD);
    let log = host.log_text();
    assert!(log.contains("mirrors[0].percentage"), "{log}");
    assert!(log.contains("; the last good configuration goes on"), "{log}");
    assert_eq!(host.phase(good), Some(Phase::Draining), "its copy is in flight");
    host.serve(bad, &Request::get("/"));
    host.serve(bad, &Request::get("/"));
    let books = host.books();
    assert_eq!((books.sent(), books.dropped("in_flight")), (2, 1), "one budget");
    assert_eq!(books.gauge("in_flight_limit"), 2);
    // A second refusal in a row finds the same plan.
    let worse = host.update_refused(bad, "{");
    host.reply_to_all(&Reply::upstream(200));
    host.serve(worse, &Request::get("/"));
    assert_eq!(host.books().sent(), 3);
    host.reply_to_all(&Reply::upstream(200));
    assert_eq!(host.roots(), [worse]);
    host.books().assert_settled();
}

#[test]
fn a_correction_takes_effect_and_takes_the_gauges_back() {
    let mut host = FakeHost::new();
    let good = host.start(&one(&json!({})));
    assert_eq!(gauge(&mut host, GAUGE), Some(0));
    assert_eq!(host.books().gauge("outdated"), 0);
    let bad = host.update_refused(good, BAD);
    assert_eq!(gauge(&mut host, GAUGE), Some(1));
    assert_eq!((host.books().gauge("outdated"), host.books().gauge("enabled")), (1, 1));
    let corrected = host.update(bad, &one(&json!({ "percentage": 0 })));
    assert_eq!(gauge(&mut host, GAUGE), Some(0));
    let books = host.books();
    assert_eq!((books.gauge("outdated"), books.gauge("percentage_ppm")), (0, 0));
    host.serve(corrected, &Request::get("/"));
    assert_eq!((host.books().sent(), host.books().skipped("not_sampled")), (0, 1));
}

#[test]
fn a_plugin_that_is_made_anew_has_no_last_good_configuration() {
    let mut host = FakeHost::new();
    let keeper = host.start_plugin(Plugin::new("keeper", mirrors(&[mirror("other", &json!({}))])));
    let good = host.start(&one(&json!({})));
    host.retire(good);
    assert_eq!(host.books().gauge("enabled"), 0, "no root has the mirror any more");
    let (bad, _) = host.try_start(Plugin::new("mirror", BAD));
    host.serve(bad, &Request::get("/"));
    host.serve(keeper, &Request::get("/"));
    assert_eq!((host.books().sent(), host.books_of("other").sent()), (0, 1));
    assert_eq!(gauge(&mut host, GAUGE), Some(1));
    host.retire(bad);
    assert_eq!(host.stats().gauge(GAUGE), 0, "nothing is refused any more");
}

#[test]
fn a_refusal_of_one_plugin_leaves_the_other_alone() {
    let mut host = FakeHost::new();
    let a = host.start_plugin(Plugin::new("plugin-a", mirrors(&[mirror("a", &json!({}))])));
    let b = host.start_plugin(Plugin::new("plugin-b", mirrors(&[mirror("b", &json!({}))])));
    let a = host.update_refused(a, BAD);
    for root in [a, b] {
        host.serve(root, &Request::get("/"));
    }
    assert_eq!((host.books_of("a").sent(), host.books_of("b").sent()), (1, 1));
    let refused = |plugin: &str| format!("wasm_filter.{plugin}.traffic_mirror_configuration_refused");
    assert_eq!(gauge(&mut host, &refused("plugin-a")), Some(1));
    assert_eq!(gauge(&mut host, &refused("plugin-b")), Some(0));
    assert_eq!(
        (
            host.books_of("a").gauge("outdated"),
            host.books_of("b").gauge("outdated")
        ),
        (1, 0)
    );
}

#[test]
fn a_canary_tells_nothing_of_a_refusal() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "percentage": 100 })));
    host.serve(root, &Request::get("/"));
    host.tick_all();
    let gauges = host.stats().gauges().clone();
    for (configuration, _) in bad() {
        assert_eq!(host.canary(&configuration), "", "the canary does not know what goes on");
        assert_eq!(*host.stats().gauges(), gauges, "{configuration}");
    }
    host.reply_to_all(&Reply::upstream(200));
    host.books().assert_settled();
}

#[test]
fn a_root_that_stands_in_counts_as_one_that_serves() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let (passive, _) = host.try_start(Plugin::new("other", BAD));
    host.serve(root, &Request::get("/"));
    host.retire(root);
    assert_eq!(
        host.phase(root),
        Some(Phase::Draining),
        "the VM stays, so the answer comes"
    );
    host.reply_to_all(&Reply::upstream(200));
    assert_eq!((host.roots(), host.books().responses("2xx")), (vec![passive], 1));
    host.books().assert_settled();
}

#[test]
fn a_vm_that_ends_takes_nothing_from_the_gauges_of_the_next() {
    let mut old = FakeHost::new();
    let root = old.start(&one(&json!({})));
    let mut new = old.sibling();
    old.update_refused(root, BAD);
    assert_eq!(gauge(&mut old, GAUGE), Some(1));
    new.start(&one(&json!({ "percentage": 50 })));
    assert_eq!(gauge(&mut new, GAUGE), Some(0));
    old.shut_down();
    assert_eq!(
        old.stats().gauge("wasm_filter.shadow.traffic_mirror_enabled"),
        0,
        "the old VM has no mirror"
    );
    new.pass(Duration::from_secs(2));
    assert_eq!(
        new.books().gauge("percentage_ppm"),
        500_000,
        "the new VM shows its own again"
    );
    assert_eq!(gauge(&mut new, GAUGE), Some(0));
}

#[test]
fn a_plugin_without_a_name_has_nothing_of_another_root() {
    let mut host = FakeHost::new();
    let limited = host.start_plugin(Plugin::new("", one(&json!({ "limits": { "maxInFlight": 1 } }))));
    let free = host.start_plugin(Plugin::new("", one(&json!({ "limits": { "maxInFlight": 50 } }))));
    for root in [limited, limited, free, free] {
        host.serve(root, &Request::get("/"));
    }
    assert_eq!((host.books().sent(), host.books().dropped("in_flight")), (3, 1));
    let defined = host.stats().names().count();
    let bad = host.update_refused(limited, BAD);
    assert!(host.log_text().contains("; nothing is copied"));
    host.serve(bad, &Request::get("/"));
    assert_eq!(
        host.books().sent(),
        3,
        "an unnamed plugin has no last good configuration"
    );
    assert_eq!(
        gauge(&mut host, "wasm_filter.unnamed.traffic_mirror_configuration_refused"),
        Some(1)
    );
    assert_eq!(host.stats().names().count(), defined, "the statistics are common");
    host.reply_to_all(&Reply::upstream(200));
    host.books().assert_settled();
}

#[test]
fn filters_without_a_name_show_the_settings_of_their_own_mirrors() {
    let mut host = FakeHost::new();
    host.start_plugin(Plugin::new("", mirrors(&[mirror("first", &json!({}))])));
    let second = host.start_plugin(Plugin::new(
        "",
        mirrors(&[mirror("second", &json!({ "percentage": 5 }))]),
    ));
    assert_eq!(host.books_of("first").gauge("percentage_ppm"), 1_000_000);
    assert_eq!(host.books_of("second").gauge("percentage_ppm"), 50_000);
    host.retire(second);
    let enabled = |host: &mut FakeHost, mirror| host.books_of(mirror).gauge("enabled");
    assert_eq!((enabled(&mut host, "first"), enabled(&mut host, "second")), (1, 0));
}

#[test]
fn the_label_of_a_plugin_has_no_character_that_ends_it() {
    let mut host = FakeHost::new();
    host.try_start(Plugin::new("extensions.istio.io/wasmplugin/demo.tag;~1", BAD));
    let name = "wasm_filter.extensions_istio_io_wasmplugin_demo_tag__1.traffic_mirror_configuration_refused";
    assert_eq!(gauge(&mut host, name), Some(1));
}
