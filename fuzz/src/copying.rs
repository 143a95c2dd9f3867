//! The copy of any request, with and without a body. It never carries a header of the connection or for the router, nor
//! a length that is not its body's; it has its marker once; and what no rule speaks of is there as it was, in order.

use std::rc::Rc;

use mirror_policy::Plan;
use mirror_policy::copy::copied_headers::{self, CopiedBody};
use mirror_policy::headers::{MAX_HEADER_BYTES, MAX_HEADERS};
use mirror_policy::plan::Mirror;
use mirror_policy::reasons::Dropped;

use crate::input::{Input, Pair, headers};

/// Headers that no configuration can name and no copy carries, unless a rule of their own lets them: the connection's,
/// the host's, the length, and those that Envoy's router obeys (docs/configuration.md, `headers`).
const RESERVED: &[&str] = &[
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "x-envoy-hedge-on-per-try-timeout",
    "x-envoy-max-retries",
    "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes",
    "x-envoy-retry-grpc-on",
    "x-envoy-retry-on",
    "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-per-try-timeout-ms",
    "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-upstream-stream-duration-ms",
];

const KEYS: &[&str] = &[
    "",
    r#", "authority": {"mode": "preserve"}, "headers": {"remove": ["x-a"], "set": {"x-b": "s"}, "add": {"x-b": "a", "x-c": ""}}"#,
    r#", "authority": {"mode": "literal", "value": "b:1"}, "path": {"prefixRewrite": {"from": "/a", "to": "/longer"}}, "marker": "x-copy""#,
    r#", "authority": {"mode": "suffix", "suffix": ".test"}, "headers": {"set": {"te": "s", "cookie": "c"}, "remove": ["te", "authorization"]}"#,
];

/// Bodies are told by their length alone.
const BODIES: &[usize] = &[0, 1, 17, 1 << 20];

thread_local! {
    static MIRRORS: Vec<Rc<Mirror>> = KEYS.iter().map(|keys| mirror(keys)).collect();
}

fn mirror(keys: &str) -> Rc<Mirror> {
    let config = format!(r#"{{"mirrors": [{{"name": "v2", "cluster": "c"{keys}}}]}}"#);
    Plan::parse(config.as_bytes()).expect("a good plan").mirrors.remove(0)
}

/// The original's body, of this length.
fn whole(bytes: usize) -> CopiedBody {
    CopiedBody {
        bytes,
        is_original: true,
    }
}

/// Whether this header is the proxy's own business.
pub fn is_reserved(name: &[u8]) -> bool {
    RESERVED.iter().any(|reserved| reserved.as_bytes() == name)
}

/// Checks one input: which mirror, which body, and the headers of a request.
pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mirror = &*MIRRORS.with(|mirrors| Rc::clone(input.pick(mirrors)));
    let body = *input.pick(BODIES);
    let original = input.pairs();
    let map = headers(&original);
    let copied: Vec<Pair> = match copied_headers::of(mirror, &map, &[], whole(body)) {
        Ok(copied) => {
            let bytes = copied.bytes;
            let copied = copied.headers.into_iter();
            let copied: Vec<Pair> = copied
                .map(|(name, value)| (name.to_vec(), value.into_owned()))
                .collect();
            assert_eq!(bytes, headers(&copied).bytes(), "what is charged is what leaves");
            copied
        }
        Err(Dropped::HeadersTooLarge) => return assert!(is_large(&original), "a small request is too large"),
        Err(Dropped::HeadersMissing) => return assert!(lacks_something(&original), "a whole request is not copied"),
        Err(reason) => panic!("{reason} is no reason of the headers"),
    };
    envoy_takes(&copied);
    let lengths = copied.iter().filter(|(name, _)| name == b"content-length");
    for (_, value) in lengths {
        let is_zero = body == 0 && value.iter().all(|digit| *digit == b'0');
        assert!(
            is_zero || *value == body.to_string().into_bytes(),
            "the length is the body's"
        );
    }
    let reserved = copied
        .iter()
        .find(|(name, _)| is_reserved(name) && name != b"content-length");
    assert_eq!(reserved, None, "a reserved header on a copy");
    let marker = mirror.config.marker.as_bytes();
    let marks: Vec<&Pair> = copied.iter().filter(|(name, _)| name == marker).collect();
    assert_eq!(
        marks,
        [&(marker.to_vec(), b"v2".to_vec())],
        "marked once, by its mirror"
    );
    the_rest_is_as_it_was(mirror, &original, &copied);
    operations_are_done(mirror, &copied);
}

/// What Envoy takes from a filter.
fn envoy_takes(copied: &[Pair]) {
    let bytes = headers(copied).bytes();
    assert!(
        copied.len() <= MAX_HEADERS && bytes <= MAX_HEADER_BYTES as u64,
        "more than Envoy takes"
    );
    for name in [":method", ":path", ":authority"] {
        let given = copied
            .iter()
            .any(|(candidate, value)| candidate == name.as_bytes() && !value.is_empty());
        assert!(given, "no {name}");
    }
}

/// Headers that neither a rule nor the configuration names: values, order and duplicates.
fn the_rest_is_as_it_was(mirror: &Mirror, original: &[Pair], copied: &[Pair]) {
    let operations = &mirror.config.headers;
    let changed = operations.set.0.iter().chain(&operations.add.0).map(|(name, _)| name);
    let named: Vec<&String> = changed
        .chain(&operations.remove)
        .chain([&mirror.config.marker])
        .collect();
    let untouched = |(name, _): &&Pair| {
        !is_reserved(name)
            && name != b":authority"
            && name != b":path"
            && !named.iter().any(|other| other.as_bytes() == name)
    };
    let before: Vec<&Pair> = original.iter().filter(untouched).collect();
    let after: Vec<&Pair> = copied.iter().filter(untouched).collect();
    assert_eq!(before, after, "what no rule speaks of");
}

/// Removed, then set, then added.
fn operations_are_done(mirror: &Mirror, copied: &[Pair]) {
    let operations = &mirror.config.headers;
    let values = |name: &String| {
        let of_name = copied.iter().filter(|(candidate, _)| candidate == name.as_bytes());
        of_name.map(|(_, value)| value.as_slice()).collect::<Vec<_>>()
    };
    let expected = |name: &String| {
        let given = operations.set.0.iter().chain(&operations.add.0);
        given
            .filter(|(other, _)| other == name)
            .map(|(_, value)| value.as_bytes())
            .collect::<Vec<_>>()
    };
    for name in operations.set.0.iter().map(|(name, _)| name).chain(&operations.remove) {
        assert_eq!(values(name), expected(name), "{name}");
    }
    for (name, value) in &operations.add.0 {
        assert_eq!(values(name).last(), Some(&value.as_bytes()), "{name} is added");
    }
}

/// Only such a request can be too large with what is added to it.
fn is_large(original: &[Pair]) -> bool {
    original.len() > MAX_HEADERS - 8 || headers(original).bytes() > MAX_HEADER_BYTES as u64 - (8 << 10)
}

fn lacks_something(original: &[Pair]) -> bool {
    [":method", ":path", ":authority"].iter().any(|name| {
        let mut values = original.iter().filter(|(candidate, _)| candidate == name.as_bytes());
        values.all(|(_, value)| value.is_empty())
    })
}
