//! `mirrorctl`: from one description of a mirroring job to the Istio configuration, explained, checked and undone. The
//! library is pure but for reading files and for what asks and serves ([`live::feed`], [`watch`], [`dashboard`],
//! [`module`]): no clock, no environment, no printing; `main.rs` brings those. The modules stand in the order in which
//! a call flows through them:
//!
//! ```text
//! arguments ─ cli ─▶ commands ─▶ input ─▶ job, objects ─▶ mesh ─▶ manifests, check ─▶ output ─▶ exit code (error)
//! ```
//!
//! | module | what it owns |
//! |---|---|
//! | [`cli`] | what can be typed; every help has an example; nothing is decided there |
//! | [`commands`] | one file a verb, one line each in the table of [`commands::run`] |
//! | [`error`] | the exit codes, and the few kinds of refusal |
//! | [`input`], [`yaml`], [`place`], [`time`] | bytes of files and pipes, as documents that know their place |
//! | [`job`] | what is wanted: a [`job::Job`], read strictly from a file or from flags, and written back |
//! | [`objects`] | what exists: a [`objects::World`] of JSON values, and views of them by Istio's rules |
//! | [`istio`] | its versions, and the table of what each does with a filter |
//! | [`marks`] | labels and annotations by which mirrorctl knows its own work again |
//! | `precedence` | which rule of a route takes a request before another, and the rules that no request reaches |
//! | [`cluster`] | the objects of a cluster, read from its API server |
//! | [`import`] | jobs of other tools, as jobs of ours |
//! | [`mesh`] | what Istio makes of the objects: destinations, their clusters, the streams of copies |
//! | [`manifests`] | a [`manifests::Bundle`] of what is applied, in order; the way back is [`manifests::offline`] |
//! | [`schema`] | the official CRDs, distilled, and the API server's structural checks by them |
//! | [`check`], [`findings`] | what is wrong with any of these: findings with codes, as in `docs/findings.md` |
//! | [`preview`] | what a job comes to before it is applied, read from the bundle |
//! | [`explain`] | what the filter does with a request: the policy's own explanation |
//! | [`wait`] | how a command waits that watches something: time, Ctrl-C, and what a person is told meanwhile |
//! | [`live`] | how mirrors do: statistics of proxies or of Prometheus, and what is shown of them |
//! | [`watch`] | the same in a terminal: charts that follow the time, or lines of JSON |
//! | [`page`] | the web page that shows it, as bytes in the binary; its sources are in `page/` beside `src/` |
//! | [`dashboard`] | serves the page and the views that it draws, and says who may ask for them |
//! | [`module`] | the filter as bytes in the binary, the image that is made of it, and how it comes to a registry |
//! | `transport` | whom a command trusts that asks over HTTP, and what went wrong |
//! | [`output`] | YAML documents, `v1` Lists, tables |
//!
//! # Rules
//!
//! - Standard output is data. A command returns an [`output::Answer`] and prints nothing; on an error nothing is
//!   printed. What goes on until it is told to stop gets standard output or the terminal from its
//!   [`commands::Environment`].
//! - Nothing is guessed. A fact that is needed and that no input gives is [`error::Error::Missing`], which names the
//!   command that brings it. What is known and cannot be, or would do harm, is [`error::Error::Refused`].
//! - The filter's keys are read by the filter's parser (`mirror_policy::Plan::parse`) and by nothing else. The job's
//!   own keys are read in `job/read.rs` and nowhere else; flags are written into a document and read there too.
//! - A user's object stays a JSON value: unknown and foreign fields survive whatever is done to it. It is
//!   [`manifests::Origin::Patched`] and never gets our labels; [`manifests::metadata`] is for ours alone. What it was
//!   stands in a [`manifests::Record`].
//! - What a proxy does follows from numbers and names that are worked out once, in [`manifests::place`]: ports,
//!   selectors, destinations. A resource is written from the [`manifests::Placement`], not from the job.
//! - The same input gives the same bytes. Now is an argument (`--now`).
//!
//! # To add a resource
//!
//! A file in `manifests/` with a function that returns the whole object; a line that calls it in
//! [`manifests::bundle()`], with its [`manifests::Step`]; what it needs to know of the user's objects as a view in
//! `objects/`; a golden folder.
//!
//! # To add a command
//!
//! A file in `commands/` with `run(args, environment) -> Result<Answer>`; a line in [`commands::run`]; its arguments
//! and its help with an example in [`cli`]; a section in `docs/mirrorctl.md`. `commands::generate` has `job` and
//! `world`, which read what most commands begin with; those that show how mirrors do begin with [`live::args`]. A
//! command that waits does so by the environment's [`wait::Wait`], which also tells a person what for.
//!
//! # To add a golden folder
//!
//! `tests/golden/NAME/` with the input files and `args`: the arguments on one line, run in that folder. Several lines
//! are a pipeline: each command reads what the one before it printed.
//! `UPDATE_GOLDEN=1 cargo test -p mirrorctl golden` writes `expected.yaml` (create an empty `expected.json` or
//! `expected.txt` first for another form), `expected.stderr` and `exit`. Every object in it is then checked against the
//! official CRDs, every configuration of the filter against its parser. Input of a folder `validate_…` may have any
//! fault; every other YAML file of the repository is read by a test.

#![forbid(unsafe_code)]

// What is typed, and who acts on it.
pub mod cli;

pub mod commands;

pub mod error;

// What is read.
pub mod input;

pub mod place;

pub mod yaml;

pub mod time;

pub mod job;

pub mod istio;

pub mod objects;

pub mod marks;

mod precedence;

pub mod cluster;

pub mod import;

pub mod schema;

// What Istio makes of it.
pub mod mesh;

// What is made of it.
pub mod manifests;

// What is wrong with it.
pub mod check;

pub mod findings;

// What comes of it.
pub mod preview;

// What it does with a request.
pub mod explain;

// How it does.
pub mod wait;

pub mod live;

// What a terminal shows of it.
pub mod watch;

// What a browser shows of it.
pub mod page;

pub mod dashboard;

// What is brought to a registry.
pub mod module;

mod transport;

// What is printed.
pub mod output;
