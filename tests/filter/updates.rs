//! More than one configuration. An update keeps the counters and the copies, the old root drains, and the last root
//! ends the copies that nobody will answer. Plugins share a VM and no statistics, and a canary changes nothing.

use std::time::Duration;

use serde_json::json;

use crate::books::{mirror, mirrors, one};
use crate::host::FakeHost;
use crate::host::messages::{End, Reply, Request};
use crate::host::world::{Phase, Plugin};

#[test]
fn an_update_keeps_counters_and_what_is_in_flight() {
    let mut host = FakeHost::new();
    let old = host.start(&one(&json!({ "limits": { "maxInFlight": 2 } })));
    host.serve(old, &Request::post("/", b"body", 2));
    let bytes = host.books().buffered_bytes();
    let new = host.update(old, &one(&json!({ "limits": { "maxInFlight": 2 }, "timeout": "1s" })));
    let books = host.books();
    assert_eq!((books.sent(), books.in_flight(), books.buffered_bytes()), (1, 1, bytes));
    host.serve(new, &Request::get("/"));
    host.serve(new, &Request::get("/"));
    assert_eq!(
        host.books().dropped("in_flight"),
        1,
        "the copy of the old configuration still counts"
    );
    host.reply_to_all(&Reply::upstream(200));
    assert_eq!(host.books().responses("2xx"), 2);
    host.books().assert_settled();
}

#[test]
fn an_update_re_reads_the_limits() {
    let mut host = FakeHost::new();
    let old = host.start(&one(&json!({ "limits": { "maxInFlight": 1 } })));
    host.serve(old, &Request::get("/"));
    let new = host.update(old, &one(&json!({ "limits": { "maxInFlight": 3 } })));
    for _ in 0..3 {
        host.serve(new, &Request::get("/"));
    }
    assert_eq!((host.books().sent(), host.books().dropped("in_flight")), (3, 1));
    assert_eq!(host.books().gauge("in_flight_limit"), 3);
}

#[test]
fn the_old_root_drains_and_says_done_once_when_its_last_answer_came() {
    let mut host = FakeHost::new();
    let old = host.start(&one(&json!({})));
    host.serve(old, &Request::get("/"));
    host.serve(old, &Request::get("/"));
    let new = host.update(old, &one(&json!({})));
    host.serve(new, &Request::get("/"));
    assert_eq!(host.phase(old), Some(Phase::Draining));
    let [first, second, third] = host.pending()[..] else {
        panic!("three callouts")
    };
    host.reply(first, Reply::upstream(200));
    host.tick(old);
    assert_eq!(host.phase(old), Some(Phase::Draining));
    host.reply(second, Reply::reset());
    assert_eq!(host.phase(old), None, "deleted");
    host.tick(new);
    host.reply(third, Reply::upstream(200));
    assert_eq!(host.calls("proxy_done"), 1);
    assert_eq!(host.world().callouts.cancelled, [0; 0]);
    host.books().assert_settled();
}

#[test]
fn an_old_root_that_awaits_nothing_goes_at_once() {
    let mut host = FakeHost::new();
    let old = host.start(&one(&json!({})));
    host.serve(old, &Request::get("/"));
    host.reply_to_all(&Reply::upstream(200));
    host.update(old, &one(&json!({})));
    assert_eq!(host.phase(old), None);
    assert_eq!(host.calls("proxy_done"), 0);
}

#[test]
fn a_request_that_began_under_the_old_configuration_ends_under_it() {
    let mut host = FakeHost::new();
    let old = host.start(&one(&json!({ "authority": { "mode": "preserve" } })));
    let stream = host.request(old, &Request::new("POST", "/").chunked(&[b"old "], End::Never));
    let new = host.update(old, &one(&json!({ "enabled": false })));
    assert_eq!(host.phase(old), Some(Phase::Replaced), "a stream holds it");
    host.request_body(stream, b"rules", true);
    host.respond(stream, 200);
    host.close(stream);
    assert_eq!(host.only_sent().body, b"old rules");
    assert_eq!(host.phase(old), Some(Phase::Draining));
    host.serve(new, &Request::get("/"));
    host.reply_to_all(&Reply::upstream(200));
    assert_eq!(host.phase(old), None);
    assert_eq!((host.books().matched(), host.books().responses("2xx")), (1, 1));
    host.books().assert_settled();
}

#[test]
fn a_mirror_that_is_no_longer_configured_settles_what_it_had() {
    let mut host = FakeHost::new();
    let old = host.start(&mirrors(&[mirror("gone", &json!({})), mirror("shadow", &json!({}))]));
    host.serve(old, &Request::get("/"));
    host.update(old, &one(&json!({})));
    assert_eq!(host.books_of("gone").gauge("enabled"), 0);
    host.reply_to_all(&Reply::upstream(200));
    assert_eq!(host.books_of("gone").responses("2xx"), 1);
    host.books_of("gone").assert_settled();
    host.books().assert_settled();
}

