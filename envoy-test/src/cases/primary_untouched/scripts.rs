//! The conversations. Each step waits for what the one before it led to, so both times the same happens in the same
//! order.

use crate::conversation::Does::{Accepts, HangsUp, Hears, HearsMuch, HearsTheEnd, Resets, Says, SaysMuch};
use crate::conversation::Who::{Client, Primary};
use crate::conversation::{Script, Step};

/// More than the filter collects by default.
const MUCH: usize = 1_200_000;
const HEAD: &str = "\r\n\r\n";

/// A request's head: the first line, then headers. Envoy would make up an `x-request-id`, each time another.
macro_rules! request {
    ($start:literal $(, $header:literal)*) => {
        concat!($start, " HTTP/1.1\r\nhost: shop.example\r\nx-request-id: pinned\r\n", $($header, "\r\n",)* "\r\n")
    };
}

/// An answer's head. Envoy would add a date.
macro_rules! answer {
    ($status:literal $(, $header:literal)*) => {
        concat!("HTTP/1.1 ", $status, "\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", $($header, "\r\n",)* "\r\n")
    };
}

const GET: &str = request!("GET /");
const UPLOAD: &str = request!("POST /upload", "content-length: 10");
const CHUNKS: &str = request!("POST /chunks", "transfer-encoding: chunked");
const OK: &str = answer!("200 OK", "content-length: 2");

mod broken;
mod tunnels;

fn script(name: &'static str, steps: impl IntoIterator<Item = Vec<Step>>) -> Script {
    Script {
        name,
        steps: steps.into_iter().flatten().collect(),
    }
}

/// The client says `text`, and the primary hears it up to `end`.
fn asks(text: &'static str, end: &'static str) -> Vec<Step> {
    vec![(Client, Says(text.as_bytes())), (Primary, Hears(end))]
}

/// The first words that reach the primary.
fn opens(text: &'static str, end: &'static str) -> Vec<Step> {
    vec![
        (Client, Says(text.as_bytes())),
        (Primary, Accepts),
        (Primary, Hears(end)),
    ]
}

/// The primary says `text`, and the client hears it up to `end`.
fn answers(text: &'static str, end: &'static str) -> Vec<Step> {
    vec![(Primary, Says(text.as_bytes())), (Client, Hears(end))]
}

/// The primary answers with a body of two bytes.
fn answers_ok() -> Vec<Step> {
    vec![
        (Primary, Says(OK.as_bytes())),
        (Primary, Says(b"ok")),
        (Client, Hears("\r\n\r\nok")),
    ]
}

