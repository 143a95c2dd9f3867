//! What a traffic mirror decides, free of any host: events in, effects out, as values. The same code runs in the Envoy
//! filter, in the command line tool and in the tests, natively and as WebAssembly. It reads no clock and no randomness;
//! both are arguments. The modules stand in the order in which a request flows through them.

#![forbid(unsafe_code)]

// The words: every reason, outcome and statistic has one name.
pub mod reason;
pub mod stats;

// 1 parse: bytes -> what the user wrote -> what runs.
pub mod values;

pub mod timestamp;

pub mod config;

pub mod syntax;

pub mod json_text;

pub mod protobuf_struct;

pub mod document;

mod read;

pub mod plan;

// 2 match: request head -> mirrors.
pub mod headers;

pub mod matching;

// 3 sample: chance or key -> yes or no.
pub mod sample;

// 4 admit: a copy's size -> a permit.
pub mod budget;

pub mod rate;

pub mod breaker;

pub mod effects;

pub mod account;

// 5 copy: headers and chunks -> what the shadow gets.
mod json_edit;

pub mod redact;

pub mod copy;

pub mod exchange;

// 6 is the glue's: it dispatches what is complete.

// 7 account: an answer -> an outcome.
pub mod answer;

pub mod watch;

mod numbered;

pub mod ledger;

// The same, told step by step: for people, not for the filter.
pub mod trail;

pub use plan::{ConfigError, Plan};
pub use read::MIRROR_KEYS;
