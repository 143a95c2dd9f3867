//! The outcome of a copy that was sent: the class of the shadow's answer, or the failure. The same rule classes the
//! answers of the primary.
//!
//! An answer of an upstream has the header `x-envoy-upstream-service-time`. An answer without it is Envoy's own: its
//! body, or its `grpc-message`, says what went wrong (source/common/router/router.cc, `onUpstreamReset`).

use crate::headers::{self, Headers};
use crate::reasons::{Class, Failure};

/// How a copy that was sent ended. Each copy that was sent ends exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The shadow answered the copy.
    Answered {
        /// The class of the answer.
        class: Class,
        /// Whether the answer says that the shadow cannot serve: a `5xx`, or a gRPC status that Envoy counts as one.
        is_error: bool,
        /// The milliseconds from the complete copy to the answer's headers, as Envoy measured them. `None` if Envoy's
        /// measure cannot be read.
        milliseconds: Option<u64>,
    },
    /// The shadow did not answer.
    Failed(Failure),
}

/// The result of a callout. A callout without headers was reset.
#[derive(Debug)]
pub struct CalloutAnswer {
    headers: Headers,
    trailers: Headers,
    /// The milliseconds from the complete copy to the answer's headers, as Envoy measured them.
    milliseconds: Option<u64>,
    /// Whether the answer is Envoy's own.
    pub is_local: bool,
    /// The first [`LOCAL_BODY_BYTES`] of the body. Only an answer that [`is_local`](Self::is_local) needs a body.
    pub body: Vec<u8>,
}

/// So many bytes of the body of Envoy's own answer are enough to tell the failure.
pub const LOCAL_BODY_BYTES: usize = 256;

const SERVICE_TIME: &[u8] = b"x-envoy-upstream-service-time";

/// Parts of the texts that Envoy writes, and the failure that each means. The first part that a text has decides.
const ENVOY_TEXTS: &[(&str, Failure)] = &[
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

// === impl Outcome ===

impl Outcome {
    /// Whether the circuit breaker counts the outcome as a failure. Returns `None` if the outcome says nothing about
    /// the shadow.
    pub const fn is_failure(self) -> Option<bool> {
        match self {
            Self::Answered { is_error, .. } => Some(is_error),
            Self::Failed(Failure::Cancelled) => None,
            Self::Failed(_) => Some(true),
        }
    }
}

// === impl CalloutAnswer ===

impl CalloutAnswer {
    /// An answer with these headers and trailers.
    pub fn new(headers: Headers, trailers: Headers) -> Self {
        let service_time = headers.get(SERVICE_TIME);
        Self {
            is_local: !headers.is_empty() && service_time.is_none(),
            milliseconds: service_time.and_then(headers::number),
            headers,
            trailers,
            body: Vec::new(),
        }
    }

    /// The outcome of the copy.
    pub fn outcome(&self) -> Outcome {
        if self.headers.is_empty() {
            return Outcome::Failed(Failure::Reset);
        }
        if self.is_local {
            let text = self.headers.get(b"grpc-message").unwrap_or(&self.body);
            return Outcome::Failed(failure(text));
        }
        let class = class(&self.headers, &self.trailers);
        Outcome::Answered {
            class,
            is_error: match class {
                Class::ServerError => true,
                Class::GrpcError => !is_served(grpc_status(&self.headers, &self.trailers)),
                _ => false,
            },
            milliseconds: self.milliseconds,
        }
    }
}

// === impl Class ===

impl Class {
    /// The class of an answer that is not gRPC.
    pub const fn of_status(status: u64) -> Self {
        match status {
            200..=299 => Self::Success,
            300..=399 => Self::Redirection,
            400..=499 => Self::ClientError,
            _ => Self::ServerError,
        }
    }

    /// The class of a gRPC answer. `None` means that the answer has no `grpc-status`.
    pub fn of_grpc_status(status: Option<&[u8]>) -> Self {
        match status {
            Some(b"0") => Self::GrpcOk,
            _ => Self::GrpcError,
        }
    }
}

/// The class of an answer. An answer with a `grpc-status`, or with the content type of gRPC, is a gRPC answer. The
/// status is in the trailers, or in the headers if the answer has no body.
pub fn class(headers: &Headers, trailers: &Headers) -> Class {
    let status = grpc_status(headers, trailers);
    if status.is_some() || is_grpc(headers) {
        Class::of_grpc_status(status)
    } else {
        Class::of_status(headers.number(b":status").unwrap_or(0))
    }
}

/// The class of an answer whose trailers have not come. Returns `None` if the class depends on the trailers.
pub fn class_from_headers(headers: &Headers) -> Option<Class> {
    let status = headers.get(b"grpc-status");
    if status.is_some() {
        Some(Class::of_grpc_status(status))
    } else if is_grpc(headers) {
        None
    } else {
        Some(Class::of_status(headers.number(b":status").unwrap_or(0)))
    }
}

fn grpc_status<'a>(headers: &'a Headers, trailers: &'a Headers) -> Option<&'a [u8]> {
    trailers.get(b"grpc-status").or_else(|| headers.get(b"grpc-status"))
}

/// Whether a gRPC error is the caller's fault: Envoy makes a 4xx of it (source/common/grpc/status.cc,
/// `grpcToHttpStatus`). A missing status is the server's fault.
fn is_served(status: Option<&[u8]>) -> bool {
    let status = status.and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
    matches!(status, Some(1u8 | 3 | 5..=11 | 16))
}

/// Whether the content type is `application/grpc`, `application/grpc+proto` or the like. `application/grpc-web` is not
/// gRPC.
fn is_grpc(headers: &Headers) -> bool {
    let content_type = headers.get(b"content-type");
    let rest = content_type.and_then(|value| value.strip_prefix(b"application/grpc"));
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';' | b' ')))
}

/// The failure that a text of Envoy means. Each text begins with "disconnect/reset before headers"; the reason is
/// behind the colon.
fn failure(text: &[u8]) -> Failure {
    const INTRODUCTION: &[u8] = b"reset reason:";
    let at = position(text, INTRODUCTION).map_or(0, |at| at + INTRODUCTION.len());
    let reason = text.get(at..).unwrap_or(text);
    let known = ENVOY_TEXTS
        .iter()
        .find(|(part, _)| position(reason, part.as_bytes()).is_some());
    known.map_or(Failure::Reset, |(_, failure)| *failure)
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
