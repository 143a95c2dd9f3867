//! In what a copy may differ from Envoy's own mirror: this table, and nothing else. docs/parity.md lists it; a test
//! holds the two together.

use crate::wire::{End, Message};

/// The filter's marker, with the name of the mirror in the cases.
const MARKER: &str = "x-mirrored-by";

/// One stated difference.
pub struct Exception {
    pub name: &'static str,
    /// What differs.
    pub what: &'static str,
    pub why: &'static str,
    /// Makes the two alike in this one respect; whether they were not.
    pub settle: fn(native: &mut Message, ours: &mut Message) -> bool,
}

/// All of them, in the order in which they are settled.
pub const EXCEPTIONS: &[Exception] = &[
    Exception {
        name: "marker",
        what: "ours has the header `x-mirrored-by` (`marker`), once, with the mirror's name",
        why: "a copy that comes back must be recognised",
        settle: |_, ours| {
            let is_ours = ours.values(MARKER) == [b"copy"];
            is_ours && ours.remove(MARKER) == 1
        },
    },
    Exception {
        name: "forwarded-for",
        what: "native appends Envoy's own address to `x-forwarded-for`, or adds the header",
        why: "no address of a hop that did not happen; `headers.add` can do the same",
        settle: forwarded_for,
    },
    Exception {
        name: "expected-timeout",
        what: "`x-envoy-expected-rq-timeout-ms`: its value, and its place among the headers that Envoy adds",
        why: "each router writes it, with the timeout that it keeps: the route's for native, `timeout` for ours",
        settle: expected_timeout,
    },
    Exception {
        name: "chunked",
        what: "a body without an announced length has a `content-length`; native sends chunks, or over HTTP/2 no length",
        why: "a callout has its whole body, and Envoy writes its length",
        settle: chunked,
    },
    Exception {
        name: "empty-frame",
        what: "over HTTP/2, native may end a request without a body by an empty frame; ours ends with its headers",
        why: "a callout without a body has no frame to carry it",
        settle: |native, ours| {
            let differ = (native.end, ours.end) == (End::Body, End::Head) && native.body.is_empty();
            if differ {
                native.end = End::Head;
            }
            differ
        },
    },
    Exception {
        name: "trailers",
        what: "native sends the request's trailers",
        why: "a callout cannot send trailers",
        settle: trailers,
    },
    Exception {
        name: "attempt-count",
        what: "native has the router's `x-envoy-attempt-count`, where the route asks for it; ours the client's, or none",
        why: "the router adds it behind the filter",
        settle: |native, ours| {
            const NAME: &str = "x-envoy-attempt-count";
            let differ = native.values(NAME) != ours.values(NAME);
            let removed = (native.remove(NAME), ours.remove(NAME));
            differ && removed.0 == 1
        },
    },
    Exception {
        name: "original",
        what: "native has `x-envoy-original-path` and `-host`, where the route rewrites",
        why: "the router adds them behind the filter; `path` and `authority` make the same rewrites on the copy",
        settle: original,
    },
    Exception {
        name: "tracing",
        what: "native has a span of its own in `traceparent` and `tracestate` (or their like) where Envoy traces, behind the other headers; ours has the client's, or none",
        why: "Envoy traces no callouts of a filter",
        settle: tracing,
    },
];

/// Settles every exception and returns the names of those that were needed. What differs after that is an error.
pub fn compare(mut native: Message, mut ours: Message) -> Result<Vec<&'static str>, String> {
    let shown = (native.show(), ours.show());
    let needed = EXCEPTIONS
        .iter()
        .filter(|exception| (exception.settle)(&mut native, &mut ours))
        .map(|exception| exception.name)
        .collect();
    if native == ours {
        return Ok(needed);
    }
    let (native_shown, ours_shown) = shown;
    Err(format!(
        "the shadows received different requests\n  native:{native_shown}\n  ours:{ours_shown}"
    ))
}

