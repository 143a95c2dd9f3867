//! Where the search begins: the configurations of this repository, and inputs that show a target each way through it.

use std::collections::BTreeMap;

use mirror_fuzz::replay::Inputs;
use mirror_fuzz::{input, struct_bytes};
use mirror_model::decisions::Decisions as _;
use mirror_policy::Plan;
use mirror_policy::sample::Dice;

use super::configurations::configurations;

/// The seeds of each target.
pub fn seeds() -> BTreeMap<&'static str, Inputs> {
    let mut seeds: BTreeMap<&'static str, Inputs> = BTreeMap::new();
    let mut add = |target, name: String, bytes: Vec<u8>| {
        let before = seeds.entry(target).or_default().insert(name, bytes);
        assert!(before.is_none(), "two seeds of {target} have one name");
    };
    let configurations = configurations();
    assert!(
        configurations.len() >= 30,
        "only {} configurations",
        configurations.len()
    );
    for (index, config) in configurations.iter().enumerate() {
        add(
            "configuration",
            format!("seed-{index:03}"),
            config.to_string().into_bytes(),
        );
        add("struct_bytes", format!("seed-{index:03}"), struct_bytes::encode(config));
        // One is accepted as a Struct exactly if it is as JSON; the targets check it.
        let _ = Plan::parse(config.to_string().as_bytes());
    }
    for (index, body) in BODIES.iter().enumerate() {
        for how in [[0, 0, 0], [1, 1, 0], [2, 0, 1], [3, 1, 0], [2, 1, 2]] {
            add(
                "json_body",
                format!("seed-{index:03}-{}{}{}", how[0], how[1], how[2]),
                [&how, body.as_bytes()].concat(),
            );
        }
    }
    for (index, request) in REQUESTS.iter().enumerate() {
        let name = format!("seed-{index:03}");
        let pairs = input::Input::new(request.as_bytes()).pairs();
        add("header_map", name.clone(), input::headers(&pairs).as_bytes().to_vec());
        add("selection", name.clone(), request.as_bytes().to_vec());
        for mode in 0..5 {
            add(
                "redaction",
                format!("{name}-{mode}"),
                [&[mode], SECRETS.as_bytes(), request.as_bytes()].concat(),
            );
        }
        for mirror in 0..4 {
            let chosen = [mirror, index as u8];
            add(
                "copying",
                format!("{name}-{mirror}"),
                [&chosen, request.as_bytes()].concat(),
            );
        }
    }
    for (target, inputs) in [("query", URLS), ("cookies", COOKIES)] {
        for (index, input) in inputs.iter().enumerate() {
            for model in 0..5 {
                let name = format!("seed-{index:03}-{model}");
                add(target, name, [&[model], input.as_bytes()].concat());
            }
        }
    }
    for (index, form) in FORMS.iter().enumerate() {
        for how in [[0, 0, 4, 0], [1, 1, 4, 0], [2, 0, 0, 60], [3, 2, 4, 0], [4, 0, 4, 0]] {
            let name = format!("seed-{index:03}-{}", how[0]);
            add("forms", name, [&how, form.as_bytes()].concat());
        }
    }
    for (index, answer) in ANSWERS.iter().enumerate() {
        for order in [0, 7, 10] {
            add(
                "answers",
                format!("seed-{index:03}-{order}"),
                [&[order], answer.as_bytes()].concat(),
            );
        }
    }
    for seed in 0..3 {
        let mut dice = Dice::new(seed);
        let decisions = (0..1_000).map(|_| dice.below(256) as u8);
        add("events", format!("seed-{seed:03}"), decisions.collect());
    }
    seeds
}

const SECRETS: &str =
    "x-secret: s3\nreferer: https://a/?e+mail=x&Token=1&b#c\ncookie: a=1; SID=2; b\n:path: /?%74oken=1&x\n";

const URLS: &[&str] = &[
    "/a?token=1&q=2&%74oken=3&e+mail=4&a%2Cb=5#token=6",
    "https://user:pass@shop:80/a;jsessionid=1;v=2/b;page=3?user%5Bpassword%5D=x&page=2&",
    "/?&&x+y=1&TOKEN2&accessToken=%zz",
    "*",
];

const COOKIES: &[&str] = &["a=1; sid=2;SID = 3; theme=\"x y\"; id", "sid=1", ";; theme=a; =b;", ""];

const FORMS: &[&str] = &[
    "password=x&q=1&client_secret=%41+b&e+mail=y",
    "token",
    "a=1&b=2",
    "{\"page\": \"token=1\"}",
];

const BODIES: &[&str] = &[
    r#"{"user": {"email": "a@b", "name": "n"}, "email": 1}"#,
    r#"[{"email": [1, {"x": null}]}, 2, "3"]"#,
    r#"{"items": [{"card": 1, "b": 2}, {"card": 1}], "a": {"b": {"c": 1, "d": 2}}, "": "\u0061"}"#,
    r#"{"a/b": {"~": -1.5e3, "x": "\ud83d\ude00"}, "0": true}"#,
    r#"{"a": 1, "a": 2, "user": {"email": "\ud800"}"#,
    "no JSON",
];

const REQUESTS: &[&str] = &[
    ":authority: reviews:9080\n:path: /a?b#c\n:method: GET\n:scheme: http",
    ":authority: [::1]:80\n:path: /A/x?q=1&q=2\n:method: GET\nx-a: v1\nx-a: v2\nx-b: 1",
    ":authority: shop\n:path: /?%==&=&q\n:method: POST\ncookie: a=1; sid=7;\ncookie: sid=8\ncontent-length: 17",
    ":authority: shop\n:path: *\n:method: OPTIONS\nx-request-id: 7b\nx-mirrored-by: v2\nte: trailers\nauthorization: Basic YTpi",
    ":authority: ::1\n:path: /a\n:method: CONNECT\nconnection: Upgrade\nupgrade: websocket\nx-envoy-retry-on: 5xx\nkeep-alive: 1",
    ":path: /\n:method: GET\nhost: a\nx-a: abc,12\nx-c: \ntransfer-encoding: chunked\ncontent-length: 0",
    "\n",
];

const ANSWERS: &[&str] = &[
    ":status: 200\nx-envoy-upstream-service-time: 12",
    ":status: 503\ncontent-type: text/plain\n\n\n\nupstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
    ":status: 504\n\n\n\nupstream request timeout",
    ":status: 200\ncontent-type: application/grpc\ngrpc-status: 14\ngrpc-message: upstream connect error. reset reason: connection termination",
    ":status: 200\ncontent-type: application/grpc+proto\nx-envoy-upstream-service-time: 0\n\ngrpc-status: 0",
    ":status: 999\nx-envoy-upstream-service-time: x\n\n\n\nprotocol error",
    "",
];
