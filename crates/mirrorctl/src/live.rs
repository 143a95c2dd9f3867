//! A mirror as it does: statistics of proxies or of a Prometheus server, turned into rates, success, latencies, an
//! account and a state. The terminal, the page and the report show the same [`View`](view::View); nothing is worked out
//! twice.
//!
//! ```text
//! args ─▶ source ─ fetch ─▶ envoy, prometheus ─ reading ─▶ history ─ tally ─▶ view (balances, state) ─▶ wire, table
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
mod answer;

pub mod vocabulary;

pub mod distribution;

pub mod reading;

pub mod envoy;

pub mod prometheus;

// What happened.
pub mod history;

// What is shown.
pub mod window;

pub mod gauges;

pub mod balances;

pub mod rates;

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

pub mod details;

pub mod markdown;
