//! The bytes of a configuration, which are JSON or a protobuf Struct; any accepted configuration is printed back.

use mirror_model::plans::parse;
use mirror_policy::Plan;
use mirror_policy::document::protobuf_struct;
use mirror_policy::sample::Dice;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

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
        for (key, choices) in request_keys().into_iter().chain(limit_keys()) {
            if pick(&[json!(true), json!(false)]) == json!(true) {
                mirror[key] = pick(&choices);
            }
        }
        mirrors.push(mirror);
    }
    json!({ "mirrors": mirrors })
}

/// The keys that choose and change requests, each with values that are valid.
fn request_keys() -> Vec<(&'static str, Vec<Value>)> {
    vec![
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
    ]
}

/// The keys that limit a mirror, each with values that are valid.
fn limit_keys() -> Vec<(&'static str, Vec<Value>)> {
    vec![
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
    ]
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
