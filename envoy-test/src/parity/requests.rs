//! The requests that are sent through Envoy three times over.

use crate::wire::{Body, Outgoing, Protocol};

/// `body.maxBytes` in the cases.
pub const CAP: usize = 1 << 20;

/// One request, and what it must lead to.
pub struct Request {
    pub name: &'static str,
    outgoing: Outgoing,
    /// The protocol that can say this; else both.
    only: Option<Protocol>,
    /// Whether Envoy itself answers and no upstream sees it.
    pub is_refused: bool,
    /// Why the filter sends no copy although native does.
    pub native_only: Option<&'static str>,
}

// === impl Request ===

impl Request {
    fn new(name: &'static str, method: &str, target: &str) -> Self {
        let outgoing = Outgoing {
            start: format!("{method} {target} HTTP/1.1"),
            pseudo: [(":method", method), (":path", target), (":scheme", "http")]
                .map(|(name, value)| (name, value.to_owned()))
                .into(),
            host: Some("shop.example"),
            ..Outgoing::default()
        };
        Self {
            name,
            outgoing,
            only: None,
            is_refused: false,
            native_only: None,
        }
    }

    fn get(name: &'static str, target: &str) -> Self {
        Self::new(name, "GET", target)
    }

    fn post(name: &'static str, body: Body) -> Self {
        let mut request = Self::new(name, "POST", "/body");
        request.outgoing.body = body;
        request
    }

    fn host(mut self, host: Option<&'static str>) -> Self {
        self.outgoing.host = host;
        self
    }

    fn header(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.outgoing.headers.push((name, value.as_ref().to_vec()));
        self
    }

