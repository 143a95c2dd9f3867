//! What a registry says.

use ureq::Body;
use ureq::http::{HeaderMap, Response, StatusCode};

/// How long an answer may be, in bytes: it is a token or a message.
const MAX_BYTES: u64 = 1 << 20;

/// What a server says.
#[derive(Debug)]
pub struct Answer {
    /// How it went.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// What it says about it.
    pub body: Vec<u8>,
    /// Who answered, along all redirects.
    pub url: String,
}

// === impl Answer ===

impl Answer {
    /// A header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Reads the whole of an answer of this URL, at most 1 MiB.
    ///
    /// # Errors
    /// It ends early, comes late, or is longer.
    pub fn read(mut response: Response<Body>, url: &str) -> Result<Self, ureq::Error> {
        let body = response.body_mut().with_config().limit(MAX_BYTES).read_to_vec()?;
        Ok(Self {
            status: response.status(),
            headers: response.headers().clone(),
            body,
            url: url.to_owned(),
        })
    }

    /// Where one is sent on to, with the same method and the same body.
    pub fn redirect(&self) -> Option<&str> {
        let is_redirect = matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308);
        self.header("location").filter(|_| is_redirect)
    }
}
