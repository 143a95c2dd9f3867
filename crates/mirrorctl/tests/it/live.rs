//! How mirrors do: who is asked, what they say, and what is worked out of it.

mod addresses;

mod args;

mod bad_input;

mod feed;

mod history;

mod recorded;

mod sources;

mod view;

#[cfg(unix)]
mod waiting;

mod words;
