//! The vocabulary: every reason not to send a copy, and every end of a copy that was sent. Each has one name. The name
//! is the `result` of a statistic, the word in the log, and the row in the documentation and on the dashboard.

/// Declares an enum whose variants carry a name and a meaning, both listed in one place.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($variant:ident => $word:literal, $meaning:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $(#[doc = $meaning] $variant,)+
        }

        impl $name {
            /// All variants in the order of the documentation.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The name in statistics and logs.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// The meaning, in a sentence for a person.
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
    /// The policy decided that a request is not copied. Nobody needs to be woken.
    Skipped {
        Loop => "loop", "The request carries the marker of a mirror: it is a copy itself.";
        Upgrade => "upgrade", "The request opens a tunnel: it is CONNECT, or an upgrade such as WebSocket.";
        NoRoute => "no_route", "The proxy sends the request to no upstream: no route, a direct response or a redirect.";
        Expired => "expired", "The mirror's `expiresAt` has passed.";
        NoSampleKey => "no_sample_key", "The request lacks the header, cookie, query parameter or request id that `sample` names.";
        NotSampled => "not_sampled", "The sample left the request out, as `percentage` asks.";
    }
}

vocabulary! {
    /// A copy that the policy wanted was lost. People are paged for these.
    Dropped {
        BreakerOpen => "breaker_open", "The mirror's circuit breaker is open, or awaits the end of its probe.";
        BodyTooLarge => "body_too_large", "The body is larger than `body.maxBytes`.";
        InFlight => "in_flight", "`limits.maxInFlight` copies were being collected or awaiting an answer.";
        Collecting => "collecting", "`limits.maxCollecting` copies were being collected already.";
        Bytes => "bytes", "`limits.maxBufferedBytes` would have been exceeded.";
        Rate => "rate", "The rate limit `limits.maxRequestsPerSecond` had no token for the copy.";
        BodyWait => "body_wait", "The request was not complete within `body.maxWait`.";
        BodyUnreadable => "body_unreadable", "The proxy did not give a part of the body to the filter.";
        Memory => "memory", "The memory of the filter's VM had no room for the copy.";
        RequestReset => "request_reset", "The request ended before it was complete: the client went away, or the answer came early.";
        RedactFailed => "redact_failed", "The body cannot be redacted. `redact.json` or `redact.keep.json` names values, and the body is not JSON, is compressed or is nested too deeply. Or parameters are redacted, and the body is a form in parts or a compressed form. Or the body is larger than `body.maxBytes` once it is redacted.";
        RedactUnmet => "redact_unmet", "`redact.require` is set, and a pointer of `redact.json` names nothing in the body.";
        ExaminedRate => "examined_rate", "The redactions and the costly comparisons of all requests were over `limits.maxExaminedBytesPerSecond`.";
        TooCostly => "too_costly", "The work for the copy would have been over `limits.maxExaminedBytes`: the regular expressions of `match`, or redaction.";
        HeadersTooLarge => "headers_too_large", "The copy's headers are more than Envoy takes from a filter: 1 MiB or 1024 headers.";
        HeadersMissing => "headers_missing", "The request has no method, path or authority, so no copy can be sent.";
        ClusterMissing => "cluster_missing", "The proxy does not know the shadow's cluster.";
        NoCapacity => "no_capacity", "Envoy refused the call: no healthy endpoint, or the shadow cluster's circuit breaker is full.";
    }
}

vocabulary! {
    /// The class of an answer. One rule classes the answers of the shadow and of the primary.
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
    /// A copy was sent, and the shadow did not answer.
    Failure {
        Connect => "connect", "No connection to the shadow could be made.";
        Timeout => "timeout", "The shadow did not answer within `timeout`.";
        Protocol => "protocol", "The shadow's answer was not valid HTTP.";
        Reset => "reset", "The connection ended before the answer was complete, or the answer was over Envoy's response buffer.";
        Cancelled => "cancelled", "The filter's last configuration in its VM went away while the answer was awaited.";
    }
}

/// Why a mirror did not send a copy of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The policy decided not to copy the request.
    Skipped(Skipped),
    /// A copy that the policy wanted was lost.
    Dropped(Dropped),
}

// === impl Reason ===

impl From<Skipped> for Reason {
    fn from(reason: Skipped) -> Self {
        Self::Skipped(reason)
    }
}

impl From<Dropped> for Reason {
    fn from(reason: Dropped) -> Self {
        Self::Dropped(reason)
    }
}
