//! Each mirror redacts its copy for itself: one removes, one puts tokens in place. The primary receives the request as
//! the client sent it; a body that was to be redacted and is not JSON reaches no shadow.

use anyhow::{Context as _, Result, ensure};

use crate::backend::Received;
use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

const PATH: &str = "/orders?email=alice%40example.com&page=2&access_token=t0psecret";
const BODY: &str = r#"{"user": {"email": "alice@example.com", "id": 7},
 "items": [{"card": 4111, "n": 1.50}, {"n": 2, "card": "x"}], "\u0075ser": {"\u0065mail": "bob"}}"#;

/// What `printf alice@example.com | openssl mac -macopt hexkey:000102030405060708090a0b0c0d0e0f SIPHASH` prints.
const ALICE: &str = "4742992ccf444cdc405a0de06373c0b7";

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let ask = Ask::post(PATH, BODY)
        .header("content-type", "application/json")
        .header("authorization", "Bearer t0psecret")
        .header("x-user", "alice@example.com")
        .header("cookie", "sid=t0psecret; theme=dark");
    connection.send(ask).await?.expect_ok()?;

    let primary = lab.primary.journal().wait_for(1, PATIENCE).await?.remove(0);
    ensure!(
        primary.path == PATH && primary.body == BODY.as_bytes(),
        "the primary got {primary:?}"
    );
    expect(&primary, "authorization", Some("Bearer t0psecret"))?;
    expect(&primary, "cookie", Some("sid=t0psecret; theme=dark"))?;

    let removed = lab.shadow.journal().wait_for(1, PATIENCE).await?.remove(0);
    ensure!(removed.path == "/orders?page=2", "{}", removed.path);
    let expected = "{\"user\": {\"id\": 7},\n \"items\": [{\"n\": 1.50}, {\"n\": 2}], \"\\u0075ser\": {}}";
    ensure!(removed.body == expected.as_bytes(), "{:?}", removed.body);
    expect(&removed, "content-length", Some(&expected.len().to_string()))?;
    for name in ["authorization", "cookie", "x-user"] {
        expect(&removed, name, None)?;
    }

    let hashed = lab.shadow_b.journal().wait_for(1, PATIENCE).await?.remove(0);
    ensure!(
        hashed.path == PATH.replace("alice%40example.com", ALICE),
        "{}",
        hashed.path
    );
    let body = String::from_utf8(hashed.body.clone())?;
    ensure!(
        body.starts_with(&BODY.replace("alice@example.com", ALICE)[..80]) && !body.contains("bob"),
        "{body}"
    );
    expect(&hashed, "x-user", Some(ALICE))?;
    expect(&hashed, "authorization", Some("Bearer of-the-shadow"))?;
    let cookie = hashed.text("cookie").context("the cookies are gone")?;
    ensure!(
        cookie.starts_with("sid=") && cookie.ends_with("; theme=dark") && !cookie.contains("t0psecret"),
        "{cookie}"
    );

    let form = Ask::post("/form", "email=alice@example.com").header("content-type", "application/json");
    connection.send(form).await?.expect_ok()?;
    connection.send(Ask::get("/empty")).await?.expect_ok()?;
    let statistics = lab.settled().await?;
    for name in ["removed", "hashed"] {
        statistics.mirror(name)?.expect(&[
            ("matched", 3),
            ("sent", 2),
            ("dropped.redact_failed", 1),
            ("responses.2xx", 2),
            ("primary.2xx", 2),
        ])?;
    }
    for secret in ["t0psecret", "alice", "000102030405060708090a0b0c0d0e0f"] {
        let lines = lab.envoy.log().lines_with(secret);
        ensure!(lines.is_empty(), "{secret} is in the log: {}", lines.join("\n"));
    }
    Ok(())
}

/// Says which header of which path has not the expected value.
fn expect(received: &Received, name: &str, expected: Option<&str>) -> Result<()> {
    let found = received.text(name);
    ensure!(found.as_deref() == expected, "{}: {name}: {found:?}", received.path);
    Ok(())
}
