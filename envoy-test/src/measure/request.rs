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
}

// === impl Request ===

impl Request {
    /// The request as it is sent.
    pub fn bytes(self) -> Rc<[u8]> {
        match self {
            Self::Get => bytes("GET", 0),
            Self::Post1k => bytes("POST", 1024),
            Self::Post64k => bytes("POST", 64 * 1024),
        }
    }
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Get => "GET",
            Self::Post1k => "POST 1 KiB",
            Self::Post64k => "POST 64 KiB",
        })
    }
}

/// A request as a browser would send it, with a body of this many bytes.
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
