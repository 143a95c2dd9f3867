//! A stream of server-sent events for one page: the view that is there at once, then each new one. What a client does
//! not fetch is not kept: the stream is asked for its next piece only when there is room for it, and then has the
//! newest.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;

use super::connections::stopped;
use super::frames::{Frames, Newest, PageWindow};

/// What one page is sent.
pub struct Events {
    newest: Newest,
    span: PageWindow,
    stop: watch::Receiver<bool>,
    breath: Duration,
    _place: OwnedSemaphorePermit,
    is_first: bool,
}

/// What a browser is told first: how long to wait before it comes back, in milliseconds.
const RETRY: &str = "retry: 2000\n\n";

/// Keeps the connection known to be alive.
const COMMENT: &str = ": nothing new\n\n";

// === impl Events ===

impl Events {
    /// A stream that ends when `stop` is true and is never silent for longer than `breath`. `place` is given back when
    /// it ends.
    pub fn new(
        mut newest: Newest,
        span: PageWindow,
        stop: watch::Receiver<bool>,
        breath: Duration,
        place: OwnedSemaphorePermit,
    ) -> Self {
        newest.mark_changed();
        Self {
            newest,
            span,
            stop,
            breath,
            _place: place,
            is_first: true,
        }
    }

    /// As the body of an answer.
    pub fn into_body(self) -> Body {
        Body::from_stream(stream::unfold(self, |mut events| async move {
            let piece = events.next().await?;
            Some((Ok::<Bytes, Infallible>(piece), events))
        }))
    }

    async fn next(&mut self) -> Option<Bytes> {
        if std::mem::take(&mut self.is_first) {
            return Some(Bytes::from_static(RETRY.as_bytes()));
        }
        tokio::select! {
            () = stopped(&mut self.stop) => return None,
            changed = timeout(self.breath, self.newest.changed()) => {
                // Nobody asks the source any more.
                if let Ok(Err(_)) = changed {
                    return None;
                }
            }
        }
        Some(self.current())
    }

    /// The newest view, though it may be the last one again: a page takes silence for the end of the server.
    fn current(&mut self) -> Bytes {
        let frames: Option<Arc<Frames>> = self.newest.borrow_and_update().clone();
        frames.map_or(Bytes::from_static(COMMENT.as_bytes()), |frames| {
            frames.get(self.span).event()
        })
    }
}
