//! What `watch` shows, in a terminal and as lines.

mod any;

mod keys;

#[cfg(unix)]
mod lines;

mod numbers;

mod screens;

#[cfg(unix)]
mod terminal;
