//! What one of the two breaks off. For a primary that does so before it has answered, Envoy answers itself.

use super::*;

pub(super) fn by_client() -> Vec<Script> {
    let leaves = |how| vec![(Client, how), (Primary, HearsTheEnd)];
    let half = || [opens(UPLOAD, HEAD), asks("0123", "0123")].concat();
    vec![
        script(
            "abort-in-head",
            [vec![(Client, Says(b"GET / HTTP/1.1\r\nhost: sh")), (Client, HangsUp)]],
        ),
        script("abort-after-head", [opens(UPLOAD, HEAD), leaves(HangsUp)]),
        script("abort-in-upload", [half(), leaves(HangsUp)]),
        script("reset-in-upload", [half(), leaves(Resets)]),
        script(
            "abort-in-chunk",
            [opens(CHUNKS, HEAD), asks("5\r\non", "on"), leaves(HangsUp)],
        ),
        script("abort-before-answer", [opens(GET, HEAD), leaves(HangsUp)]),
        script("reset-before-answer", [opens(GET, HEAD), leaves(Resets)]),
        script("abort-in-answer", [opens(GET, HEAD), answers(OK, HEAD), leaves(Resets)]),
        script(
            "abort-in-answer-body",
            [opens(GET, HEAD), answers(OK, HEAD), answers("o", "o"), leaves(HangsUp)],
        ),
        script(
            "no-request",
            [vec![(Client, Says(b"what is this?\r\n\r\n")), (Client, HearsTheEnd)]],
        ),
    ]
}

pub(super) fn by_primary() -> Vec<Script> {
    let half = || [opens(UPLOAD, HEAD), asks("0123", "0123")].concat();
    let leaves = |how| vec![(Primary, how), (Client, Hears(HEAD))];
    vec![
        script("primary-hangs-up", [opens(GET, HEAD), leaves(HangsUp)]),
        script("primary-resets", [opens(GET, HEAD), leaves(Resets)]),
        script("primary-resets-upload", [half(), leaves(Resets)]),
        script(
            "primary-resets-head",
            [
                opens(GET, HEAD),
                vec![(Primary, Says(b"HTTP/1.1 200 "))],
                leaves(Resets),
            ],
        ),
        script(
            "primary-resets-answer",
            [
                opens(GET, HEAD),
                answers(OK, HEAD),
                vec![(Primary, Resets), (Client, HearsTheEnd)],
            ],
        ),
        script(
            "primary-talks-nonsense",
            [opens(GET, HEAD), answers("what is this?\r\n\r\n", HEAD)],
        ),
        script(
            "primary-too-slow",
            [
                opens(request!("GET /impatient"), HEAD),
                vec![(Client, Hears("upstream request timeout")), (Primary, HearsTheEnd)],
            ],
        ),
    ]
}

/// Primaries that the router asks again.
pub(super) fn retried() -> Vec<Script> {
    const ASK: &str = concat!(request!("POST /retried", "content-length: 5"), "again");
    // In one write: Envoy gives the attempt up at the head, and a body that comes after it has closed would be answered
    // with a reset, or not, as it happens.
    const BUSY: &str = concat!(
        answer!("503 Service Unavailable", "connection: close", "content-length: 4"),
        "busy"
    );
    let asks = || opens(ASK, "again");
    let hears_again = || vec![(Primary, Accepts), (Primary, Hears("again"))];
    let busy = || vec![(Primary, Says(BUSY.as_bytes()))];
    vec![
        script(
            "retried-after-resets",
            [
                asks(),
                vec![(Primary, Resets)],
                hears_again(),
                vec![(Primary, Resets)],
                hears_again(),
                answers_ok(),
            ],
        ),
        script("retried-after-503", [asks(), busy(), hears_again(), answers_ok()]),
        script(
            "retried-in-vain",
            [
                asks(),
                busy(),
                hears_again(),
                busy(),
                hears_again(),
                busy(),
                vec![(Client, Hears("busy"))],
            ],
        ),
    ]
}
