//! A real Envoy with the mirror filter, a primary and its shadows: for the cases that prove the filter, for the demo,
//! and for people who want to play with it.
//!
//! From the bottom up: [`backend`] receives and remembers, [`client`] sends, [`wire`] does both byte for byte and
//! [`conversation`] step by step, [`envoy`] owns the Envoys, [`ledger`] reads what the filter counted. [`mirrorctl`]
//! shows that to people, [`prometheus`] keeps it, and an [`onlooker`] holds it against what the backends counted.
//! [`traffic`] is a mixture of requests. [`lab`] puts one of each together for a case, [`runner`] runs the cases,
//! [`demo`] and [`up`] show it to people. [`mod@measure`] puts an Envoy under load, with a listener for each way of
//! mirroring: [`mod@count`] counts the instructions that these cost, [`mod@bench`] measures what only a clock tells.
//! [`soak`] holds memory against the budget. [`record`] writes down statistics for the tests of dashboards and alerts.

#![forbid(unsafe_code)]

pub mod backend;

pub mod client;

pub mod wire;

pub mod conversation;

pub mod envoy;

pub mod ledger;

pub mod mirrorctl;

pub mod prometheus;

pub mod onlooker;

pub mod traffic;

pub mod lab;

pub mod parity;

pub mod cases;

pub mod runner;

pub mod compose;

pub mod terminal;

pub mod demo;

pub mod up;

pub mod record;

#[cfg(target_os = "linux")]
pub mod measure;

#[cfg(target_os = "linux")]
pub mod bench;

#[cfg(target_os = "linux")]
pub mod count;

#[cfg(target_os = "linux")]
pub mod soak;
