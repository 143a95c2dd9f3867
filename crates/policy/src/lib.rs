//! The decisions of a traffic mirror, free of any host: events in, values out. The same code runs in the Envoy filter,
//! in the command line tool and in the tests, natively and as WebAssembly. The code reads no clock and no randomness;
//! both are arguments. The modules stand in the order in which data flows through them.

#![forbid(unsafe_code)]

// The words: each reason, outcome and statistic has one name.
pub mod reasons;

pub mod statistics;

// A configuration: bytes -> what the user wrote -> plan.
pub mod config_error;

pub mod work;

pub mod document;

pub mod configuration;

pub mod headers;

mod hop_by_hop;

pub mod grammar;

pub mod matching;

pub mod sample;

pub mod redaction;

pub mod plan;

// A request: head -> gates -> copy -> the primary's answer.
mod slot;

pub mod breaker;

pub mod budget;

mod memory;

pub mod rate;

pub mod examined_rate;

pub mod ledger;

pub mod plugin;

pub mod mirror_state;

pub mod active_plan;

pub mod serving;

mod settings;

pub mod copy;

pub mod gates;

mod request;

// The shadow's answer.
pub mod outcome;

// All of them together, as long as a VM lives.
mod number_map;

pub mod vm_state;

// The same decisions, explained to a person.
pub mod explain;

pub use config_error::ConfigError;
pub use configuration::read::MIRROR_KEYS;
pub use plan::Plan;
pub use slot::Slot;
