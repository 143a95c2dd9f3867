//! What a user writes: what the policy accepts, what the policy refuses and where it says so.

use mirror_model::plans::{mirror, parse, with_mirror};
use mirror_policy::plan::AuthorityRewrite;
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

// The values of single keys.
pub mod values;

pub mod patterns;

pub mod limits;

pub mod memory;

// The bytes in which a configuration comes.
pub mod bytes;

/// Asserts that one mirror with these keys is refused with this text.
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
                "limits": {
                    "maxInFlight": 128, "maxCollecting": 128,
                    "maxBufferedBytes": 16_777_216, "maxExaminedBytes": 4_194_304,
                    "maxExaminedBytesPerSecond": 67_108_864,
                },
            }],
        })
    );
    assert_eq!(plan.mirrors[0].authority, AuthorityRewrite::Suffix("-shadow".into()));
    assert!(!plan.mirrors[0].needs_port());
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
fn a_refusal_names_the_path_and_the_problem() {
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
fn a_key_that_is_not_documented_is_refused() {
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
