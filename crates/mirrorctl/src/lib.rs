//! `mirrorctl`: from one description of a mirroring job to the Istio configuration, explained, checked and undone. The
//! library is pure but for reading files: no clock, no environment, no printing; `main.rs` brings those. The modules
//! stand in the order in which a call flows through them:
//!
//! ```text
//! arguments ─ cli ─▶ commands ─▶ input ─▶ job, objects ─▶ manifests ─▶ output ─▶ exit code (error)
//! ```
//!
//! | module | what it owns |
//! |---|---|
//! | [`cli`] | what can be typed; every help has an example; nothing is decided there |
//! | [`commands`] | one file a verb, one line each in the table of `commands::run` |
//! | [`error`] | the exit codes, and the few kinds of refusal |
//! | [`input`], [`yaml`] | bytes of files and pipes, as documents that know their place |
//! | [`job`] | the job: read strictly, from a file or from flags; written back |
//! | [`output`] | YAML documents, `v1` Lists, tables |
//!
//! ## Rules
//!
//! - Standard output is data. A command returns an [`output::Answer`] and prints nothing; on an error nothing is printed.
//! - Nothing is guessed. A fact that is needed and that no input gives is [`error::Error::Missing`], which names the
//!   command that brings it.
//! - The filter's keys are read by the filter's parser (`mirror_policy::Plan::parse`) and by nothing else.
//! - A user's object stays a JSON value: unknown and foreign fields survive whatever is done to it.

#![forbid(unsafe_code)]

// What is typed, and who acts on it.
pub mod cli;

pub mod commands;

pub mod error;

// What is read.
pub mod input;

pub mod yaml;

pub mod time;

pub mod job;

// What is printed.
pub mod output;
