//! The one parser: what it accepts, what it refuses and where it says so, and that what it accepts it prints back.

use crate::common::{self, headers, mirror, parse, with_mirror};
use mirror_policy::plan::AuthorityRewrite;
use mirror_policy::{Plan, protobuf_struct, sample::Dice};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

/// That one mirror with these keys is refused with this text.
#[track_caller]
fn refused(keys: &str, error: &str) {
    assert_eq!(parse(&with_mirror(keys)).expect_err(keys), error, "{keys}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_mirror_needs_a_name_and_a_cluster_and_has_the_documented_defaults() {
    let plan = mirror("");
    let printed = serde_json::to_value(plan.config()).unwrap();
    assert_eq!(
        printed,
        json!({
            "enabled": true,
            "mirrors": [{
                "name": "v2",
                "cluster": "shadow",
                "enabled": true,
                "percentage": 100,
                "sample": {"by": "request"},
                "authority": {"mode": "suffix"},
                "marker": "x-mirrored-by",
                "body": {"maxBytes": 1_048_576, "whenLarger": "drop", "maxWait": "30s"},
                "timeout": "5s",
                "limits": {"maxInFlight": 128, "maxBufferedBytes": 16_777_216},
            }],
        })
    );
    assert_eq!(plan.mirrors[0].authority, AuthorityRewrite::Suffix("-shadow".into()));
    assert!(!plan.is_idle() && !plan.needs_port());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_destination_means_the_cluster_that_istio_gives_it() {
    let cluster = |destination: &str| {
        let config = format!(r#"{{"mirrors": [{{"name": "v2", "destination": {destination}}}]}}"#);
        parse(&config).map(|plan| plan.mirrors[0].cluster.clone())
    };
    assert_eq!(
        cluster(r#"{"host": "reviews.demo.svc.cluster.local", "port": {"number": 9080}, "subset": "v2"}"#).unwrap(),
        "outbound|9080|v2|reviews.demo.svc.cluster.local"
    );
    assert_eq!(
        cluster(r#"{"host": "reviews-v2.demo.svc.cluster.local", "port": {"number": 80.0}}"#).unwrap(),
        "outbound|80||reviews-v2.demo.svc.cluster.local"
    );
    for (destination, error) in [
        (
            r#"{"host": "reviews", "port": {"number": 80}}"#,
            "mirrors[0].destination.host: `reviews` is not a fully qualified host such as reviews.demo.svc.cluster.local",
        ),
        (r#"{"host": "a.b"}"#, "mirrors[0].destination: `port` is missing"),
        (
            r#"{"host": "a.b", "port": 80}"#,
            "mirrors[0].destination.port: 80 is not an object",
        ),
        (
            r#"{"host": "a.b", "port": {"number": 70000}}"#,
            "mirrors[0].destination.port.number: 70000 is not between 1 and 65535",
        ),
        (
            r#"{"host": "a.b", "port": {"number": 80}, "subset": "v|2"}"#,
            "mirrors[0].destination.subset: `v|2` is not the name of a subset",
        ),
    ] {
        assert_eq!(cluster(destination).unwrap_err(), error);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_refused_is_refused_with_its_path() {
    for (config, error) in [
        (
            "",
            "there is no configuration; give `mirrors` with at least one entry that has a `name` and a `cluster`",
        ),
        (
            " \n",
            "there is no configuration; give `mirrors` with at least one entry that has a `name` and a `cluster`",
        ),
        ("{}", "the configuration: `mirrors` is missing"),
        ("[]", "the configuration: a list is not an object"),
        (r#"{"mirrors": []}"#, "mirrors: 0 entries are not between 1 and 16"),
        (r#"{"mirrors": {}}"#, "mirrors: an object is not a list"),
        (r#"{"mirrors": [7]}"#, "mirrors[0]: 7 is not an object"),
        (r#"{"mirrors": [{"cluster": "c"}]}"#, "mirrors[0]: `name` is missing"),
        (
            r#"{"mirrors": [{"name": "a"}]}"#,
            "mirrors[0]: `cluster` or `destination` is missing; give one of the two",
        ),
        (
            r#"{"mirrors": [{"name": "A_b", "cluster": "c"}]}"#,
            "mirrors[0].name: `A_b` is not a DNS label (a-z, 0-9 and -, at most 63)",
        ),
        (
            r#"{"mirrors": [{"name": "a", "cluster": "c"}, {"name": "a", "cluster": "d"}]}"#,
            "mirrors[1].name: `a` is the name of another mirror too; names are unique",
        ),
        (
            r#"{"mirrors": [{"name": "a", "cluster": "c"}], "mirror": 1}"#,
            "mirror: is not a key that is known here; known are `enabled`, `mirrors`",
        ),
        (
            r#"{"enabled": "no", "mirrors": []}"#,
            "enabled: \"no\" is not true or false",
        ),
        (
            r#"{"mirrors": [{"name": "a", "name": "b", "cluster": "c"}]}"#,
            "the configuration cannot be read: the key `name` stands twice at line 1 column 33",
        ),
        (
            "{\"mirrors\": [",
            "the configuration cannot be read: EOF while parsing a list at line 1 column 13",
        ),
        (
            "mirrors: []",
            "the configuration cannot be read: neither JSON nor a protobuf Struct (expected value at line 1 column 1)",
        ),
    ] {
        assert_eq!(parse(config).expect_err(config), error, "{config}");
    }
    let many: Vec<Value> = (0..17)
        .map(|index| json!({"name": format!("m{index}"), "cluster": "c"}))
        .collect();
    let error = parse(&json!({ "mirrors": many }).to_string()).unwrap_err();
    assert_eq!(error, "mirrors: 17 entries are not between 1 and 16");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_value_out_of_its_range_is_refused() {
    refused(
        r#""percentage": 140"#,
        "mirrors[0].percentage: 140 is not between 0 and 100",
    );
    refused(
        r#""percentage": -0.1"#,
        "mirrors[0].percentage: -0.1 is not between 0 and 100",
    );
    refused(
        r#""percentage": 0.00005"#,
        "mirrors[0].percentage: 0.00005 is finer than steps of 0.0001",
    );
    refused(
        r#""percentage": "10%""#,
        "mirrors[0].percentage: \"10%\" is not a number from 0 to 100",
    );
    refused(
        r#""percentage": null"#,
        "mirrors[0].percentage: null is not a number from 0 to 100",
    );
    refused(
        r#""cluster": null"#.replace("cluster", "marker").as_str(),
        "mirrors[0].marker: null is not a text",
    );
    refused(
        r#""timeout": "0s""#,
        "mirrors[0].timeout: \"0s\" is not between 1ms and 1h, in whole milliseconds",
    );
    refused(
        r#""timeout": "61m""#,
        "mirrors[0].timeout: \"61m\" is not between 1ms and 1h, in whole milliseconds",
    );
    refused(
        r#""timeout": "1500us""#,
        "mirrors[0].timeout: \"1500us\" is not between 1ms and 1h, in whole milliseconds",
    );
    refused(
        r#""timeout": 5"#,
        "mirrors[0].timeout: 5 is not a duration such as \"250ms\" or \"5s\"",
    );
    for text in ["999999999999999h", "9999999h99999999h", "5124095h34m33.709551616s"] {
        let error = format!("mirrors[0].timeout: \"{text}\" is not between 1ms and 1h, in whole milliseconds");
        refused(&format!(r#""timeout": "{text}""#), &error);
    }
    for text in [
        "0.0000000001s",
        "1.0000000005s",
        "0.33333333333333h",
        "1234567890123456s",
    ] {
        let error = format!("mirrors[0].timeout: \"{text}\" is not a duration such as \"250ms\" or \"5s\"");
        refused(&format!(r#""timeout": "{text}""#), &error);
    }
    for text in ["", "5", "s", "5 s", "-5s", "5.s", ".5s", "1e3s", "5S", "٣s"] {
        let error = format!("mirrors[0].timeout: \"{text}\" is not a duration such as \"250ms\" or \"5s\"");
        refused(&format!(r#""timeout": "{text}""#), &error);
    }
    refused(
        r#""limits": {"maxInFlight": 0}"#,
        "mirrors[0].limits.maxInFlight: 0 is not between 1 and 65536",
    );
    refused(
        r#""limits": {"maxInFlight": 1.5}"#,
        "mirrors[0].limits.maxInFlight: 1.5 is not a whole number",
    );
    refused(
        r#""limits": {"maxBufferedBytes": 268435457}"#,
        "mirrors[0].limits.maxBufferedBytes: 268435457 is not between 1 and 268435456",
    );
    refused(
        r#""body": {"maxBytes": 16777217}"#,
        "mirrors[0].body.maxBytes: 16777217 is more than `limits.maxBufferedBytes` (16777216); a body never takes more",
    );
    refused(
        r#""body": {"whenLarger": "cut"}"#,
        "mirrors[0].body.whenLarger: \"cut\" is not one of `drop`, `headersOnly`",
    );
    refused(
        r#""match": [{"port": 0}]"#,
        "mirrors[0].match[0].port: 0 is not between 1 and 65535",
    );
}

/// Envoy's YAML gives a number with a fraction to a Struct as a text.
#[wasm_bindgen_test(unsupported = test)]
fn a_number_may_come_as_a_text() {
    for (text, ppm) in [
        ("0.5", 5_000),
        ("10.0", 100_000),
        ("100", 1_000_000),
        ("0.0001", 1),
        ("33.3333", 333_333),
    ] {
        assert_eq!(
            mirror(&format!(r#""percentage": "{text}""#)).mirrors[0]
                .config
                .percentage
                .ppm(),
            ppm,
            "{text}"
        );
    }
    let plan = mirror(r#""limits": {"maxInFlight": "10.0"}"#);
    assert_eq!(plan.mirrors[0].config.limits.max_in_flight.get(), 10);
    refused(
        r#""percentage": "100.1""#,
        "mirrors[0].percentage: \"100.1\" is not between 0 and 100",
    );
    refused(
        r#""percentage": "0.00005""#,
        "mirrors[0].percentage: \"0.00005\" is finer than steps of 0.0001",
    );
    refused(
        r#""limits": {"maxInFlight": "1.5"}"#,
        "mirrors[0].limits.maxInFlight: \"1.5\" is not a whole number",
    );
    refused(
        r#""limits": {"maxInFlight": "0"}"#,
        "mirrors[0].limits.maxInFlight: \"0\" is not between 1 and 65536",
    );
    for text in [
        "",
        ".5",
        "5.",
        "-1",
        "+1",
        "1e2",
        "0x1",
        "1.2.3",
        " 1",
        "NaN",
        "1234567890123456",
    ] {
        let error = format!("mirrors[0].percentage: \"{text}\" is not a number from 0 to 100");
        refused(&format!(r#""percentage": "{text}""#), &error);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn keys_that_are_not_built_are_unknown() {
    for (keys, path) in [
        (r#""compare": {}"#, "mirrors[0].compare"),
        (r#""limits": {"maxRequests": 1}"#, "mirrors[0].limits.maxRequests"),
        (
            r#""circuitBreaker": {"maxFailures": 1}"#,
            "mirrors[0].circuitBreaker.maxFailures",
        ),
    ] {
        let error = parse(&with_mirror(keys)).expect_err(keys);
        assert!(
            error.starts_with(&format!("{path}: is not a key that is known here; known are `")),
            "{error}"
        );
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn keys_that_do_not_go_together_are_refused() {
    refused(
        r#""destination": {"host": "a.b", "port": {"number": 1}}"#,
        "mirrors[0].destination: `cluster` is given too; give one of the two",
    );
    refused(
        r#""sample": {"by": "header"}"#,
        "mirrors[0].sample: `name` is missing; this `by` needs it",
    );
    refused(
        r#""sample": {"by": "requestId", "name": "x"}"#,
        "mirrors[0].sample.name: does not go with this `by`",
    );
    refused(
        r#""sample": {"by": "request", "salt": "x"}"#,
        "mirrors[0].sample.salt: does not go with `by: request`, which goes by chance",
    );
    refused(
        r#""sample": {"by": "cookie", "name": "a b"}"#,
        "mirrors[0].sample.name: `a b` is not a cookie name",
    );
    refused(
        r#""authority": {"mode": "literal"}"#,
        "mirrors[0].authority: `value` is missing; mode `literal` needs it",
    );
    refused(
        r#""authority": {"mode": "preserve", "suffix": "x"}"#,
        "mirrors[0].authority.suffix: does not go with this `mode`",
    );
    refused(
        r#""authority": {"mode": "suffix", "suffix": ":80"}"#,
        "mirrors[0].authority.suffix: `:80` is not a host suffix (letters, digits, - and .)",
    );
    refused(
        r#""authority": {"mode": "literal", "value": "a b"}"#,
        "mirrors[0].authority.value: `a b` is not an authority such as host or host:port",
    );
    refused(
        r#""match": [{"uri": {"exact": "/", "prefix": "/"}}]"#,
        "mirrors[0].match[0].uri: has more than one of `exact`, `prefix` and `regex`; give one",
    );
    refused(
        r#""match": [{}, {"method": {}}]"#,
        "mirrors[0].match[1].method: is empty; give one of `exact`, `prefix` or `regex`",
    );
    refused(
        r#""match": [{"ignoreUriCase": true}]"#,
        "mirrors[0].match[0].ignoreUriCase: goes with `uri.exact` or `uri.prefix`; in a regex write (?i)",
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn headers_that_the_proxy_owns_cannot_be_changed_on_a_copy() {
    for name in [
        "host",
        "content-length",
        "connection",
        "transfer-encoding",
        "upgrade",
        "x-envoy-retry-on",
    ] {
        let error = format!("mirrors[0].headers.remove[0]: `{name}` is a header that the proxy itself sets or obeys");
        refused(&format!(r#""headers": {{"remove": ["{name}"]}}"#), &error);
        let error = format!("mirrors[0].marker: `{name}` is a header that the proxy itself sets or obeys");
        refused(&format!(r#""marker": "{name}""#), &error);
    }
    mirror(r#""headers": {"remove": ["x-envoy-peer-metadata", "x-envoy-decorator-operation"]}"#);
    refused(
        r#""headers": {"set": {":path": "/"}}"#,
        "mirrors[0].headers.set.:path: `:path` is a pseudo header; method, uri, authority and scheme have keys of their own",
    );
    refused(
        r#""headers": {"add": {"X-Mirrored-By": "me"}}"#,
        "mirrors[0].headers.add.X-Mirrored-By: `x-mirrored-by` is the marker; change it by `marker`",
    );
    refused(
        r#""headers": {"set": {"x-a": "b\r\nc: d"}}"#,
        "mirrors[0].headers.set.x-a: `b\\r\\nc: d` is not a header value: no control characters",
    );
    refused(
        r#""headers": {"set": {"X-A": "1", "x-a": "2"}}"#,
        "mirrors[0].headers.set.x-a: `x-a` stands twice; case makes no difference",
    );
    refused(
        r#""headers": {"set": {"x a": "1"}}"#,
        "mirrors[0].headers.set.x a: `x a` is not a header name",
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_pattern_that_means_something_else_here_is_refused_by_its_path() {
    for pattern in [r"\\p{Greek}", r"a(?=b)", r"(a)\\1", r"a{2000}{2000}", "(", r"\\Qa\\E"] {
        let error = parse(&with_mirror(&format!(
            r#""match": [{{"uri": {{"regex": "{pattern}"}}}}]"#
        )))
        .expect_err(pattern);
        assert!(error.starts_with("mirrors[0].match[0].uri.regex: `"), "{error}");
    }
    refused(
        r#""match": [{"uri": {"regex": "(?i)ä"}}]"#,
        "mirrors[0].match[0].uri.regex: ignores case for ASCII only, and this pattern has other letters; list them in a class",
    );
    refused(
        &format!(r#""match": [{{"uri": {{"regex": "{}"}}}}]"#, "a".repeat(1025)),
        "mirrors[0].match[0].uri.regex: 1025 bytes are more than 1024",
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn durations_are_read_as_go_writes_them() {
    for (text, millis) in [
        ("1ms", 1),
        ("250ms", 250),
        ("5s", 5000),
        ("1.5s", 1500),
        ("0.1250000h", 450_000),
        ("1m30s", 90_000),
        ("0.5h", 1_800_000),
        ("1h", 3_600_000),
    ] {
        let plan = mirror(&format!(r#""timeout": "{text}""#));
        assert_eq!(plan.mirrors[0].config.timeout.duration(), common::at(millis), "{text}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_struct_and_json_mean_the_same() {
    let config = json!({
        "enabled": true,
        "mirrors": [{
            "name": "v2", "cluster": "shadow", "percentage": 12.5,
            "match": [{"uri": {"prefix": "/api"}, "port": 8080}],
            "limits": {"maxInFlight": 10},
            "headers": {"set": {"x-env": "shadow"}, "remove": ["cookie"]},
        }],
    });
    let from_json = Plan::parse(config.to_string().as_bytes()).unwrap();
    let from_struct = Plan::parse(&encode_struct(&config)).unwrap();
    assert_eq!(from_struct.config(), from_json.config());
    assert_eq!(from_json.mirrors[0].config.percentage.ppm(), 125_000);
}

#[wasm_bindgen_test(unsupported = test)]
fn no_json_text_is_taken_for_a_struct() {
    // A Struct may begin with the bytes of "\n{", and so may JSON.
    let long = format!(
        "\n{{{}\"mirrors\":[{{\"name\":\"a\",\"cluster\":\"b\"}}]}}",
        " ".repeat(100)
    );
    assert!(Plan::parse(long.as_bytes()).is_ok());
    let mut value = json!({"mirrors": [{"name": "a", "cluster": "b", "marker": "x"}]});
    for length in 1..200 {
        value["mirrors"][0]["marker"] = "x".repeat(length).into();
        let encoded = encode_struct(&value);
        assert_eq!(protobuf_struct::decode(&encoded), Some(value.clone()));
        assert_eq!(Plan::parse(&encoded).unwrap().mirrors[0].config.marker.len(), length);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_broken_struct_is_refused() {
    let encoded = encode_struct(&json!({"mirrors": [{"name": "a", "cluster": "b"}]}));
    for length in 1..encoded.len() {
        assert!(Plan::parse(&encoded[..length]).is_err(), "cut at {length}");
    }
    assert!(
        Plan::parse(&[encoded.clone(), encoded.clone()].concat()).is_err(),
        "every key twice"
    );
    assert!(protobuf_struct::decode(&encode_struct(&deep(30))).is_some());
    assert!(
        protobuf_struct::decode(&encode_struct(&deep(200))).is_none(),
        "nested too deep"
    );
    assert!(parse(&deep(1000).to_string()).is_err(), "nested too deep");
}

fn deep(levels: usize) -> Value {
    (0..levels).fold(json!({}), |inner, _| json!({ "a": inner }))
}

#[wasm_bindgen_test(unsupported = test)]
fn parsing_never_panics_and_what_it_accepts_it_prints_back() {
    let mut dice = Dice::new(7);
    let mut accepted = 0;
    for round in 0..4000u64 {
        let value = random_config(&mut dice);
        let mut bytes = if round % 2 == 0 {
            value.to_string().into_bytes()
        } else {
            encode_struct(&value)
        };
        if round % 4 > 1 && !bytes.is_empty() {
            let at = dice.roll() as usize % bytes.len();
            bytes[at] = dice.roll() as u8;
        }
        if let Ok(plan) = Plan::parse(&bytes) {
            accepted += 1;
            let printed = serde_json::to_vec(&plan.config()).unwrap();
            let again = Plan::parse(&printed).unwrap_or_else(|error| panic!("round {round}: {error}: {plan:?}"));
            assert_eq!(again.config(), plan.config(), "round {round}");
            assert_eq!(serde_json::to_vec(&again.config()).unwrap(), printed, "round {round}");
        }
        let _ = Plan::parse(&(0..dice.roll() % 64).map(|_| dice.roll() as u8).collect::<Vec<u8>>());
    }
    assert!(
        accepted > 500,
        "only {accepted} of 4000 were accepted, so little was tested"
    );
}

/// A configuration that is often valid.
fn random_config(dice: &mut Dice) -> Value {
    let mut pick = |choices: &[Value]| choices[dice.roll() as usize % choices.len()].clone();
    let mut mirrors = Vec::new();
    for index in 0..3 {
        let mut mirror =
            json!({"name": format!("m{index}"), "cluster": pick(&[json!("c"), json!("outbound|80||a.b")])});
        for (key, choices) in [
            (
                "percentage",
                vec![
                    json!(0),
                    json!(33.3333),
                    json!(0.0001),
                    json!(100.0),
                    json!(50),
                    json!(0.5),
                ],
            ),
            ("enabled", vec![json!(true), json!(false)]),
            (
                "sample",
                vec![
                    json!({"by": "request"}),
                    json!({"by": "cookie", "name": "u", "salt": "s"}),
                    json!({"by": "requestId"}),
                ],
            ),
            (
                "match",
                vec![
                    json!([]),
                    json!([{"uri": {"exact": "/A"}, "ignoreUriCase": true, "method": {"regex": "GET|PUT"}}]),
                    json!([{"headers": {"X-A": {}, "b": {"prefix": "c"}}, "withoutHeaders": {"d": {"exact": ""}}}, {"port": 80}]),
                    json!([{"queryParams": {"q": {"regex": "[0-9]+"}}, "authority": {"exact": "a:1"}, "scheme": {"exact": "http"}}]),
                ],
            ),
            (
                "authority",
                vec![
                    json!({"mode": "preserve"}),
                    json!({"mode": "suffix", "suffix": "-s"}),
                    json!({"mode": "literal", "value": "[::1]:80"}),
                ],
            ),
            ("path", vec![json!({"prefixRewrite": {"from": "/", "to": "/v2/"}})]),
            (
                "headers",
                vec![
                    json!({"set": {"X-B": "1"}, "add": {"x-c": "2"}, "remove": ["X-D", "cookie"]}),
                    json!({}),
                ],
            ),
            ("marker", vec![json!("X-Copy"), json!("x-mirrored-by")]),
            (
                "body",
                vec![
                    json!({"maxBytes": 0, "whenLarger": "headersOnly", "maxWait": "1.5s"}),
                    json!({"maxBytes": 65536}),
                ],
            ),
            ("timeout", vec![json!("1ms"), json!("90s"), json!("1h"), json!("1m1s")]),
            (
                "limits",
                vec![
                    json!({"maxInFlight": 1}),
                    json!({"maxBufferedBytes": 268_435_456}),
                    json!({"maxRequestsPerSecond": 0.5}),
                    json!({"maxRequestsPerSecond": "1000000"}),
                ],
            ),
            (
                "circuitBreaker",
                vec![
                    json!({"failurePercentage": 0.5, "minRequests": 1, "window": "1ms", "openFor": "1h"}),
                    json!({"failurePercentage": 100, "minRequests": 1_000_000, "window": "1h", "openFor": "10s"}),
                ],
            ),
            (
                "expiresAt",
                vec![json!("2026-12-01T18:00:00Z"), json!("2026-12-01t18:00:00.25+05:30")],
            ),
        ] {
            if pick(&[json!(true), json!(false)]) == json!(true) {
                mirror[key] = pick(&choices);
            }
        }
        mirrors.push(mirror);
    }
    json!({ "mirrors": mirrors })
}

/// `google.protobuf.Struct` in wire format, as Envoy hands it over.
fn encode_struct(value: &Value) -> Vec<u8> {
    fn field(number: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2];
        let mut length = payload.len();
        while length > 127 {
            bytes.push((length & 127) as u8 | 128);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend_from_slice(payload);
        bytes
    }
    fn encode_value(value: &Value) -> Vec<u8> {
        match value {
            Value::Null => vec![1 << 3, 0],
            Value::Number(number) => [&[2 << 3 | 1][..], &number.as_f64().unwrap().to_le_bytes()].concat(),
            Value::String(text) => field(3, text.as_bytes()),
            Value::Bool(value) => vec![4 << 3, u8::from(*value)],
            Value::Object(_) => field(5, &encode_struct(value)),
            Value::Array(values) => field(
                6,
                &values
                    .iter()
                    .flat_map(|value| field(1, &encode_value(value)))
                    .collect::<Vec<u8>>(),
            ),
        }
    }
    let fields = value.as_object().unwrap().iter();
    fields
        .flat_map(|(key, value)| field(1, &[field(1, key.as_bytes()), field(2, &encode_value(value))].concat()))
        .collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_header_map_that_is_not_well_formed_is_a_map_without_headers() {
    use mirror_policy::headers::Headers;
    let good = headers(&[("a", "1"), ("b", ""), ("a", "2")]);
    assert_eq!(good.iter().count(), 3);
    assert_eq!(good.joined(b"a").unwrap().as_ref(), b"1,2");
    let bytes = good.as_bytes().to_vec();
    for length in 0..bytes.len() {
        assert!(Headers::decode(bytes[..length].to_vec()).is_empty());
    }
    let mut dice = Dice::new(3);
    for _ in 0..20_000 {
        let mut broken = bytes.clone();
        let at = dice.roll() as usize % broken.len();
        broken[at] = dice.roll() as u8;
        let map = Headers::decode(broken);
        assert!(map.iter().count() <= map.len());
    }
}
