//! Configurations that the tests share, and the books of a mirror: its statistics by their raw names, and the two
//! balances that they must keep.

use std::cell::Ref;

use mirror_model::balance::Balance;
use serde_json::{Value, json};

use crate::host::stats::Stats;
use crate::host::{FakeHost, SHADOW};

/// A configuration with these mirrors.
pub(crate) fn mirrors(mirrors: &[Value]) -> Value {
    json!({ "mirrors": mirrors })
}

/// A configuration with the mirror `shadow`, which has these keys besides name and cluster.
pub(crate) fn one(keys: &Value) -> Value {
    mirrors(&[mirror("shadow", keys)])
}

/// A mirror of this name, with these keys besides.
pub(crate) fn mirror(name: &str, keys: &Value) -> Value {
    let mut mirror = json!({ "name": name, "cluster": SHADOW });
    for (key, value) in keys.as_object().expect("keys are an object") {
        mirror[key] = value.clone();
    }
    mirror
}

/// The statistics of one mirror, as they were when a test asked for them.
#[derive(Clone, Copy)]
pub(crate) struct Books<'a> {
    pub(crate) host: &'a FakeHost,
    mirror: &'a str,
}

impl FakeHost {
    /// The books of the mirror `shadow`.
    pub(crate) fn books(&mut self) -> Books<'_> {
        self.books_of("shadow")
    }

    /// The books of a mirror. The filter writes them in its ticks, so each root of this VM ticks first.
    pub(crate) fn books_of<'a>(&'a mut self, mirror: &'a str) -> Books<'a> {
        self.tick_all();
        Books { host: self, mirror }
    }
}

// === impl Books ===

impl Books<'_> {
    /// Whether the mirror was ever configured.
    pub(crate) fn exist(self) -> bool {
        self.stats().gauges().contains_key(&self.name("collecting"))
    }

    pub(crate) fn matched(self) -> u64 {
        self.counter("matched_total")
    }

    pub(crate) fn sent(self) -> u64 {
        self.counter("sent_total")
    }

    pub(crate) fn skipped(self, reason: &str) -> u64 {
        self.result("skipped_total", reason)
    }

    pub(crate) fn dropped(self, reason: &str) -> u64 {
        self.result("dropped_total", reason)
    }

    pub(crate) fn responses(self, class: &str) -> u64 {
        self.result("responses_total", class)
    }

    pub(crate) fn primary_responses(self, class: &str) -> u64 {
        self.result("primary_responses_total", class)
    }

    pub(crate) fn failures(self, failure: &str) -> u64 {
        self.result("failures_total", failure)
    }

    pub(crate) fn collecting(self) -> i64 {
        self.gauge("collecting")
    }

    pub(crate) fn in_flight(self) -> i64 {
        self.gauge("in_flight")
    }

    pub(crate) fn buffered_bytes(self) -> i64 {
        self.gauge("buffered_bytes")
    }

    pub(crate) fn gauge(self, name: &str) -> i64 {
        self.stats().gauge(&self.name(name))
    }

    pub(crate) fn histogram(self, name: &str) -> Vec<u64> {
        self.stats().histogram(&self.name(name)).to_vec()
    }

    /// The sum over all results of a family.
    pub(crate) fn all(self, family: &str) -> u64 {
        let suffix = format!(";.wasm_filter.{}.traffic_mirror_{family}", self.mirror);
        self.stats().counters("tag.", &suffix)
    }

    /// Both balances, and no gauge below zero at any time.
    pub(crate) fn assert_balanced(self) {
        let balance = Balance {
            matched: self.matched().cast_signed(),
            sent: self.sent().cast_signed(),
            skipped: self.all("skipped_total").cast_signed(),
            dropped: self.all("dropped_total").cast_signed(),
            collecting: self.collecting(),
            responses: self.all("responses_total").cast_signed(),
            failures: self.all("failures_total").cast_signed(),
            in_flight: self.in_flight(),
        };
        balance
            .check()
            .unwrap_or_else(|difference| panic!("{}: {difference}", self.mirror));
        assert_eq!(
            self.stats().below_zero(),
            [] as [&str; 0],
            "gauges that were below zero"
        );
    }

    /// Balanced, and nothing is held any more.
    pub(crate) fn assert_settled(self) {
        self.assert_balanced();
        let held = [self.collecting(), self.in_flight(), self.buffered_bytes()];
        assert_eq!(
            held,
            [0, 0, 0],
            "{}: collecting, in flight, buffered bytes",
            self.mirror
        );
    }

    fn stats(&self) -> Ref<'_, Stats> {
        self.host.world().stats.borrow()
    }

    fn counter(self, name: &str) -> u64 {
        self.stats().counter(&self.name(name))
    }

    fn result(self, family: &str, result: &str) -> u64 {
        let name = format!("tag.{result};.wasm_filter.{}.traffic_mirror_{family}", self.mirror);
        assert!(
            self.stats().names().any(|defined| *defined == name),
            "{name} is not defined"
        );
        self.stats().counter(&name)
    }

    fn name(self, name: &str) -> String {
        format!("wasm_filter.{}.traffic_mirror_{name}", self.mirror)
    }
}