/// All of them.
pub(super) fn all() -> Vec<Script> {
    [
        tunnels::all(),
        uploads(),
        answers_before_the_end(),
        answers_in_parts(),
        connections(),
        broken::by_client(),
        broken::by_primary(),
        broken::retried(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The primary answers when it has the whole request.
fn uploads() -> Vec<Script> {
    let expects = request!("POST /upload", "content-length: 10", "expect: 100-continue");
    vec![
        script(
            "expect-continue",
            [
                vec![(Client, Says(expects.as_bytes())), (Client, Hears(HEAD))],
                opens("0123456789", "0123456789"),
                answers_ok(),
            ],
        ),
        script(
            "primary-continues",
            [
                opens(UPLOAD, HEAD),
                vec![(Primary, Says(b"HTTP/1.1 100 Continue\r\n\r\n"))],
                asks("0123456789", "0123456789"),
                answers_ok(),
            ],
        ),
        script(
            "upload-in-parts",
            [
                opens(UPLOAD, HEAD),
                asks("01234", "01234"),
                asks("56789", "56789"),
                answers_ok(),
            ],
        ),
        script(
            "chunks-in-parts",
            [
                opens(CHUNKS, HEAD),
                asks("3\r\none\r\n", "one\r\n"),
                asks("5;a=b\r\nth", "th"),
                asks("ree\r\n", "ree\r\n"),
                asks("0\r\n\r\n", "0\r\n\r\n"),
                answers_ok(),
            ],
        ),
        script(
            "too-large-to-copy",
            [
                opens(request!("POST /upload", "content-length: 1200000"), HEAD),
                vec![(Client, SaysMuch(MUCH)), (Primary, HearsMuch(MUCH))],
                answers_ok(),
            ],
        ),
        script(
            "request-trailers",
            [
                opens(CHUNKS, HEAD),
                asks("3\r\none\r\n", "one\r\n"),
                asks("0\r\nx-checksum: abc\r\nx-last: 1\r\n\r\n", "x-last: 1\r\n\r\n"),
                answers_ok(),
            ],
        ),
    ]
}

/// The primary answers while the client still uploads.
fn answers_before_the_end() -> Vec<Script> {
    vec![
        script(
            "early-answer",
            [
                opens(UPLOAD, HEAD),
                asks("0123", "0123"),
                answers(answer!("413 Enough", "content-length: 0"), HEAD),
                vec![(Primary, HearsTheEnd)],
            ],
        ),
        script(
            "early-answer-and-end",
            [
                opens(CHUNKS, HEAD),
                asks("3\r\none\r\n", "one\r\n"),
                answers(answer!("413 Enough", "content-length: 4", "connection: close"), HEAD),
                vec![(Primary, Says(b"done")), (Client, Hears("done")), (Primary, HangsUp)],
            ],
        ),
        script(
            "answer-meanwhile",
            [
                opens(CHUNKS, HEAD),
                asks("4\r\nask,\r\n", "ask,\r\n"),
                answers(answer!("200 OK", "transfer-encoding: chunked"), HEAD),
                answers("5\r\ngo on\r\n", "go on\r\n"),
                asks("4\r\nlast\r\n", "last\r\n"),
                answers("3\r\nyes\r\n", "yes\r\n"),
                asks("0\r\n\r\n", "0\r\n\r\n"),
                answers("0\r\n\r\n", "0\r\n\r\n"),
            ],
        ),
    ]
}

fn answers_in_parts() -> Vec<Script> {
    let events = request!("GET /events", "accept: text/event-stream");
    let begins = || {
        [
            opens(events, HEAD),
            answers(
                answer!(
                    "200 OK",
                    "content-type: text/event-stream",
                    "transfer-encoding: chunked"
                ),
                HEAD,
            ),
            answers("9\r\ndata: 1\n\n\r\n", "data: 1\n\n\r\n"),
        ]
        .concat()
    };
    vec![
        script(
            "events",
            [
                begins(),
                answers("9\r\ndata: 2\n\n\r\n", "data: 2\n\n\r\n"),
                answers("0\r\n\r\n", "0\r\n\r\n"),
            ],
        ),
        script(
            "events-and-client-leaves",
            [begins(), vec![(Client, HangsUp), (Primary, HearsTheEnd)]],
        ),
        script(
            "events-cut-off",
            [begins(), vec![(Primary, HangsUp), (Client, HearsTheEnd)]],
        ),
        script(
            "events-reset",
            [begins(), vec![(Primary, Resets), (Client, HearsTheEnd)]],
        ),
        script(
            "answer-ends-with-connection",
            [
                opens(GET, HEAD),
                answers(answer!("200 OK"), HEAD),
                answers("one", "one"),
                vec![(Primary, HangsUp), (Client, Hears("0\r\n\r\n"))],
            ],
        ),
        script(
            "answer-trailers",
            [
                opens(request!("GET /", "te: trailers"), HEAD),
                answers(answer!("200 OK", "transfer-encoding: chunked"), HEAD),
                answers("3\r\none\r\n", "one\r\n"),
                answers("0\r\ngrpc-status: 5\r\n\r\n", "0\r\n"),
            ],
        ),
        script(
            "heads-in-parts",
            [
                vec![
                    (Client, Says(b"GET /slow HTTP/1.1\r\nho")),
                    (Client, Says(b"st: a\r\nx-request-id: pinned\r\n")),
                ],
                opens("x-odd: caf\u{e9}\r\n\r\n", HEAD),
                vec![
                    (Primary, Says(b"HTTP/1.1 200 O")),
                    (Primary, Says(b"K\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-le")),
                ],
                answers("ngth: 0\r\n\r\n", HEAD),
            ],
        ),
        script(
            "early-hints",
            [
                opens(GET, HEAD),
                vec![(Primary, Says(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"))],
                answers_ok(),
            ],
        ),
    ]
}

fn connections() -> Vec<Script> {
    let next = || [asks(GET, HEAD), answers_ok()].concat();
    vec![
        script(
            "connection-used-again",
            [opens(GET, HEAD), answers_ok(), next(), next()],
        ),
        script(
            "pipelining",
            [
                opens(
                    concat!(
                        request!("GET /a"),
                        request!("POST /b", "content-length: 3"),
                        "one",
                        request!("POST /c", "transfer-encoding: chunked"),
                        "3\r\ntwo\r\n0\r\n\r\n",
                        request!("GET /d"),
                    ),
                    HEAD,
                ),
                answers_ok(),
                vec![(Primary, Hears("one"))],
                answers_ok(),
                vec![(Primary, Hears("two\r\n0\r\n\r\n"))],
                answers_ok(),
                vec![(Primary, Hears(HEAD))],
                answers_ok(),
            ],
        ),
        script(
            "client-closes",
            [
                opens(request!("GET /", "connection: close"), HEAD),
                answers_ok(),
                vec![(Client, HearsTheEnd)],
            ],
        ),
        script(
            "primary-closes",
            [
                opens(GET, HEAD),
                answers(answer!("200 OK", "connection: close", "content-length: 0"), HEAD),
                vec![(Primary, HearsTheEnd)],
                opens(GET, HEAD),
                answers_ok(),
            ],
        ),
    ]
}
