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

    let form = Ask::post("/orders", "email=alice@example.com").header("content-type", "application/json");
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
    logs_in(lab).await?;
    for secret in ["t0psecret", "alice", "000102030405060708090a0b0c0d0e0f"] {
        let lines = lab.envoy.log().lines_with(secret);
        ensure!(lines.is_empty(), "{secret} is in the log: {}", lines.join("\n"));
    }
    Ok(())
}

/// A form with a password, and every other place from which a credential has left before.
async fn logs_in(lab: &Lab) -> Result<()> {
    const PATH: &str = "/login;jsessionid=t0psecret?accessToken=t0psecret&page=2&user%5Bpassword%5D=t0psecret";
    const FORM: &str = "user%5Bpassword%5D=t0psecret&page=1&client_secret=t0psecret";
    let secrets = [
        "apikey",
        "x-amzn-oidc-accesstoken",
        "x-ms-token-aad-id-token",
        "x-forwarded-authorization",
        "client-cert",
        "dpop",
        "x-serverless-authorization",
    ];
    let urls = [
        "x-original-url",
        "x-forwarded-uri",
        "x-original-uri",
        "x-rewrite-url",
        "x-auth-request-redirect",
    ];
    let mut ask = Ask::post(PATH, FORM)
        .header("x-request-uri", "https://user:t0psecret@shop/a?page=1#t0psecret")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("content-digest", "sha-256=:x:")
        .header("x-goog-hash", "md5=x")
        .header("cookie", "sid=t0psecret; theme=dark")
        .header("accept", "text/html")
        // Envoy itself removes a referer with a user or a fragment.
        .header("referer", "https://shop/a?token=t0psecret&page=1");
    for name in secrets {
        ask = ask.header(name, "t0psecret");
    }
    for name in urls {
        ask = ask.header(name, PATH);
    }
    let mut connection = lab.connect().await?;
    connection.send(ask).await?.expect_ok()?;
    let parts = Ask::post(
        "/login",
        "--x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nt0psecret\r\n--x--",
    )
    .header("content-type", "multipart/form-data; boundary=x");
    connection.send(parts).await?.expect_ok()?;
    let statistics = lab.settled().await?;
    for name in ["preset", "kept"] {
        statistics.mirror(name)?.expect(&[
            ("matched", 2),
            ("sent", 1),
            ("dropped.redact_failed", 1),
            ("responses.2xx", 1),
            ("primary.2xx", 1),
        ])?;
    }

    let at_login = |all: Vec<Received>| all.into_iter().find(|received| received.path.starts_with("/login"));
    let preset = at_login(lab.shadow.journal().wait_for(3, PATIENCE).await?).context("no copy by the preset")?;
    ensure!(preset.path == "/login?page=2", "{}", preset.path);
    for name in urls {
        expect(&preset, name, Some("/login?page=2"))?;
    }
    for name in ["referer", "x-request-uri"] {
        expect(&preset, name, Some("https://shop/a?page=1"))?;
    }
    let kept = at_login(lab.shadow_b.journal().wait_for(3, PATIENCE).await?).context("no copy of what is kept")?;
    ensure!(kept.path == "/login?page=2", "{}", kept.path);
    expect(&kept, "accept", Some("text/html"))?;
    expect(&kept, "cookie", Some("theme=dark"))?;
    expect(&kept, "referer", None)?;
    for received in [&preset, &kept] {
        ensure!(received.body == b"page=1", "{:?}", received.body);
        expect(received, "content-length", Some("6"))?;
        for name in secrets.into_iter().chain(["content-digest", "x-goog-hash"]) {
            expect(received, name, None)?;
        }
        ensure!(!format!("{received:?}").contains("t0psecret"), "{received:?}");
    }
    Ok(())
}

/// Says which header of which path has not the expected value.
fn expect(received: &Received, name: &str, expected: Option<&str>) -> Result<()> {
    let found = received.text(name);
    ensure!(found.as_deref() == expected, "{}: {name}: {found:?}", received.path);
    Ok(())
}
