//! Reads an answer: what class it is, and whether it is the shadow's at all or Envoy's own word that there is none. An
//! answer of an upstream carries `x-envoy-upstream-service-time`; a local reply of the proxy does not, and says in its
//! body, or in grpc-message, what went wrong (source/common/router/router.cc, `onUpstreamReset`).

use crate::headers::Headers;
use crate::reason::{Class, Failure, Outcome};

/// As many bytes of an answer's body are enough to tell Envoy's own words.
pub const TELLING_BYTES: usize = 256;

/// What a callout came back with. No headers at all is a call that was reset.
#[derive(Debug, Default)]
pub struct Answer {
    /// Headers, `:status` first.
    pub headers: Headers,
    /// Trailers.
    pub trailers: Headers,
    /// The first [`TELLING_BYTES`] of the body; needed only if [`Answer::is_local`].
    pub body: Vec<u8>,
}

const SERVICE_TIME: &[u8] = b"x-envoy-upstream-service-time";

/// What Envoy says, the telling part of it, and what that means; the first that fits counts.
const WORDS: &[(&str, Failure)] = &[
    ("connection failure", Failure::Connect),
    ("connection timeout", Failure::Connect),
    ("no healthy upstream", Failure::Connect),
    ("overflow", Failure::Connect),
    ("protocol error", Failure::Protocol),
    ("connection termination", Failure::Reset),
    ("reset", Failure::Reset),
    ("timeout", Failure::Timeout),
    ("max stream duration", Failure::Timeout),
];

// === impl Answer ===

impl Answer {
    /// Whether this is Envoy's own word and not the shadow's.
    pub fn is_local(&self) -> bool {
        !self.headers.is_empty() && self.headers.get(SERVICE_TIME).is_none()
    }

    /// How the copy ended.
    pub fn outcome(&self) -> Outcome {
        if self.headers.is_empty() {
            return Outcome::Failed(Failure::Reset);
        }
        if self.is_local() {
            let words = self.headers.get(b"grpc-message").unwrap_or(&self.body);
            return Outcome::Failed(failure(words));
        }
        let class = class(&self.headers, &self.trailers);
        Outcome::Answered {
            class,
            is_error: match class {
                Class::ServerError => true,
                Class::GrpcError => !is_served(grpc_status(&self.headers, &self.trailers)),
                _ => false,
            },
            milliseconds: self.headers.number(SERVICE_TIME),
        }
    }
}

/// The class of an answer. A gRPC answer is told by its grpc-status, in the trailers or, without a body, in the headers.
pub fn class(headers: &Headers, trailers: &Headers) -> Class {
    let status = grpc_status(headers, trailers);
    if status.is_some() || is_grpc(headers) {
        Class::of_grpc_status(status)
    } else {
        Class::of_status(
            headers
                .number(b":status")
                .and_then(|status| status.try_into().ok())
                .unwrap_or(0),
        )
    }
}

fn grpc_status<'a>(headers: &'a Headers, trailers: &'a Headers) -> Option<&'a [u8]> {
    trailers.get(b"grpc-status").or_else(|| headers.get(b"grpc-status"))
}

/// Whether a gRPC error blames the request or the caller and not the server: what is a 4xx in Envoy's table
/// (source/common/grpc/status.cc, `grpcToHttpStatus`). An answer without a status is a broken one.
fn is_served(status: Option<&[u8]>) -> bool {
    let status = status.and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
    matches!(status, Some(1u8 | 3 | 5..=11 | 16))
}

/// Whether only the trailers can tell the class.
pub fn awaits_trailers(headers: &Headers) -> bool {
    is_grpc(headers) && headers.get(b"grpc-status").is_none()
}

/// `application/grpc`, `application/grpc+proto` and the like, not `application/grpc-web`.
fn is_grpc(headers: &Headers) -> bool {
    let rest = headers
        .get(b"content-type")
        .and_then(|value| value.strip_prefix(b"application/grpc"));
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';' | b' ')))
}

fn failure(words: &[u8]) -> Failure {
    // Every such text says "disconnect/reset before headers"; the reason is what stands behind the colon.
    let reason = position(words, b"reset reason:")
        .and_then(|at| words.get(at..))
        .unwrap_or(words);
    let reason = reason.strip_prefix(b"reset reason:").unwrap_or(reason);
    WORDS
        .iter()
        .find(|(word, _)| position(reason, word.as_bytes()).is_some())
        .map_or(Failure::Reset, |(_, what)| *what)
}

fn position(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}
