//! Each mirror may change its copy, and only its copy: the primary receives the request as the client sent it.

use anyhow::{Context as _, Result, ensure};

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let ask = Ask::get("/api/v1/items?path=/api/v1").host("shop.example:8080");
    let ask = ask
        .header("x-secret", "42")
        .header("x-stage", "live")
        .header("x-tag", "original");
    lab.connect().await?.send(ask).await?.expect_ok()?;

    let primary = lab.primary.journal().wait_for(1, PATIENCE).await?.remove(0);
    ensure!(
        primary.path == "/api/v1/items?path=/api/v1" && primary.authority == "shop.example:8080",
        "the primary got {primary:?}"
    );
    ensure!(
        primary.text("x-secret").as_deref() == Some("42") && primary.text("x-stage").as_deref() == Some("live"),
        "{:?}",
        primary.headers
    );
    ensure!(primary.header("x-mirrored-by").is_none(), "the primary got a marker");

    let copies = lab.shadow.journal().wait_for(4, PATIENCE).await?;
    let of = |marker: &str, name: &str| {
        let copy = copies.iter().find(|copy| copy.header(marker) == Some(name.as_bytes()));
        copy.with_context(|| format!("no copy of mirror {name}"))
    };
    let copy = of("x-mirrored-by", "suffix")?;
    ensure!(copy.path == "/api/v2/items?path=/api/v1", "{}", copy.path);
    ensure!(copy.authority == "shop.example-shadow:8080", "{}", copy.authority);
    let values = |name: &str| {
        copy.headers
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
            .collect::<Vec<_>>()
    };
    ensure!(values("x-secret").is_empty(), "x-secret: {:?}", values("x-secret"));
    ensure!(values("x-stage") == [b"shadow"], "x-stage: {:?}", values("x-stage"));
    ensure!(
        values("x-tag") == [&b"original"[..], b"added"],
        "x-tag: {:?}",
        values("x-tag")
    );

    for (marker, name, authority) in [
        ("x-mirrored-by", "preserve", "shop.example:8080"),
        ("x-copy-of", "literal", "shadow.internal"),
        ("x-mirrored-by", "own-suffix", "shop.example-canary:8080"),
    ] {
        let copy = of(marker, name)?;
        ensure!(copy.authority == authority, "mirror {name}: {}", copy.authority);
        ensure!(copy.path == primary.path, "mirror {name}: {}", copy.path);
    }
    Ok(())
}
