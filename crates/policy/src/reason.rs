//! The vocabulary: every reason not to send a copy and every end of a copy that was sent. Each has one name, and that
//! name is the `result` of a statistic, the word in the log, the row in the documentation and on the dashboard.

/// Declares an enum whose variants carry a name and a meaning, both listed in one place.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($variant:ident => $word:literal, $meaning:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $(#[doc = $meaning] $variant,)+
        }

        impl $name {
            /// All of them, in the order in which they are documented.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The name, as it stands in statistics and logs.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// What it means, in one sentence for a person.
            pub const fn meaning(self) -> &'static str {
                match self { $($name::$variant => $meaning),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

vocabulary! {
    /// Policy decided that this request is not copied. Nobody needs to be woken.
    Skipped {
        Loop => "loop", "The request carries the marker of a mirror: it is a copy itself.";
        Upgrade => "upgrade", "CONNECT, or an upgrade such as WebSocket: there is no request to copy, only a tunnel.";
        NoRoute => "no_route", "No upstream was to answer the request: no route, a direct response or a redirect.";
        Expired => "expired", "The mirror's `expiresAt` has passed.";
        NoSampleKey => "no_sample_key", "The request lacks the header, cookie, query parameter or request id that `sample` names.";
        NotSampled => "not_sampled", "The sample left the request out, as `percentage` asks.";
    }
}

vocabulary! {
    /// A copy that policy wanted was lost. People are paged for these.
    Dropped {
        BreakerOpen => "breaker_open", "The mirror's circuit breaker is open, or awaits the end of its probe.";
        BodyTooLarge => "body_too_large", "The body is larger than `body.maxBytes`.";
        InFlight => "in_flight", "`limits.maxInFlight` copies were being collected or awaiting an answer.";
        Bytes => "bytes", "`limits.maxBufferedBytes` would have been exceeded.";
        Rate => "rate", "`limits.maxRequestsPerSecond` copies had begun within the last second.";
        BodyWait => "body_wait", "The request was not complete within `body.maxWait`.";
        BodyUnreadable => "body_unreadable", "The host did not hand over a part of the body.";
        RequestReset => "request_reset", "The request ended before it was complete: the client went away, or the answer came early.";
        RedactFailed => "redact_failed", "`redact.json` names values of the body, and the body is not JSON that could be read: other or compressed content, nested too deeply, or larger than `body.maxBytes` once its values are hashed.";
        HeadersTooLarge => "headers_too_large", "The copy's headers are more than Envoy takes from a filter: 1 MiB or 1024 headers.";
        HeadersMissing => "headers_missing", "The request has no method, path or authority, so there is nothing that could be sent.";
        ClusterMissing => "cluster_missing", "The proxy does not know the shadow's cluster.";
        NoCapacity => "no_capacity", "Envoy refused the call: no healthy endpoint, or the shadow cluster's circuit breaker is full.";
    }
}

vocabulary! {
    /// What an answer was. The shadow's and the primary's are classed by the same rule.
    Class {
        Success => "2xx", "Answered with a status of 200 to 299.";
        Redirection => "3xx", "Answered with a status of 300 to 399.";
        ClientError => "4xx", "Answered with a status of 400 to 499.";
        ServerError => "5xx", "Answered with a status of 500 to 599, or one outside of 200 to 599 (RFC 9110, section 15).";
        GrpcOk => "grpc_ok", "A gRPC answer with grpc-status 0.";
        GrpcError => "grpc_error", "A gRPC answer with another grpc-status, or without one.";
    }
}

vocabulary! {
    /// A copy was sent and no answer of the shadow came back.
    Failure {
        Connect => "connect", "No connection to the shadow could be made.";
        Timeout => "timeout", "The shadow did not answer within `timeout`.";
        Protocol => "protocol", "The shadow's answer was not valid HTTP.";
        Reset => "reset", "The connection ended before the answer was complete, or the answer was over Envoy's response buffer.";
        Cancelled => "cancelled", "The filter's last configuration in its VM went away while the answer was awaited.";
    }
}

/// How a copy that was sent ended. Each one ends exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The shadow answered. The duration is Envoy's own measure, absent only if Envoy gave none.
    Answered {
        /// What the answer was.
        class: Class,
        /// Whether it says that the shadow cannot serve: a `5xx`, or a gRPC status that Envoy takes for one.
        is_error: bool,
        /// Milliseconds from the complete request to the answer's headers.
        milliseconds: Option<u64>,
    },
    /// The shadow did not answer.
    Failed(Failure),
}

impl Outcome {
    /// Whether a circuit breaker takes it for a failure; `None` if it tells nothing about the shadow.
    pub const fn is_failure(self) -> Option<bool> {
        match self {
            Self::Answered { is_error, .. } => Some(is_error),
            Self::Failed(Failure::Cancelled) => None,
            Self::Failed(_) => Some(true),
        }
    }
}

impl Class {
    /// The class of an answer that is not gRPC.
    pub const fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Success,
            300..=399 => Self::Redirection,
            400..=499 => Self::ClientError,
            _ => Self::ServerError,
        }
    }

    /// The class of a gRPC answer; `None` is one without `grpc-status`.
    pub fn of_grpc_status(status: Option<&[u8]>) -> Self {
        match status {
            Some(b"0") => Self::GrpcOk,
            _ => Self::GrpcError,
        }
    }
}
