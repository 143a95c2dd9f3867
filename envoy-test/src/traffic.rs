//! The requests of the demo and of the cases that look at numbers: methods, bodies, headers, protocols and two hosts,
//! and shadows that misbehave now and then.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use hyper::Method;

use crate::client::{Answer, Ask, Connection};

/// What was sent.
#[derive(Default)]
pub struct Sent {
    pub answers: Vec<Answer>,
    /// What kinds of requests, and how many of each.
    pub kinds: Vec<(&'static str, usize)>,
    /// Requests to show a person, by kind and id.
    pub worth_showing: Vec<(&'static str, String)>,
}

type Kind = (&'static str, usize, Make);
/// The request of this number.
type Make = fn(usize) -> Ask;

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
pub async fn varied(envoy: SocketAddr, http1: &mut Connection) -> Result<Sent> {
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

/// Sends the mixture again and again, well shaken, a few requests a second and now and then a few more, so that charts
/// move. It ends with the first request that fails.
pub async fn trickle(envoy: SocketAddr) -> Result<Infallible> {
    let mut connections = [Connection::http1(envoy).await?, Connection::http2(envoy).await?];
    let order = shaken();
    for round in 0_usize.. {
        let (ask, number) = order[round % order.len()];
        let [http1, http2] = &mut connections;
        let connection = if number % 3 == 2 { http2 } else { http1 };
        connection.send(ask(number)).await?;
        tokio::time::sleep(pause(round)).await;
    }
    unreachable!("nobody counts that far")
}

/// Every request of the mixture once, those of one kind apart from each other.
fn shaken() -> Vec<(Make, usize)> {
    let mut order: Vec<_> = KINDS
        .iter()
        .flat_map(|(_, count, ask)| {
            (0..*count).map(move |number| ((number * 2 + 1) * 1_000_000 / (count * 2), *ask, number))
        })
        .collect();
    // Each kind is spread evenly over the whole.
    order.sort_by_key(|(place, _, _)| *place);
    order.into_iter().map(|(_, ask, number)| (ask, number)).collect()
}

/// From 40 to 160 milliseconds and back, in a few hundred requests.
fn pause(round: usize) -> Duration {
    const HALF: usize = 240;
    let phase = round % (2 * HALF);
    let height = phase.min(2 * HALF - phase);
    Duration::from_millis((40 + height / 2) as u64)
}

fn host(number: usize) -> &'static str {
    if number.is_multiple_of(2) {
        "shop.example"
    } else {
        "beta.shop.example:8080"
    }
}

#[cfg(test)]
mod tests {
    use super::{KINDS, pause, shaken};

    #[test]
    fn the_shaken_mixture_is_the_whole_mixture() {
        let whole: usize = KINDS.iter().map(|(_, count, _)| count).sum();
        assert_eq!(shaken().len(), whole);
        // The commonest kind is three in ten: it comes early, and again before long.
        let first: Vec<_> = shaken().into_iter().take(30).map(|(_, number)| number).collect();
        assert!(first.iter().filter(|number| **number == 0).count() > 5, "{first:?}");
    }

    #[test]
    fn the_trickle_swells_and_falls() {
        let pauses: Vec<_> = (0..480).map(|round| pause(round).as_millis()).collect();
        assert_eq!(
            (pauses.iter().min().copied(), pauses.iter().max().copied()),
            (Some(40), Some(160))
        );
        assert_eq!(pause(480), pause(0));
    }
}
