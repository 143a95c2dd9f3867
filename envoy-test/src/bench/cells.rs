//! What the clients send and how the shadow behaves: the combinations in which the arms are compared.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::traffic::{Load, Manner};

/// How long one part of a turn is, in seconds.
const PART: f64 = 0.25;
/// The slow shadow's delay.
const DELAY: Duration = Duration::from_millis(200);
/// How long a load is followed, so that its copies are over before the next begins.
const SETTLE: Duration = Duration::from_millis(50);
/// A little more than the time after which Envoy gives a silent shadow up.
const GIVEN_UP: Duration = Duration::from_millis(1100);

/// A combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    pub request: Request,
    pub shadow: Shadow,
}

/// What the clients send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Request {
    Get,
    Post1k,
    Post64k,
}

/// How the shadow behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shadow {
    Healthy,
    Slow,
    Silent,
}

// === impl Cell ===

impl Cell {
    /// All combinations of what was asked for; an empty list asks for all.
    pub fn all(requests: &[Request], shadows: &[Shadow]) -> Vec<Self> {
        let shadows = Shadow::value_variants()
            .iter()
            .filter(|shadow| shadows.is_empty() || shadows.contains(shadow));
        let of_shadow = |shadow: &Shadow| {
            let shadow = *shadow;
            Request::value_variants()
                .iter()
                .filter(|request| requests.is_empty() || requests.contains(request))
                .map(move |request| Self {
                    request: *request,
                    shadow,
                })
        };
        shadows.flat_map(of_shadow).collect()
    }

    /// Requests per second: what leaves a core about half idle without a filter, and less where copies pile up.
    pub fn rate(self) -> f64 {
        let healthy = match self.request {
            Request::Get | Request::Post1k => 2000.0,
            Request::Post64k => 600.0,
        };
        match self.shadow {
            Shadow::Healthy => healthy,
            Shadow::Slow | Shadow::Silent => healthy / 4.0,
        }
    }

    /// A turn is taken in so many parts, all arms in between: the shorter, the less the machine changes meanwhile. Where the copies
    /// outlive the load by far, waiting for them would take most of the time.
    pub fn parts(self, turn: Duration) -> u32 {
        match self.shadow {
            Shadow::Healthy => (turn.as_secs_f64() / PART).round().max(1.0) as u32,
            Shadow::Slow | Shadow::Silent => 1,
        }
    }

    /// The load on this listener.
    pub fn load(self, target: SocketAddr, duration: Duration) -> Load {
        let (shadow, settle) = match self.shadow {
            Shadow::Healthy => (Manner::Prompt, SETTLE),
            Shadow::Slow => (Manner::Slow(DELAY), DELAY + SETTLE),
            Shadow::Silent => (Manner::Silent, GIVEN_UP),
        };
        Load {
            target,
            request: self.request.bytes(),
            rate: self.rate(),
            duration,
            settle,
            shadow,
        }
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let request = match self.request {
            Request::Get => "GET",
            Request::Post1k => "POST 1 KiB",
            Request::Post64k => "POST 64 KiB",
        };
        let shadow = match self.shadow {
            Shadow::Healthy => "healthy".to_owned(),
            Shadow::Slow => format!("slow ({DELAY:?})"),
            Shadow::Silent => "silent".to_owned(),
        };
        f.pad(&format!("{request}, {} a second, shadow {shadow}", self.rate()))
    }
}

// === impl Request ===

impl Request {
    fn bytes(self) -> Rc<[u8]> {
        match self {
            Self::Get => bytes("GET", 0),
            Self::Post1k => bytes("POST", 1024),
            Self::Post64k => bytes("POST", 64 * 1024),
        }
    }
}

/// A request as a browser would send it, with a body of this size.
pub fn bytes(method: &str, size: usize) -> Rc<[u8]> {
    let mut text = format!(
        "{method} /reviews/42?page=7&sort=date HTTP/1.1\r\n\
         host: shop.example.com\r\n\
         user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n\
         accept: application/json\r\n\
         accept-encoding: gzip, deflate, br\r\n\
         accept-language: en-GB,en;q=0.9\r\n\
         cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\
         authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789\r\n\
         x-forwarded-for: 203.0.113.7\r\n\
         traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
    );
    if size > 0 {
        text += &format!("content-type: application/octet-stream\r\ncontent-length: {size}\r\n");
    }
    text += "\r\n";
    let mut bytes = text.into_bytes();
    bytes.resize(bytes.len() + size, b'b');
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_asks_for_all() {
        assert_eq!(Cell::all(&[], &[]).len(), 9);
        let some = Cell::all(&[Request::Post64k, Request::Get], &[Shadow::Silent]);
        let names: Vec<_> = some.iter().map(ToString::to_string).collect();
        assert_eq!(
            names,
            [
                "GET, 500 a second, shadow silent",
                "POST 64 KiB, 150 a second, shadow silent"
            ]
        );
    }

    #[test]
    fn a_turn_has_at_least_one_part() {
        let healthy = Cell {
            request: Request::Get,
            shadow: Shadow::Healthy,
        };
        assert_eq!(healthy.parts(Duration::from_secs(3)), 12);
        assert_eq!(healthy.parts(Duration::from_millis(50)), 1);
    }
}
