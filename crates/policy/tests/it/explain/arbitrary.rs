//! Random configurations and requests, in which much of what a mirror can name comes up.

use std::time::Duration;

use mirror_model::requests::headers;
use mirror_policy::explain::WholeRequest;
use mirror_policy::sample::Dice;

/// A configuration of up to three mirrors.
pub(super) fn configuration(dice: &mut Dice) -> String {
    let mut mirrors = Vec::new();
    for name in ["a", "b", "c"].iter().take(1 + dice.roll() as usize % 3) {
        let mut keys = vec![format!(r#""name": "{name}", "cluster": "c""#)];
        for (odds, choices) in [
            (8, &[r#""enabled": false"#][..]),
            (
                2,
                &[r#""percentage": 0"#, r#""percentage": 30"#, r#""percentage": 99.9999"#],
            ),
            (
                2,
                &[
                    r#""sample": {"by": "header", "name": "x-user", "salt": "s"}"#,
                    r#""sample": {"by": "cookie", "name": "id"}"#,
                    r#""sample": {"by": "queryParam", "name": "q"}"#,
                    r#""sample": {"by": "requestId"}"#,
                ],
            ),
            (
                2,
                &[
                    r#""match": [{"method": {"exact": "POST"}}, {"uri": {"prefix": "/A"}, "ignoreUriCase": true}]"#,
                    r#""match": [{"port": 8080, "uri": {"regex": "/a.*"}}, {"withoutHeaders": {"x-user": {"prefix": "1"}}}]"#,
                    r#""match": [{"headers": {"x-user": {"exact": "7"}, "cookie": {}}, "queryParams": {"q": {"regex": "[0-9]*"}}}]"#,
                    r#""match": [{"authority": {"exact": "reviews"}, "scheme": {"prefix": "http"}, "withoutHeaders": {"te": {}}}]"#,
                ],
            ),
            (6, &[r#""expiresAt": "2026-01-01T00:00:00Z""#]),
            (6, &[r#""marker": "x-other""#]),
            (
                3,
                &[
                    r#""body": {"maxBytes": 3}"#,
                    r#""body": {"maxBytes": 3, "whenLarger": "headersOnly"}"#,
                    r#""body": {"maxBytes": 50}, "limits": {"maxBufferedBytes": 180, "maxRequestsPerSecond": 1}"#,
                ],
            ),
            (
                6,
                &[r#""circuitBreaker": {"failurePercentage": 50, "minRequests": 2, "window": "1s", "openFor": "1s"}"#],
            ),
            (
                4,
                &[
                    r#""headers": {"set": {"x-user": "0", "x-new": "1"}, "add": {"te": "b"}, "remove": ["cookie"]}"#,
                    r#""authority": {"mode": "preserve"}"#,
                    r#""authority": {"mode": "literal", "value": "other:1"}, "path": {"prefixRewrite": {"from": "/a", "to": "/b"}}"#,
                ],
            ),
            (
                3,
                &[
                    r#""redact": {"preset": "credentials", "json": ["/u"]}"#,
                    r#""redact": {"queryParams": ["q"], "cookies": ["id"], "json": ["/u"], "mode": "hash", "hashKey": "000102030405060708090a0b0c0d0e0f"}"#,
                ],
            ),
        ] {
            if dice.roll().is_multiple_of(odds) {
                keys.push(choices[dice.roll() as usize % choices.len()].to_owned());
            }
        }
        mirrors.push(format!("{{{}}}", keys.join(", ")));
    }
    let enabled = !dice.roll().is_multiple_of(16);
    format!(r#"{{"enabled": {enabled}, "mirrors": [{}]}}"#, mirrors.join(", "))
}

/// A request, mostly with something that a mirror names.
pub(super) fn request(dice: &mut Dice) -> WholeRequest {
    let mut pick = |choices: &[&'static str]| choices[dice.roll() as usize % choices.len()];
    let mut pairs = vec![
        (":authority", pick(&["reviews", "reviews:80", "[::1]", ""])),
        (":path", pick(&["/a?q=1&q=2", "/A/b", "/", "/a?q", "/a#f?q=1"])),
        (":method", pick(&["GET", "POST", "POST", "CONNECT"])),
        (":scheme", pick(&["http", "https"])),
    ];
    for (name, values) in [
        ("x-user", &["7", "12", "", "\u{e9}"][..]),
        ("cookie", &["id=3; a=b", "a=b"]),
        ("x-request-id", &["5b2c", "77aa"]),
        ("te", &["trailers"]),
        ("x-user", &["13"]),
    ] {
        if pick(&["y", "n"]) == "y" {
            pairs.push((name, pick(values)));
        }
    }
    for (name, value) in [
        ("x-mirrored-by", "a"),
        ("x-other", ""),
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
        ("x-envoy-retry-on", "5xx"),
        ("host", "h"),
        ("content-length", "60"),
    ] {
        if pick(&["y", "n", "n", "n", "n", "n"]) == "y" {
            pairs.push((name, value));
        }
    }
    let body = pick(&[
        "",
        "abc",
        "abcd",
        r#"{"u": 1}"#,
        "0123456789012345678901234567890123456789",
    ]);
    WholeRequest {
        headers: headers(&pairs),
        body: body.as_bytes().to_vec(),
        port: [None, Some(8080), Some(9090)][dice.roll() as usize % 3],
        is_routed: !dice.roll().is_multiple_of(8),
        wall: [Some(Duration::ZERO), Some(Duration::from_secs(4_000_000_000)), None][dice.roll() as usize % 3],
    }
}
