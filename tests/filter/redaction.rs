//! What the shadow must not see. The built filter removes it from the copy, and no log line has it.

use serde_json::{Value, json};

use crate::books::{mirror, mirrors, one};
use crate::host::FakeHost;
use crate::host::abi;
use crate::host::messages::{Reply, Request};
use crate::host::world::Plugin;

const HASH_KEY: &str = "000102030405060708090a0b0c0d0e0f";

/// What `printf alice@example.com | openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f SIPHASH` prints.
const ALICE: &str = "4742992ccf444cdc405a0de06373c0b7";

fn all_of_it(more: &Value) -> Value {
    let mut redact = json!({
        "preset": "credentials",
        "headers": ["X-User"],
        "cookies": ["sid"],
        "queryParams": ["email"],
        "json": ["/user/email", "/items/*/owner"],
    });
    for (key, value) in more.as_object().expect("keys are an object") {
        redact[key] = value.clone();
    }
    redact
}

fn request() -> Request {
    let body = br#"{"user": {"email": "alice@example.com", "id": 7}, "items": [{"owner": "alice@example.com"}]}"#;
    Request::post("/a?email=alice%40example.com&x=1&token=t0psecret", body, 10)
        .header("authorization", "Bearer t0psecret")
        .header("cookie", "sid=t0psecret; theme=dark")
        .header("x-user", "alice@example.com")
}

#[test]
fn the_copy_is_redacted_and_the_books_are_right() {
    let mut host = FakeHost::new();
    host.world_mut().log_level = 0;
    let root = host.start(&one(&json!({ "redact": all_of_it(&json!({})) })));
    host.serve(root, &request());
    let copy = host.only_sent();
    let names = [
        ":authority",
        ":path",
        ":method",
        ":scheme",
        "content-length",
        "x-mirrored-by",
    ];
    assert_eq!(copy.names(), names, "the preset takes every cookie");
    assert_eq!(copy.header(":path"), Some(&b"/a?x=1"[..]));
    assert_eq!(copy.body, br#"{"user": {"id": 7}, "items": [{}]}"#);
    assert_eq!(
        copy.header("content-length"),
        Some(copy.body.len().to_string().as_bytes())
    );
    let held = (abi::encode(&copy.headers).len() + copy.body.len()) as i64;
    assert_eq!(host.books().buffered_bytes(), held, "charged for what Envoy holds");
    host.reply_to_all(&Reply::upstream(200));
    host.books().assert_settled();
    assert!(!host.log_text().contains("alice") && !host.log_text().contains("t0psecret"));
}

#[test]
fn tokens_replace_the_values_and_no_log_line_has_the_hash_key() {
    let mut host = FakeHost::new();
    host.world_mut().log_level = 0;
    let hash = json!({ "preset": null, "mode": "hash", "hashKey": HASH_KEY });
    let mut redact = all_of_it(&hash);
    redact.as_object_mut().expect("an object").remove("preset");
    let root = host.start(&one(&json!({ "redact": redact })));
    host.serve(root, &request());
    let copy = host.only_sent();
    let body = format!(r#"{{"user": {{"email": "{ALICE}", "id": 7}}, "items": [{{"owner": "{ALICE}"}}]}}"#);
    assert_eq!(copy.body, body.as_bytes());
    assert_eq!(
        copy.header(":path"),
        Some(format!("/a?email={ALICE}&x=1&token=t0psecret").as_bytes())
    );
    assert_eq!(copy.header("x-user"), Some(ALICE.as_bytes()));
    let cookie = String::from_utf8(copy.header("cookie").expect("a cookie").to_vec()).expect("text");
    assert!(cookie.starts_with("sid=") && cookie.ends_with("; theme=dark") && !cookie.contains("t0psecret"));
    assert_eq!(copy.header("authorization"), Some(&b"Bearer t0psecret"[..]));
    assert!(!host.log_text().contains(HASH_KEY));
}

#[test]
fn a_key_that_is_refused_is_not_logged() {
    for key in [
        json!("0123456789-secret"),
        json!(12_345_678),
        json!(["0123456789-secret"]),
    ] {
        let mut host = FakeHost::new();
        host.world_mut().log_level = 0;
        let redact = json!({ "redact": { "headers": ["a"], "mode": "hash", "hashKey": key } });
        let (_, accepted) = host.try_start(Plugin::new("mirror", one(&redact)));
        assert!(!accepted);
        let log = host.log_text();
        assert!(log.contains("mirrors[0].redact.hashKey: "), "{log}");
        assert!(!log.contains("secret") && !log.contains("12345678"), "{log}");
    }
}

#[test]
fn a_form_and_a_path_lose_their_credentials_and_what_is_kept_alone_stays() {
    let mut host = FakeHost::new();
    host.world_mut().log_level = 0;
    let keep = json!({ "headers": ["accept"], "cookies": ["theme"], "queryParams": ["page"] });
    let root = host.start(&mirrors(&[
        mirror("shadow", &json!({ "redact": { "preset": "credentials" } })),
        mirror("open", &json!({ "redact": { "keep": keep } })),
    ]));
    let body = b"user%5Bpassword%5D=t0psecret&page=1&client_secret=t0psecret";
    let request = Request::post("/a;jsessionid=t0psecret?accessToken=t0psecret&page=2", body, 20)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("content-digest", "t0psecret")
        .header("apikey", "t0psecret")
        .header("accept", "x")
        .header("cookie", "sid=t0psecret; theme=dark")
        .header("x-original-url", "https://u:t0psecret@shop/?token=t0psecret");
    host.serve(root, &request);
    let copies = host.sent();
    assert_eq!(copies.len(), 2);
    for copy in copies {
        assert_eq!(copy.header(":path"), Some(&b"/a?page=2"[..]));
        assert_eq!(
            (copy.body.as_slice(), copy.header("content-length")),
            (&b"page=1"[..], Some(&b"6"[..]))
        );
        assert!(!format!("{copy:?}").contains("t0psecret") && copy.header("content-digest").is_none());
        let is_kept = copy.header("x-mirrored-by") == Some(b"open");
        let cookie: Option<&[u8]> = is_kept.then_some(b"theme=dark");
        let url: Option<&[u8]> = (!is_kept).then_some(b"https://shop/");
        assert_eq!((copy.header("cookie"), copy.header("x-original-url")), (cookie, url));
        assert_eq!(copy.header("accept"), Some(&b"x"[..]));
    }
    host.serve(
        root,
        &Request::post("/", b"x", 1).header("content-type", "multipart/form-data"),
    );
    assert_eq!(host.books().dropped("redact_failed"), 1);
    assert!(!host.log_text().contains("t0psecret"));
}

#[test]
fn a_body_that_cannot_be_read_is_dropped_for_the_mirror_that_wants_it_redacted() {
    let mut host = FakeHost::new();
    let root = host.start(&mirrors(&[
        mirror("shadow", &json!({ "redact": { "json": ["/user"] } })),
        mirror("open", &json!({})),
    ]));
    host.serve(root, &Request::post("/", b"user=alice", 4));
    assert_eq!(host.only_sent().values("x-mirrored-by"), [b"open"]);
    assert_eq!(host.books().dropped("redact_failed"), 1);
    host.reply_to_all(&Reply::upstream(200));
    host.books().assert_settled();
    host.books_of("open").assert_settled();
}
