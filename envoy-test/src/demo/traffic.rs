//! The demo's requests: methods, bodies, headers, protocols and two hosts, and shadows that misbehave now and then.

use std::net::SocketAddr;

use anyhow::Result;
use hyper::Method;

use crate::client::{Answer, Ask, Connection};

/// What was sent.
#[derive(Default)]
pub(super) struct Sent {
    pub(super) answers: Vec<Answer>,
    /// What kinds of requests, and how many of each.
    pub(super) kinds: Vec<(&'static str, usize)>,
    /// Requests to show a person, by kind and id.
    pub(super) worth_showing: Vec<(&'static str, String)>,
}

type Kind = (&'static str, usize, fn(usize) -> Ask);

/// The mixture. What is not 200 is asked of the shadow only: the client must not notice.
const KINDS: &[Kind] = &[
    ("GET with a query", 90, |n| {
        Ask::get(&format!("/reviews/{n}?page={n}"))
            .host(host(n))
            .header("accept", "application/json")
    }),
    ("POST with JSON", 60, |n| {
        let ask = Ask::post("/orders", format!("{{\"product\": {n}, \"quantity\": 2}}"));
        ask.host(host(n))
            .header("content-type", "application/json")
            .header("cookie", format!("session={n}"))
    }),
    ("POST in chunks", 40, |n| {
        Ask::new(Method::POST, "/upload")
            .host(host(n))
            .chunked([b"three ", b"little ", b"chunks"])
    }),
    ("PUT of 200 KiB", 10, |n| {
        Ask::new(Method::PUT, &format!("/images/{n}"))
            .host(host(n))
            .body(vec![b'i'; 200 * 1024])
    }),
    ("DELETE", 20, |n| {
        Ask::new(Method::DELETE, &format!("/carts/{n}")).host(host(n))
    }),
    ("HEAD", 20, |n| Ask::new(Method::HEAD, "/reviews").host(host(n))),
    ("odd headers", 20, |n| {
        Ask::get("/odd")
            .host(host(n))
            .header("x-twice", "1")
            .header("x-twice", "2")
            .header("x-latin", b"caf\xe9")
    }),
    ("shadow answers 503", 15, |n| {
        Ask::get("/reviews?shadow.status=503").host(host(n))
    }),
    ("shadow is slow", 10, |n| {
        Ask::get("/reviews?shadow.delay=300ms").host(host(n))
    }),
    ("shadow hangs up", 5, |n| {
        Ask::get("/reviews?shadow.reset").host(host(n))
    }),
    ("body over the limit", 5, |n| {
        Ask::post("/videos", vec![b'v'; 1_500_000]).host(host(n))
    }),
    ("a copy coming back", 5, |n| {
        Ask::get("/reviews").host(host(n)).header("x-mirrored-by", "somebody")
    }),
];

/// The requests of which a person sees both sides: kind and number.
const SHOWN: [(&str, usize); 3] = [("GET with a query", 7), ("POST with JSON", 2), ("POST in chunks", 1)];

/// Sends the mixture, over the given connection and one of HTTP/2 in turn.
pub(super) async fn varied(envoy: SocketAddr, http1: &mut Connection) -> Result<Sent> {
    let mut sent = Sent::default();
    let mut http2 = Connection::http2(envoy).await?;
    for (kind, count, ask) in KINDS {
        for number in 0..*count {
            let connection = if number % 3 == 2 { &mut http2 } else { &mut *http1 };
            let answer = connection.send(ask(number)).await?;
            if SHOWN.contains(&(*kind, number)) {
                sent.worth_showing.push((kind, answer.id.clone()));
            }
            sent.answers.push(answer);
        }
        sent.kinds.push((kind, *count));
    }
    Ok(sent)
}

fn host(number: usize) -> &'static str {
    if number.is_multiple_of(2) {
        "shop.example"
    } else {
        "beta.shop.example:8080"
    }
}