fn forwarded_for(native: &mut Message, ours: &mut Message) -> bool {
    const NAME: &str = "x-forwarded-for";
    let appended = match (native.values(NAME).as_slice(), ours.values(NAME).as_slice()) {
        ([native], []) => !native.contains(&b','),
        ([native], [ours]) => native.strip_prefix(*ours).is_some_and(|rest| rest.starts_with(b",")),
        _ => false,
    };
    if !appended {
        return false;
    }
    let line = |line: &&Vec<u8>| line.starts_with(b"x-forwarded-for:");
    match (
        ours.head.iter().find(line),
        native.head.iter().position(|one| line(&one)),
    ) {
        (Some(ours), Some(at)) => native.head[at].clone_from(ours),
        _ => drop(native.remove(NAME)),
    }
    true
}

fn expected_timeout(native: &mut Message, ours: &mut Message) -> bool {
    const NAME: &str = "x-envoy-expected-rq-timeout-ms";
    let removed = (native.remove(NAME), ours.remove(NAME));
    removed == (1, 1)
}

fn chunked(native: &mut Message, ours: &mut Message) -> bool {
    let length = ours.body.len().to_string();
    if native.has("content-length") || ours.values("content-length") != [length.as_bytes()] {
        return false;
    }
    native.remove("transfer-encoding");
    ours.remove("content-length");
    if native.end == End::LastChunk || ours.body.is_empty() {
        native.end = ours.end;
    }
    true
}

fn trailers(native: &mut Message, ours: &mut Message) -> bool {
    if native.trailers.is_empty() || !ours.trailers.is_empty() {
        return false;
    }
    native.trailers.clear();
    native.end = ours.end;
    true
}

fn tracing(native: &mut Message, ours: &mut Message) -> bool {
    const SPAN: &str = "traceparent";
    if native.values(SPAN).len() != 1 || native.values(SPAN) == ours.values(SPAN) {
        return false;
    }
    for name in [SPAN, "tracestate"] {
        native.remove(name);
        ours.remove(name);
    }
    true
}

fn original(native: &mut Message, ours: &mut Message) -> bool {
    const NAMES: [&str; 2] = ["x-envoy-original-path", "x-envoy-original-host"];
    let only_native = NAMES.iter().filter(|name| !ours.has(name));
    only_native.map(|name| native.remove(name)).sum::<usize>() > 0
}

#[cfg(test)]
mod tests {
    use super::{EXCEPTIONS, compare};
    use crate::wire::Message;

    #[test]
    fn the_documentation_lists_exactly_these() {
        let text = include_str!("../../../docs/parity.md");
        let rows: Vec<_> = text.lines().filter(|line| line.starts_with("| `")).collect();
        let expected: Vec<_> = EXCEPTIONS
            .iter()
            .map(|one| format!("| `{}` | {} | {} |", one.name, one.what, one.why))
            .collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn what_no_exception_states_is_a_difference() {
        let message = |lines: &[&str]| Message {
            head: lines.iter().map(|line| line.as_bytes().to_vec()).collect(),
            ..Message::default()
        };
        let native = ["GET / HTTP/1.1", "x-a: 1", "x-b: 2", "x-forwarded-for: 1.1.1.1,2.2.2.2"];
        let ours = |lines: [&str; 2]| {
            message(
                &[
                    &native[..1],
                    &lines,
                    &["x-forwarded-for: 1.1.1.1", "x-mirrored-by: copy"],
                ]
                .concat(),
            )
        };
        assert_eq!(
            compare(message(&native), ours(["x-a: 1", "x-b: 2"])),
            Ok(vec!["marker", "forwarded-for"])
        );
        for wrong in [
            ["x-b: 2", "x-a: 1"],
            ["x-a: 1", "x-b: 3"],
            ["x-a: 1", "x-mirrored-by: copy"],
        ] {
            assert!(compare(message(&native), ours(wrong)).is_err(), "{wrong:?}");
        }
    }
}
