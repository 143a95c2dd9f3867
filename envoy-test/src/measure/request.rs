//! What the clients send.

use std::rc::Rc;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// What the clients send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Request {
    /// A GET with nine headers.
    Get,
    /// A POST with a body of 1 KiB.
    Post1k,
    /// A POST with a body of 64 KiB.
    Post64k,
    /// A POST with 1 MiB of JSON as an application writes it.
    Json1m,
    /// A POST with 1 MiB of JSON that is as many values as fit: `[0,0,0,…]`.
    Zeros1m,
}

// === impl Request ===

impl Request {
    /// The request as it is sent.
    pub fn bytes(self) -> Rc<[u8]> {
        match self {
            Self::Get => bytes("GET", 0),
            Self::Post1k => bytes("POST", 1024),
            Self::Post64k => bytes("POST", 64 * 1024),
            Self::Json1m => post("application/json", &orders(LARGE)),
            Self::Zeros1m => post("application/json", &zeros(LARGE)),
        }
    }

    /// Whether the body has 1 MiB. Fewer of such requests are counted, because each is as much as many others.
    pub const fn is_large(self) -> bool {
        matches!(self, Self::Json1m | Self::Zeros1m)
    }
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Get => "GET",
            Self::Post1k => "POST 1 KiB",
            Self::Post64k => "POST 64 KiB",
            Self::Json1m => "POST 1 MiB of orders",
            Self::Zeros1m => "POST 1 MiB of zeros",
        })
    }
}

/// The largest body that a mirror copies by default.
const LARGE: usize = 1 << 20;

/// JSON of at most this many bytes, as an application writes it: objects with texts, numbers and lists.
fn orders(size: usize) -> Vec<u8> {
    let mut text = r#"{"user":{"email":"alice@example.com","name":"Alice Liddell"},"items":["#.to_owned();
    for number in 0.. {
        let item = format!(
            r#"{{"id":{number},"name":"Lamp of brass","price":19.95,"tags":["new","home"],"in_stock":true,"note":"Leave it \"at the door\", please."}}"#
        );
        if text.len() + item.len() + 3 > size {
            break;
        }
        text += if number == 0 { "" } else { "," };
        text += &item;
    }
    (text + "]}").into_bytes()
}

/// JSON of this many bytes or one less: a list of zeros.
fn zeros(size: usize) -> Vec<u8> {
    let count = (size - 1) / 2;
    let mut text = "0,".repeat(count).into_bytes();
    text.insert(0, b'[');
    if let Some(last) = text.last_mut() {
        *last = b']';
    }
    text
}

/// A request as a browser would send it, with a body of this many bytes.
pub fn bytes(method: &str, size: usize) -> Rc<[u8]> {
    if size == 0 {
        return head(method).into_bytes().into();
    }
    whole(method, "application/octet-stream", &vec![b'b'; size])
}

fn post(media_type: &str, body: &[u8]) -> Rc<[u8]> {
    whole("POST", media_type, body)
}

fn whole(method: &str, media_type: &str, body: &[u8]) -> Rc<[u8]> {
    let mut text = head(method);
    text.truncate(text.len() - 2);
    text += &format!("content-type: {media_type}\r\ncontent-length: {}\r\n\r\n", body.len());
    [text.as_bytes(), body].concat().into()
}

/// The head of a request without a body.
fn head(method: &str) -> String {
    format!(
        "{method} /reviews/42?page=7&sort=date HTTP/1.1\r\n\
         host: shop.example.com\r\n\
         user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n\
         accept: application/json\r\n\
         accept-encoding: gzip, deflate, br\r\n\
         accept-language: en-GB,en;q=0.9\r\n\
         cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\
         authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789\r\n\
         x-forwarded-for: 203.0.113.7\r\n\
         traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_bodies_are_json_and_just_fit_the_default_cap() {
        for body in [orders(LARGE), zeros(LARGE)] {
            assert!(body.len() <= LARGE && body.len() > LARGE - 256, "{} bytes", body.len());
            assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
        }
    }

    #[test]
    fn a_request_declares_its_body() {
        let request = bytes("POST", 3);
        let text = std::str::from_utf8(&request).expect("a text");
        assert!(
            text.ends_with("content-type: application/octet-stream\r\ncontent-length: 3\r\n\r\nbbb"),
            "{text}"
        );
        assert!(bytes("GET", 0).ends_with(b"-01\r\n\r\n"));
    }
}