#[test]
fn the_last_root_settles_what_is_in_flight_as_cancelled() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    host.serve(root, &Request::get("/"));
    host.serve(root, &Request::post("/", b"body", 2));
    host.shut_down();
    assert_eq!(host.phase(root), None, "on_done returned true");
    assert_eq!(host.calls("proxy_done"), 0);
    assert_eq!(host.books().failures("cancelled"), 2);
    assert_eq!(host.world().callouts.cancelled.len(), 2, "cancelled by Envoy");
    host.books().assert_settled();
}

#[test]
fn the_counts_of_a_vm_survive_its_end_without_a_tick() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({ "percentage": 0 })));
    host.serve(root, &Request::get("/"));
    host.shut_down();
    let callbacks = &host.world().journal.callbacks;
    assert!(!callbacks.iter().any(|callback| callback.starts_with("proxy_on_tick")));
    assert_eq!((host.books().matched(), host.books().skipped("not_sampled")), (1, 1));
    host.books().assert_settled();
}

#[test]
fn a_root_that_drains_writes_its_last_answer_before_it_goes() {
    let mut host = FakeHost::new();
    let old = host.start(&one(&json!({})));
    host.serve(old, &Request::get("/"));
    host.update(old, &one(&json!({})));
    host.take_calls();
    host.reply_to_all(&Reply::upstream(200));
    let calls: Vec<_> = host.take_calls().iter().map(|call| call.function).collect();
    let of = |function| calls.iter().position(|call| *call == function);
    assert!(of("proxy_increment_metric").expect("written") < of("proxy_done").expect("done"));
}

#[test]
fn a_replaced_vm_takes_its_share_off_the_gauges_and_leaves_the_other_s() {
    let mut old = FakeHost::new();
    let old_root = old.start(&one(&json!({})));
    old.serve(old_root, &Request::get("/"));
    let mut new = old.sibling();
    let new_root = new.start(&one(&json!({})));
    new.serve(new_root, &Request::get("/"));
    old.tick_all();
    assert_eq!(new.books().in_flight(), 2);
    old.shut_down();
    assert_eq!((new.books().in_flight(), new.books().failures("cancelled")), (1, 1));
    new.reply_to_all(&Reply::upstream(200));
    assert_eq!(new.books().responses("2xx"), 1);
    new.books().assert_settled();
}

#[test]
fn two_updates_in_a_row_drain_two_roots() {
    let mut host = FakeHost::new();
    let first = host.start(&one(&json!({})));
    host.serve(first, &Request::get("/"));
    let second = host.update(first, &one(&json!({})));
    host.serve(second, &Request::get("/"));
    let third = host.update(second, &one(&json!({})));
    assert_eq!([first, second].map(|root| host.phase(root)), [Some(Phase::Draining); 2]);
    host.reply_to_all(&Reply::upstream(200));
    assert_eq!(host.roots(), [third]);
    assert_eq!(host.calls("proxy_done"), 2);
    host.books().assert_settled();
}

#[test]
fn a_root_that_drains_when_the_last_one_goes_is_released_too() {
    let mut host = FakeHost::new();
    let old = host.start(&one(&json!({})));
    host.serve(old, &Request::get("/"));
    let new = host.update(old, &one(&json!({})));
    host.serve(new, &Request::get("/"));
    host.retire(new);
    assert_eq!(host.books().failures("cancelled"), 2);
    host.pass(Duration::from_secs(5));
    assert_eq!(host.roots(), [], "nothing holds the VM");
    host.books().assert_settled();
}

#[test]
fn two_plugins_in_one_vm_keep_their_own_books() {
    let mut host = FakeHost::new();
    let a = host.start_plugin(Plugin::new(
        "plugin-a",
        mirrors(&[mirror("a", &json!({ "limits": { "maxInFlight": 1 } }))]),
    ));
    let b = host.start_plugin(Plugin::new("plugin-b", mirrors(&[mirror("b", &json!({}))])));
    host.serve(a, &Request::get("/"));
    host.serve(a, &Request::get("/"));
    host.serve(b, &Request::get("/"));
    assert_eq!(
        (host.books_of("a").sent(), host.books_of("a").dropped("in_flight")),
        (1, 1)
    );
    assert_eq!((host.books_of("b").sent(), host.books_of("b").matched()), (1, 1));
    assert_eq!(host.sent().iter().map(|copy| copy.root).collect::<Vec<_>>(), [a.0, b.0]);
    host.retire(a);
    assert_eq!(host.phase(a), Some(Phase::Draining), "the other plugin keeps the VM");
    host.reply_to_all(&Reply::upstream(200));
    assert_eq!(host.roots(), [b]);
    host.books_of("a").assert_settled();
    host.books_of("b").assert_settled();
}

