//! Which share of the requests is copied. The share is right by chance, the same everywhere by key, and nested in both.

use mirror_model::plans::mirror;
use mirror_model::requests::get;
use mirror_policy::configuration::values::Percentage;
use mirror_policy::headers::Headers;
use mirror_policy::reasons::Skipped;
use mirror_policy::sample::{Dice, bucket, key_bucket};
use wasm_bindgen_test::wasm_bindgen_test;

use mirror_model::plans;

fn decide(keys: &str, headers: &Headers) -> Result<(), Skipped> {
    let plan = mirror(keys);
    let mirror = &plan.mirrors[0];
    mirror
        .sampling
        .decide(mirror.config.percentage, headers, &mut Dice::new(5))
}

/// The vectors of docs/configuration.md: salt, key, bucket.
const VECTORS: &[(&str, &str, u32)] = &[
    ("", "", 910959),
    ("", "alice", 200645),
    ("", "bob", 846565),
    ("blue", "alice", 387941),
    ("", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", 599228),
];

#[wasm_bindgen_test(unsupported = test)]
fn the_bucket_of_a_key_is_the_documented_one() {
    for (salt, key, expected) in VECTORS {
        assert_eq!(
            key_bucket(salt.as_bytes(), key.as_bytes()),
            *expected,
            "{salt:?} {key:?}"
        );
    }
    assert_ne!(
        key_bucket(b"a", b"b"),
        key_bucket(b"ab", b""),
        "salt and key do not run into each other"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_sample_by_host_takes_the_authority_for_its_key() {
    let headers = Headers::encode([(&b":authority"[..], &b"alice"[..])]);
    let keys =
        |percentage: &str| format!(r#""sample": {{"by": "header", "name": "Host"}}, "percentage": {percentage}"#);
    assert_eq!(decide(&keys("20.0646"), &headers), Ok(()));
    assert_eq!(decide(&keys("20.0645"), &headers), Err(Skipped::NotSampled));
}

#[wasm_bindgen_test(unsupported = test)]
fn buckets_cover_all_numbers_evenly() {
    assert_eq!(bucket(0), 0);
    assert_eq!(bucket(u64::MAX), 999_999);
    assert_eq!(bucket(u64::MAX / 2 + 1), 500_000);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_share_by_chance_is_right() {
    const ROLLS: u32 = 1_000_000;
    for percentage in ["0", "0.5", "12.5", "50", "99.9", "100"] {
        let plan = mirror(&format!(r#""percentage": {percentage}"#));
        let mirror = &plan.mirrors[0];
        let mut dice = Dice::new(11);
        let chosen = (0..ROLLS)
            .filter(|_| {
                mirror
                    .sampling
                    .decide(mirror.config.percentage, &Headers::default(), &mut dice)
                    .is_ok()
            })
            .count();
        let p = f64::from(mirror.config.percentage.ppm()) / 1e6;
        let expected = p * f64::from(ROLLS);
        // Six standard deviations; exact at both ends.
        let tolerance = 6.0 * (expected * (1.0 - p)).sqrt();
        assert!(
            (chosen as f64 - expected).abs() <= tolerance,
            "{percentage} %: {chosen} of {ROLLS}"
        );
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_share_by_key_is_right_and_nested() {
    const KEYS: u32 = 200_000;
    let mut before: Vec<bool> = vec![false; KEYS as usize];
    for ppm in [0, 100, 50_000, 100_000, 500_000, 999_999, 1_000_000] {
        let now: Vec<bool> = (0..KEYS)
            .map(|key| key_bucket(b"s", key.to_string().as_bytes()) < ppm)
            .collect();
        assert!(
            before.iter().zip(&now).all(|(before, now)| !before || *now),
            "{ppm} ppm lost a key"
        );
        let chosen = now.iter().filter(|chosen| **chosen).count() as f64;
        let expected = f64::from(KEYS) * f64::from(ppm) / 1e6;
        let tolerance = 6.0 * (expected * (1.0 - f64::from(ppm) / 1e6)).sqrt() + 1.0;
        assert!((chosen - expected).abs() <= tolerance, "{ppm} ppm: {chosen} of {KEYS}");
        before = now;
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_same_key_and_salt_decide_alike_in_every_mirror() {
    let plan = plans::plan(
        r#"{"mirrors": [
            {"name": "a", "cluster": "a", "percentage": 30, "sample": {"by": "header", "name": "X-User"}},
            {"name": "b", "cluster": "b", "percentage": 30, "sample": {"by": "cookie", "name": "user"}},
            {"name": "c", "cluster": "c", "percentage": 30, "sample": {"by": "queryParam", "name": "user", "salt": "c"}}]}"#,
    );
    let mut differs = 0;
    for user in 0..2_000 {
        let user = format!("user-{user}");
        let head = get(
            &format!("/?user={user}"),
            &[("x-user", &user), ("cookie", &format!("a=b; user={user}"))],
        );
        let decisions: Vec<bool> = plan
            .mirrors
            .iter()
            .map(|mirror| {
                mirror
                    .sampling
                    .decide(mirror.config.percentage, &head, &mut Dice::new(0))
                    .is_ok()
            })
            .collect();
        assert_eq!(decisions[0], decisions[1], "{user}");
        assert_eq!(decisions[0], key_bucket(b"", user.as_bytes()) < 300_000);
        differs += u32::from(decisions[0] != decisions[2]);
    }
    assert!(
        (600..1_100).contains(&differs),
        "another salt is another share: {differs} of 2000 differ, 840 expected"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_request_without_the_key_is_left_out_and_an_empty_value_is_a_key() {
    let header = r#""sample": {"by": "header", "name": "x-user"}"#;
    assert_eq!(decide(header, &get("/", &[])), Err(Skipped::NoSampleKey));
    assert_eq!(decide(header, &get("/", &[("x-user", "")])), Ok(()));
    let cookie = r#""sample": {"by": "cookie", "name": "user"}"#;
    assert_eq!(
        decide(cookie, &get("/", &[("cookie", "users=1; xuser=2")])),
        Err(Skipped::NoSampleKey)
    );
    assert_eq!(
        decide(cookie, &get("/", &[("cookie", "a=b"), ("cookie", "c=d;user=")])),
        Ok(())
    );
    let query = r#""sample": {"by": "queryParam", "name": "user"}"#;
    assert_eq!(decide(query, &get("/user", &[])), Err(Skipped::NoSampleKey));
    assert_eq!(decide(query, &get("/?user", &[])), Ok(()));
    let id = r#""sample": {"by": "requestId"}"#;
    assert_eq!(decide(id, &get("/", &[])), Err(Skipped::NoSampleKey));
    assert_eq!(decide(id, &get("/", &[("x-request-id", "1")])), Ok(()));
    let none = r#""percentage": 0, "sample": {"by": "requestId"}"#;
    assert_eq!(
        decide(none, &get("/", &[("x-request-id", "1")])),
        Err(Skipped::NotSampled)
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn keys_are_found_as_documented() {
    use mirror_policy::sample::Key;
    let find = |key: Key, head: &Headers| {
        key.find(head)
            .map(|value| String::from_utf8(value.into_owned()).unwrap())
    };
    let head = get(
        "/?a=1&b=%20&a=2#a=3",
        &[
            ("x", "1"),
            ("x", "2"),
            ("cookie", " a=1; b = 2 ;c=\"3\""),
            ("cookie", "a=4"),
        ],
    );
    assert_eq!(find(Key::Header("x".into()), &head).unwrap(), "1,2");
    assert_eq!(find(Key::Cookie("a".into()), &head).unwrap(), "1");
    assert_eq!(find(Key::Cookie("c".into()), &head).unwrap(), "\"3\"");
    assert_eq!(find(Key::Cookie("b".into()), &head), None);
    assert_eq!(find(Key::QueryParam("a".into()), &head).unwrap(), "1");
    assert_eq!(find(Key::QueryParam("b".into()), &head).unwrap(), "%20");
}

#[wasm_bindgen_test(unsupported = test)]
fn mirrors_roll_their_own_dice() {
    let mut dice = Dice::new(2);
    let rolls: Vec<u64> = (0..4).map(|_| dice.roll()).collect();
    assert_eq!(rolls.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    let mut again = Dice::new(2);
    assert_eq!(again.roll(), rolls[0]);
    assert_eq!(Percentage::from_ppm(1_000_001), None);
}
