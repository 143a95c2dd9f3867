//! What a client gets: at once as a whole, or while it comes.

use anyhow::{Context as _, Result, ensure};
use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};
use hyper::{HeaderMap, Response, StatusCode};

use super::PATIENCE;

/// What the client got.
#[derive(Debug)]
pub struct Answer {
    /// The id under which the journals know the request.
    pub id: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub trailers: HeaderMap,
}

/// An answer whose body is still coming.
#[derive(Debug)]
pub struct Opened {
    pub status: StatusCode,
    pub headers: HeaderMap,
    id: String,
    body: Incoming,
}

// === impl Opened ===

impl Opened {
    pub(super) fn new(id: String, response: Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            status: head.status,
            headers: head.headers,
            id,
            body,
        }
    }

    /// The next bytes of the body.
    pub async fn chunk(&mut self) -> Result<Bytes> {
        let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await;
        let frame = frame.context("no next chunk")?.context("the body is over")??;
        frame.into_data().ok().context("trailers instead of a chunk")
    }

    /// The rest of the body, and the trailers.
    pub async fn rest(self) -> Result<Answer> {
        let rest = self.body.collect().await?;
        Ok(Answer {
            id: self.id,
            status: self.status,
            headers: self.headers,
            trailers: rest.trailers().cloned().unwrap_or_default(),
            body: rest.to_bytes(),
        })
    }
}

// === impl Answer ===

impl Answer {
    /// Fails unless the primary answered with this status.
    pub fn expect(&self, status: u16) -> Result<&Self> {
        ensure!(
            self.status == status,
            "the client got {} instead of {status}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        Ok(self)
    }

    /// Fails unless it is a plain 200.
    pub fn expect_ok(&self) -> Result<&Self> {
        self.expect(200)
    }
}
