//! What `dashboard` serves and to whom, and what its page shows.

#[cfg(unix)]
mod browser;

#[cfg(unix)]
mod command;

mod guard;

mod limits;

#[cfg(unix)]
mod page;

#[cfg(unix)]
mod reach;

mod serve;
