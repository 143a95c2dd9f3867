//! What the sequences of the simulation are made of: configurations, requests and replies, plausible and odd.

use mirror_model::decisions::Decisions as _;
use mirror_policy::sample::Dice;
use serde_json::{Value, json};

use crate::books::{mirror, mirrors, one};
use crate::host::abi::Pairs;
use crate::host::messages::{Reply, Request};

/// Configurations that are accepted.
pub(super) fn configurations() -> Vec<Value> {
    let small = json!({
        "body": { "maxBytes": 600, "maxWait": "2s" },
        "limits": { "maxInFlight": 3, "maxCollecting": 2, "maxBufferedBytes": 700 },
    });
    let keyed =
        json!({ "percentage": 30, "sample": { "by": "cookie", "name": "user", "salt": "s" }, "timeout": "1ms" });
    let chosen = json!({
        "match": [
            { "uri": { "regex": "/(a|b)[0-9]*" }, "queryParams": { "q": {} } },
            { "method": { "exact": "POST" }, "withoutHeaders": { "x-0": {} }, "port": 9080 },
        ],
        "body": { "maxBytes": 300, "whenLarger": "headersOnly" },
        "path": { "prefixRewrite": { "from": "/a", "to": "/" } },
        "headers": { "remove": ["cookie"], "set": { "x-1": "set" }, "add": { "x-2": "added" } },
    });
    // Matching costs more than the limit.
    let costly = json!({ "uri": { "regex": "[^b]{1,400}b{1,400}" } });
    let entries = vec![costly; 16];
    let frequent = json!({ "limits": { "maxExaminedBytesPerSecond": 65536 }, "match": entries });
    let costly = json!({ "limits": { "maxExaminedBytes": 65536 }, "match": entries });
    let required = json!({ "redact": { "json": ["/a/b"], "require": true } });
    let breaker = json!({ "failurePercentage": 50, "minRequests": 2, "window": "10s", "openFor": "1s" });
    let redact = json!({
        "headers": ["x-1"], "cookies": ["user"], "queryParams": ["q"], "json": ["/*", "/*/a"],
        "mode": "hash", "hashKey": "000102030405060708090a0b0c0d0e0f",
    });
    vec![
        one(&json!({})),
        one(&json!({ "percentage": 0 })),
        mirrors(&[
            mirror("shadow", &json!({})),
            mirror("half", &json!({ "percentage": 50, "cluster": "other" })),
        ]),
        mirrors(&[mirror("small", &small), mirror("keyed", &keyed)]),
        mirrors(&[
            mirror("small", &small),
            mirror("shadow", &chosen),
            mirror("half", &json!({ "enabled": false })),
        ]),
        mirrors(&[
            mirror("shadow", &json!({ "limits": { "maxRequestsPerSecond": 1.5 } })),
            mirror("half", &json!({ "circuitBreaker": breaker, "cluster": "other" })),
            // The fake clock begins at 14:13:20.
            mirror(
                "small",
                &json!({ "expiresAt": "2026-09-21T14:13:30.5Z", "circuitBreaker": breaker }),
            ),
        ]),
        mirrors(&[
            mirror("shadow", &json!({ "redact": redact, "body": { "maxBytes": 600 } })),
            mirror("half", &json!({ "redact": { "preset": "credentials" } })),
        ]),
        mirrors(&[
            mirror("half", &costly),
            mirror("small", &required),
            mirror("shadow", &frequent),
        ]),
        json!({ "enabled": false, "mirrors": [mirror("shadow", &json!({}))] }),
    ]
}

/// A request, mostly of the usual kind.
pub(super) fn request(random: &mut Dice) -> Request {
    let method = *random.pick(&["GET", "GET", "POST", "POST", "CONNECT", "", "\u{e9}"]);
    let path = *random.pick(&["/", "/a1?q=1", "/b", "/a?q=%ff&q", "", "*", "/\u{1f600}?#"]);
    let mut request = Request::new(method, path);
    request.headers.append(&mut headers(random, 6));
    let odd = [
        ":authority",
        ":path",
        ":method",
        "x-mirrored-by",
        "upgrade",
        "content-length",
        "content-length",
    ];
    if random.percent(25) {
        let name = *random.pick(&odd);
        let value = match random.below(4) {
            0 => random.bytes(20),
            1 => b"[::1]:80".to_vec(),
            2 => random.below(1000).to_string().into_bytes(),
            _ => Vec::new(),
        };
        request = request.without(name).header(name, value);
    }
    if random.percent(5) {
        request.headers.clear();
    }
    if random.percent(15) {
        let path = *random.pick(&["xds.cluster_name", "xds.cluster_metadata", "destination.port"]);
        let size = *random.pick(&[0, 8, 9, 100_000]);
        let value = random.percent(60).then(|| random.bytes(size));
        request.properties.push((path, value));
    }
    request
}

/// Up to so many headers of few names and any values.
pub(super) fn headers(random: &mut Dice, most: u64) -> Pairs {
    (0..random.below(most + 1))
        .map(|_| match random.below(5) {
            0 => (
                b"cookie".to_vec(),
                format!("a=b; user={}", random.below(9)).into_bytes(),
            ),
            1 => (b"connection".to_vec(), b"keep-alive, upgrade".to_vec()),
            _ => (format!("x-{}", random.below(4)).into_bytes(), random.bytes(40)),
        })
        .collect()
}

/// What comes back from a callout, or as the answer of a primary.
pub(super) fn reply(random: &mut Dice) -> Reply {
    let status = *random.pick(&[100, 200, 204, 302, 404, 500, 503, 0, 1000]);
    let number = random.below(17).to_string();
    match random.below(10) {
        0..4 => Reply::upstream(status),
        4 => Reply::grpc(&number),
        5 => Reply::grpc_trailers_only(&number),
        6 => Reply::reset(),
        7 => random
            .pick(&[
                Reply::refused(),
                Reply::timed_out(),
                Reply::terminated(),
                Reply::invalid_http(),
            ])
            .clone(),
        8 => Reply::refused().for_grpc(),
        _ => Reply {
            headers: headers(random, 5),
            body: random.bytes(600),
            trailers: headers(random, 2),
        },
    }
}
