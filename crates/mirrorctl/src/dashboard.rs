//! `mirrorctl dashboard`: the page, and the views that it draws, served to browsers on this machine. One thread asks
//! the source again and again; each answer is written as JSON once, and every open page gets the same bytes.
//!
//! ```text
//! feed ─ poll ─▶ frames ─▶ routes (events) ─▶ guard ─▶ connections ─▶ browsers
//!                page ──────────┘
//! ```
//!
//! The page has no login, so who may ask is decided by where the question comes from: [`listen`] binds to loopback
//! unless told otherwise, [`guard`] refuses foreign names and foreign sites. [`connections`] bounds what the clients,
//! all together, may take.

// What is typed.
pub mod args;

pub mod listen;

// What is shown.
pub mod poll;

pub mod frames;

pub mod events;

// Who may see it.
pub mod host;

pub mod guard;

pub mod routes;

// How it is served.
pub mod patient;

pub mod connections;

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use crate::error::{Error, Result};
use crate::page::File;
use connections::ClientLimits;
use frames::Newest;
use host::Hosts;
use listen::Bound;
use routes::Served;

/// All that is served, and to whom.
pub struct Dashboard {
    /// The socket.
    pub bound: Bound,
    /// The names under which it may be asked for.
    pub hosts: Hosts,
    /// The page.
    pub files: &'static [File],
    /// The newest views.
    pub newest: Newest,
    /// What clients may take.
    pub limits: ClientLimits,
}

// === impl Dashboard ===

impl Dashboard {
    /// Serves until a person or the system ends it (Ctrl-C, SIGTERM). `ready` is called when it can be asked.
    ///
    /// # Errors
    /// If the system gives no signals, or nobody asks the source any more.
    pub fn serve(self, ready: impl FnOnce()) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(failed)?;
        runtime.block_on(async {
            let end = signals().map_err(failed)?;
            ready();
            let mut newest = self.newest.clone();
            let (ended, served) = tokio::sync::oneshot::channel();
            let end = async {
                let is_wanted = tokio::select! {
                    () = end => true,
                    _ = newest.wait_for(|_| false) => false,
                };
                let _ = ended.send(is_wanted);
            };
            self.serve_until(end).await.map_err(failed)?;
            match served.await {
                Ok(true) => Ok(()),
                _ => Err(Error::Failed(
                    "the thread that asks the source has ended: that is a fault of mirrorctl".to_owned(),
                )),
            }
        })
    }

    /// Serves until `end` comes to pass.
    ///
    /// # Errors
    /// If the socket cannot be used.
    pub async fn serve_until(self, end: impl Future<Output = ()>) -> std::io::Result<()> {
        let (stop, stopped) = watch::channel(false);
        let served = Served {
            newest: self.newest,
            stop: stopped,
            places: Arc::new(Semaphore::new(self.limits.streams as usize)),
            breath: self.limits.breath,
        };
        let router = routes::router(self.files, self.hosts, served);
        connections::serve(self.bound.socket, router, self.limits, stop, end).await
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::Failed(format!("the dashboard cannot be served: {error}"))
}

/// What comes to pass when the dashboard is to end.
fn signals() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    #[cfg(unix)]
    let terminated = async move { terminate.recv().await };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<Option<()>>();
    Ok(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated => {}
        }
    })
}