    fn headers<const N: usize>(self, headers: [(&'static str, &str); N]) -> Self {
        headers
            .into_iter()
            .fold(self, |request, (name, value)| request.header(name, value))
    }

    fn body(mut self, body: Body) -> Self {
        self.outgoing.body = body;
        self
    }

    fn trailers(mut self) -> Self {
        self.outgoing.trailers = vec![("x-checksum", b"abc".to_vec()), ("x-last", b"\xe9".to_vec())];
        self
    }

    fn only(mut self, protocol: Protocol) -> Self {
        self.only = Some(protocol);
        self
    }

    fn refused(mut self) -> Self {
        self.is_refused = true;
        self
    }

    fn native_only(mut self, why: &'static str) -> Self {
        self.native_only = Some(why);
        self
    }

    /// The id under which it is sent over this protocol, and the request with it: Envoy would make one up, each time
    /// another.
    pub fn identified(&self, protocol: Protocol) -> (String, Outgoing) {
        let id = format!("{}.{protocol:?}", self.name);
        let mut outgoing = self.outgoing.clone();
        outgoing.headers.insert(0, ("x-request-id", id.clone().into_bytes()));
        (id, outgoing)
    }

    /// Whether this protocol can say it.
    pub fn is_for(&self, protocol: Protocol) -> bool {
        self.only.is_none_or(|only| only == protocol)
    }
}

/// All of them.
pub fn all() -> Vec<Request> {
    [
        methods(),
        headers(),
        headers_of_the_connection(),
        headers_for_envoy(),
        paths_and_hosts(),
        bodies(),
        answers(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn methods() -> Vec<Request> {
    vec![
        Request::get("get", "/"),
        Request::new("head", "HEAD", "/head"),
        Request::new("options", "OPTIONS", "/options"),
        // A path that is not one: Envoy answers 404, whatever the routes.
        Request::new("options-star-1", "OPTIONS", "*")
            .only(Protocol::Http1)
            .refused(),
        Request::new("options-star-2", "OPTIONS", "*")
            .only(Protocol::Http2)
            .refused(),
        Request::new("patch", "PATCH", "/patch"),
        Request::new("delete", "DELETE", "/delete"),
        Request::new("trace", "TRACE", "/trace"),
        Request::new("propfind", "PROPFIND", "/dav"),
        Request::new("post-without-body", "POST", "/post"),
        // Envoy's parser of HTTP/1 knows a list of methods.
        Request::new("unknown-method-1", "BREW", "/pot")
            .only(Protocol::Http1)
            .refused(),
        Request::new("unknown-method-2", "BREW", "/pot").only(Protocol::Http2),
    ]
}

/// Headers that are the application's own.
fn headers() -> Vec<Request> {
    let hundred = (0..100).fold(Request::get("hundred", "/"), |request, index| {
        let names = ["x-even", "x-odd", "x-third"];
        let name = names.get(index % 3).copied().unwrap_or("x-none");
        request.header(name, index.to_string())
    });
    vec![
        hundred,
        Request::get("duplicates", "/").headers([
            ("x-b", "1"),
            ("x-a", "1"),
            ("x-b", "2"),
            ("accept", "a"),
            ("x-b", "2"),
            ("accept", "b"),
        ]),
        Request::get("empty-values", "/").headers([("x-empty", ""), ("x-a", "1"), ("x-empty", "")]),
        Request::get("long-value", "/").header("x-long", vec![b'l'; 60 << 10]),
        Request::get("bytes", "/")
            .header("x-latin", b"caf\xe9")
            .header("x-any", b"\x80\xff\xfe \xc3")
            .header("x-utf", "\u{fc}"),
        Request::get("inner-space", "/").headers([("x-a", "a  b\tc"), ("x-quoted", "\"a, b\"; c='d'")]),
        Request::get("cookies", "/").headers([("cookie", "a=1"), ("x-a", "1"), ("cookie", "b=2; c=3"), ("cookie", "")]),
        Request::get("authorization", "/").headers([
            ("authorization", "Bearer t"),
            ("user-agent", ""),
            ("accept-encoding", "gzip, br"),
            ("range", "bytes=0-1"),
            ("if-none-match", "\"e\""),
        ]),
    ]
}

/// Headers that are about the client's connection and not about the request.
fn headers_of_the_connection() -> Vec<Request> {
    vec![
        Request::get("te", "/").headers([("te", "trailers")]),
        Request::get("te-gzip", "/")
            .headers([("te", "gzip;q=0.5")])
            .only(Protocol::Http1),
        Request::get("hop-by-hop", "/")
            .headers([
                ("connection", "keep-alive, x-named"),
                ("keep-alive", "timeout=5"),
                ("proxy-connection", "keep-alive"),
                ("x-named", "1"),
                ("x-after", "1"),
            ])
            .only(Protocol::Http1),
        Request::get("connection-close", "/")
            .header("connection", "close")
            .only(Protocol::Http1),
        Request::get("hop-by-hop-2", "/")
            .header("connection", "keep-alive")
            .only(Protocol::Http2)
            .refused(),
    ]
}

/// Headers that Envoy, or this filter, reads or writes itself.
fn headers_for_envoy() -> Vec<Request> {
    vec![
        Request::get("router-control", "/").headers([
            ("x-envoy-retry-on", "5xx"),
            ("x-envoy-max-retries", "3"),
            ("x-a", "1"),
            ("x-envoy-upstream-rq-timeout-ms", "9000"),
            ("x-envoy-upstream-rq-per-try-timeout-ms", "8000"),
            ("x-envoy-hedge-on-per-try-timeout", "false"),
            ("x-envoy-upstream-alt-stat-name", "alt"),
            ("x-envoy-retriable-status-codes", "599"),
            ("x-envoy-retriable-header-names", "x-no"),
            ("x-envoy-retry-grpc-on", "internal"),
            ("x-envoy-upstream-stream-duration-ms", "9000"),
            ("x-envoy-upstream-rq-timeout-alt-response", "1"),
        ]),
        Request::get("envoy-headers", "/").headers([
            ("x-envoy-decorator-operation", "op"),
            ("x-envoy-downstream-service-cluster", "c"),
            ("x-envoy-downstream-service-node", "n"),
            ("x-envoy-ip-tags", "t"),
            ("x-envoy-is-timeout-retry", "true"),
            ("x-envoy-original-path", "/client"),
            ("x-envoy-expected-rq-timeout-ms", "7"),
            ("x-envoy-internal", "true"),
            ("x-envoy-force-trace", "1"),
            ("x-envoy-attempt-count", "7"),
        ]),
        Request::get("forwarded", "/").headers([
            ("x-forwarded-for", "9.9.9.9"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "outside.example"),
            ("x-forwarded-port", "443"),
            ("forwarded", "for=9.9.9.9"),
            ("via", "1.1 outside"),
        ]),
        Request::get("forwarded-twice", "/").headers([
            ("x-forwarded-for", "9.9.9.9"),
            ("x-a", "1"),
            ("x-forwarded-for", "8.8.8.8"),
        ]),
        Request::get("tracing", "/").headers([
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ("tracestate", "a=1"),
            ("baggage", "k=v"),
            ("x-b3-traceid", "463ac35c9f6413ad48485a3953bb6124"),
            ("x-b3-sampled", "1"),
            ("x-client-trace-id", "t"),
        ]),
        Request::get("marked", "/")
            .header("x-mirrored-by", "copy")
            .native_only("skipped{loop}"),
        Request::get("marked-by-another", "/").header("x-mirrored-too", "copy"),
    ]
}

fn paths_and_hosts() -> Vec<Request> {
    vec![
        Request::get("encoded", "/a%20b%2Fc/%E4%BD%A0?q=%zz&r=%00"),
        Request::get("odd-path", "//a/./b/../c;v=1//?x=y?z&=&&a"),
        Request::get("query-only", "/?"),
        Request::get("quotes", "/'\"<>|`{}^\\"),
        Request::get("long-path", &format!("/{}", "p".repeat(8000))),
        Request::get("absolute", "http://other.example:81/absolute?x").only(Protocol::Http1),
        Request::get("rewritten", "/rewritten/a?b=c"),
        Request::get("host-port", "/").host(Some("shop.example:8080")),
        Request::get("host-empty-port", "/").host(Some("shop.example:")),
        Request::get("host-upper", "/").host(Some("SHOP.Example")),
        Request::get("ipv6", "/").host(Some("[::1]")),
        Request::get("ipv6-port", "/").host(Some("[2001:db8::1]:80")),
        Request::get("host-none-1", "/")
            .host(None)
            .only(Protocol::Http1)
            .refused(),
        Request::get("host-none-2", "/")
            .host(None)
            .only(Protocol::Http2)
            .refused(),
        Request::get("host-empty", "/").host(Some("")).only(Protocol::Http1),
    ]
}

fn bodies() -> Vec<Request> {
    let bytes = |length: usize| (0..length).map(|index| (index * 31 % 251) as u8).collect::<Vec<_>>();
    let chunks = |length: usize| Body::Chunks(bytes(length).chunks(5000).map(<[u8]>::to_vec).collect());
    vec![
        Request::post("length-0", Body::Length(Vec::new())),
        Request::post("length-1", Body::Length(bytes(1))),
        Request::post("length-64k-1", Body::Length(bytes((64 << 10) - 1))),
        Request::post("length-64k", Body::Length(bytes(64 << 10))),
        Request::post("length-64k+1", Body::Length(bytes((64 << 10) + 1))),
        Request::post("length-cap-1", Body::Length(bytes(CAP - 1))),
        Request::post("length-cap", Body::Length(bytes(CAP))),
        Request::post("length-cap+1", Body::Length(bytes(CAP + 1))).native_only("dropped{body_too_large}"),
        Request::post("chunks-0", chunks(0)),
        Request::post("chunks-1", chunks(1)),
        Request::post("chunks-64k+1", chunks((64 << 10) + 1)),
        Request::post("chunks-cap", chunks(CAP)),
        Request::post("chunks-cap+1", chunks(CAP + 1)).native_only("dropped{body_too_large}"),
        Request::post("trailers", chunks(10)).trailers(),
        Request::post("trailers-without-body", chunks(0)).trailers(),
        Request::post("length-then-headers", Body::None).headers([("x-a", "1"), ("content-length", "0"), ("x-b", "1")]),
        Request::post("length-00", Body::None).header("content-length", "00"),
        Request::post("expect-continue", Body::Length(bytes(3))).header("expect", "100-continue"),
        Request::get("get-with-body", "/")
            .header("content-type", "text/plain")
            .body(Body::Length(bytes(3))),
        Request::new("delete-with-body", "DELETE", "/").body(chunks(3)),
    ]
}

/// For the way back, which only the client sees.
fn answers() -> Vec<Request> {
    vec![
        Request::get("answer-odd", "/answer/odd"),
        Request::get("answer-large", "/answer/large"),
        Request::get("answer-chunked", "/answer/chunked"),
        Request::get("answer-trailers", "/answer/trailers").header("te", "trailers"),
        Request::get("answer-events", "/answer/events"),
        Request::get("answer-204", "/answer/204"),
        Request::get("answer-304", "/answer/304"),
        Request::get("answer-503", "/answer/503"),
        Request::new("answer-to-head", "HEAD", "/answer/large"),
    ]
}
