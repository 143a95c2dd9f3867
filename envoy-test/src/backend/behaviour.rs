//! How an echo backend answers.

use std::time::Duration;

use hyper::StatusCode;
use hyper::http::request::Parts;

/// How a backend answers one request.
///
/// Each request can ask by query, `?status=503&delay=500ms`, or by header, `x-echo-status: 503`. A key that begins with
/// the name of a backend, `?shadow.delay=2s` or `x-echo-shadow-delay: 2s`, is for that one only, since a shadow
/// receives what the primary does.
///
/// | key | meaning |
/// |---|---|
/// | `status=503` | the status of the answer |
/// | `delay=500ms` | answers that much later (`ms` or `s`) |
/// | `size=2000000` | a body of that many bytes instead of the echo |
/// | `early` | answers after the first bytes of the body, without waiting for the rest |
/// | `reset` | reads the request, then cuts the connection without an answer |
/// | `reset_after_headers` | cuts it in the middle of the answer's body |
/// | `silent` | reads the request and never answers |
/// | `grpc=0` | a gRPC answer: one message, and this grpc-status in the trailers |
/// | `grpc_only=5` | a gRPC answer without a message: this grpc-status in the headers |
/// | `meanwhile` | answers the first bytes of the body with headers, and the last with the end of the answer |
/// | `events` | server-sent events: one at once, the last when the case ends the stream |
/// | `location=URL` | names another place |
/// | `upgrade` | accepts an upgrade or a CONNECT, and echoes what comes through the tunnel |
/// | `trap` | the answer has the header that traps the filter of `make trap` |
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behaviour {
    pub status: StatusCode,
    pub delay: Option<Duration>,
    pub size: Option<usize>,
    pub early: bool,
    pub location: Option<String>,
    pub trap: bool,
    pub ending: Ending,
}

/// How it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    #[default]
    Answer,
    Reset,
    ResetAfterHeaders,
    Silent,
    /// The grpc-status.
    Grpc(u8),
    /// The grpc-status.
    GrpcOnly(u8),
    Meanwhile,
    Events,
    Upgrade,
}

// === impl Behaviour ===

impl Behaviour {
    /// Answers with this status.
    pub fn status(status: u16) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Answers so much later.
    pub fn delay(delay: Duration) -> Self {
        Self {
            delay: Some(delay),
            ..Self::default()
        }
    }

    /// Answers with a body of so many bytes.
    pub fn size(size: usize) -> Self {
        Self {
            size: Some(size),
            ..Self::default()
        }
    }

    /// Ends in this way.
    pub fn ending(ending: Ending) -> Self {
        Self {
            ending,
            ..Self::default()
        }
    }

    /// This behaviour, but for what the request asks of the backend called `name`.
    pub fn asked(self, name: &str, head: &Parts) -> Self {
        let mut behaviour = self.asked_by_query(name, head.uri.query().unwrap_or_default());
        for (key, value) in &head.headers {
            if let Some(key) = key.as_str().strip_prefix("x-echo-") {
                let key = key
                    .strip_prefix(name)
                    .and_then(|key| key.strip_prefix('-'))
                    .unwrap_or(key);
                behaviour.set(&key.replace('-', "_"), value.to_str().unwrap_or_default());
            }
        }
        behaviour
    }

    /// This behaviour, but for what the query asks of the backend called `name`.
    pub fn asked_by_query(mut self, name: &str, query: &str) -> Self {
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.set(
                key.strip_prefix(name)
                    .and_then(|key| key.strip_prefix('.'))
                    .unwrap_or(key),
                value,
            );
        }
        self
    }

    /// Sets what `key` names; what is not understood, or is for another backend, changes nothing.
    fn set(&mut self, key: &str, value: &str) {
        match key {
            "status" => self.status = value.parse().unwrap_or(self.status),
            "delay" => self.delay = duration(value).or(self.delay),
            "size" => self.size = value.parse().ok().or(self.size),
            "early" => self.early = true,
            "reset" => self.ending = Ending::Reset,
            "reset_after_headers" => self.ending = Ending::ResetAfterHeaders,
            "silent" => self.ending = Ending::Silent,
            "grpc" => self.ending = Ending::Grpc(value.parse().unwrap_or_default()),
            "grpc_only" => self.ending = Ending::GrpcOnly(value.parse().unwrap_or_default()),
            "meanwhile" => self.ending = Ending::Meanwhile,
            "events" => self.ending = Ending::Events,
            "location" => self.location = Some(value.to_owned()),
            "upgrade" => self.ending = Ending::Upgrade,
            "trap" => self.trap = true,
            _ => {}
        }
    }
}

fn duration(text: &str) -> Option<Duration> {
    match text.strip_suffix("ms") {
        Some(number) => number.parse().ok().map(Duration::from_millis),
        None => text.strip_suffix('s')?.parse().ok().map(Duration::from_secs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Behaviour {
        Behaviour::default().asked_by_query("shadow", query)
    }

    #[test]
    fn a_query_says_how_to_answer() {
        assert_eq!(
            asked("status=503&delay=500ms"),
            Behaviour {
                delay: Some(Duration::from_millis(500)),
                ..Behaviour::status(503)
            }
        );
        assert_eq!(asked("delay=2s"), Behaviour::delay(Duration::from_secs(2)));
        assert_eq!(asked("silent=1"), Behaviour::ending(Ending::Silent));
        assert_eq!(
            asked("reset_after_headers"),
            Behaviour::ending(Ending::ResetAfterHeaders)
        );
        assert_eq!(asked("grpc=5"), Behaviour::ending(Ending::Grpc(5)));
        assert_eq!(asked("grpc_only"), Behaviour::ending(Ending::GrpcOnly(0)));
        let elsewhere = asked("status=302&location=http://shop.example/there").location;
        assert_eq!(elsewhere.as_deref(), Some("http://shop.example/there"));
    }

    #[test]
    fn what_is_not_understood_changes_nothing() {
        assert_eq!(asked("status=teapot&delay=soon&page=2&&="), Behaviour::default());
    }

    #[test]
    fn a_key_can_be_for_one_backend_only() {
        assert_eq!(asked("shadow.status=500"), Behaviour::status(500));
        assert_eq!(asked("primary.status=500"), Behaviour::default());
    }

    #[test]
    fn headers_ask_as_well() {
        let head = |name: &str| {
            let request = hyper::Request::builder().uri("/?status=201").header(name, "500");
            request.body(()).expect("a request").into_parts().0
        };
        assert_eq!(
            Behaviour::default().asked("shadow", &head("x-echo-status")),
            Behaviour::status(500)
        );
        assert_eq!(
            Behaviour::default().asked("shadow", &head("x-echo-shadow-status")),
            Behaviour::status(500)
        );
        assert_eq!(
            Behaviour::default().asked("shadow", &head("x-echo-primary-status")),
            Behaviour::status(201)
        );
    }
}