#[test]
fn mirrors_of_one_name_in_two_plugins_have_a_budget_each() {
    let mut host = FakeHost::new();
    let limit = one(&json!({ "limits": { "maxInFlight": 1 } }));
    let roots = ["plugin-a", "plugin-b"].map(|name| host.start_plugin(Plugin::new(name, &limit)));
    for root in roots {
        host.serve(root, &Request::get("/"));
        host.serve(root, &Request::get("/"));
    }
    assert_eq!(
        (host.books().sent(), host.books().dropped("in_flight")),
        (2, 2),
        "the statistics are common"
    );
    host.reply_to_all(&Reply::upstream(200));
    host.books().assert_settled();
}

#[test]
fn two_workers_add_up() {
    let mut one_worker = FakeHost::new();
    let mut other = one_worker.sibling();
    for host in [&mut one_worker, &mut other] {
        let root = host.start(&one(&json!({})));
        host.serve(root, &Request::get("/"));
        host.tick_all();
    }
    assert_eq!((other.books().sent(), other.books().in_flight()), (2, 2));
    assert_eq!(other.books().gauge("in_flight_limit"), 128, "a setting is not summed");
    one_worker.reply_to_all(&Reply::upstream(200));
    one_worker.tick_all();
    other.reply_to_all(&Reply::upstream(200));
    other.books().assert_settled();
}

#[test]
fn a_canary_leaves_the_summed_gauges_and_the_counters_alone() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    host.serve(root, &Request::get("/"));
    let held = |host: &mut FakeHost| {
        let books = host.books();
        [
            books.collecting(),
            books.in_flight(),
            books.buffered_bytes(),
            books.sent() as i64,
            books.matched() as i64,
        ]
    };
    let before = held(&mut host);
    host.canary(&one(&json!({ "percentage": 5 })));
    host.canary(&one(&json!({ "percentage": 500 })));
    assert_eq!(held(&mut host), before);
    host.reply_to_all(&Reply::upstream(200));
    host.books().assert_settled();
}

#[test]
fn all_statistics_are_defined_by_the_configuration_and_none_later() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    let defined: Vec<String> = host.stats().names().cloned().collect();
    assert!(
        defined
            .iter()
            .any(|name| name == "tag.not_sampled;.wasm_filter.shadow.traffic_mirror_skipped_total")
    );
    host.take_calls();
    host.serve(root, &Request::post("/", b"body", 2));
    host.reply_to_all(&Reply::timed_out());
    host.shut_down();
    assert_eq!(host.calls("proxy_define_metric"), 0);
}

#[test]
fn an_update_defines_the_statistics_of_new_mirrors_only() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({})));
    // The plugin has one gauge of its own.
    let of_one_mirror = host.calls("proxy_define_metric") - 1;
    host.take_calls();
    let root = host.update(root, &one(&json!({ "percentage": 50 })));
    assert_eq!(host.calls("proxy_define_metric"), 0);
    host.update(
        root,
        &mirrors(&[mirror("shadow", &json!({})), mirror("new", &json!({}))]),
    );
    assert_eq!(host.calls("proxy_define_metric"), of_one_mirror);
}

#[test]
fn the_configured_values_show_as_gauges() {
    let mut host = FakeHost::new();
    let root = host.start(&one(&json!({
        "percentage": 12.5,
        "limits": { "maxInFlight": 7, "maxBufferedBytes": 2_000_000 },
        "expiresAt": "2026-12-01T18:00:00Z",
    })));
    let shown = |host: &mut FakeHost| {
        let books = host.books();
        [
            "enabled",
            "percentage_ppm",
            "in_flight_limit",
            "buffered_bytes_limit",
            "expiry_timestamp_seconds",
        ]
        .map(|gauge| books.gauge(gauge))
    };
    assert_eq!(shown(&mut host), [1, 125_000, 7, 2_000_000, 1_796_148_000]);
    let mut off = one(&json!({ "percentage": 100 }));
    off["enabled"] = json!(false);
    host.update(root, &off);
    assert_eq!(shown(&mut host), [0, 1_000_000, 128, 16 << 20, 0]);
}

#[test]
fn a_root_that_a_stream_holds_outlives_a_newer_one_and_settles_for_both() {
    let mut host = FakeHost::new();
    let old = host.start(&one(&json!({})));
    let stream = host.request(old, &Request::new("POST", "/").chunked(&[b"half"], End::Never));
    let new = host.update(old, &one(&json!({})));
    host.serve(new, &Request::get("/"));
    host.retire(new);
    assert_eq!(host.phase(new), Some(Phase::Draining), "the old one still serves");
    host.request_body(stream, b"done", true);
    assert_eq!(host.books().in_flight(), 2);
    host.close(stream);
    assert_eq!(host.phase(old), None, "the last one that served");
    assert_eq!(host.books().failures("cancelled"), 2);
    host.pass(Duration::from_secs(5));
    assert_eq!(host.roots(), []);
    assert_eq!(host.calls("proxy_done"), 1);
    host.books().assert_settled();
}
