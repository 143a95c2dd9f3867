//! A mirror as it does: statistics of proxies or of a Prometheus server, turned into rates, success, latencies, an account
//! and a state. The terminal, the page and the report show the same [`View`](view::View); nothing is worked out twice.
//!
//! ```text
//! args ─▶ source ─ fetch ─▶ envoy, prometheus ─ reading ─▶ history ─ tally ─▶ view (ledger, state) ─▶ wire, table, charts
//!                   └──────────────── feed ───────────────────────┘
//! ```
//!
//! Only `fetch` and `feed` know the network and the clock; all else is values in, values out.

// Who is asked.
pub mod args;

pub mod matchers;

pub mod source;

pub mod fetch;

// What they say.
pub mod vocabulary;

pub mod distribution;

pub mod reading;

pub mod envoy;

pub mod prometheus;

// What happened.
pub mod history;

// What is shown.
pub mod ledger;

pub mod state;

pub mod series;

pub mod view;

pub mod wire;

// Asking again and again.
pub mod feed;

pub mod observe;

// What a person reads.
pub mod words;

pub mod table;

pub mod account;

pub mod markdown;

/// An answer that should be JSON.
fn json(answer: &[u8]) -> Result<serde_json::Value, String> {
    serde_json::from_slice(answer).map_err(|error| {
        let begin: String = String::from_utf8_lossy(answer).chars().take(40).collect();
        match begin.trim() {
            "" => "its answer is empty".to_owned(),
            begin => format!("its answer is not JSON: it begins with {begin:?} ({error})"),
        }
    })
}
