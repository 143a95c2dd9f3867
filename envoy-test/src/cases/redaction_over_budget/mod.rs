//! Redaction makes a body longer: `null` or a token stands in the place of a shorter value. The budget had room for the
//! body as it came, and has no room for the redacted body. The copy is dropped, its bytes are given back, and the
//! primary gets the body as it came.

use anyhow::{Result, ensure};
use hyper::Method;
use hyper::body::Bytes;

use crate::backend::{Echo, hash};
use crate::client::{Ask, Connection};
use crate::lab::{Lab, PATIENCE, Setup};

/// Bytes that are kept in flight: more than half of the 93,750 that uploads may have.
const HELD: usize = 60_000;

/// One mirror, and a body that fits beside [`HELD`] until it is redacted.
struct Growth {
    mirror: &'static str,
    cards: usize,
    /// The bytes that stand for a card of one byte.
    redacted_card: usize,
}

const GROWTHS: [Growth; 2] = [
    Growth {
        mirror: "removed",
        cards: 10_000,
        redacted_card: "null".len(),
    },
    Growth {
        mirror: "hashed",
        cards: 1_500,
        redacted_card: r#""00112233445566778899aabbccddeeff""#.len(),
    },
];

pub(super) fn setup() -> Setup {
    Setup::new(include_str!("filter.yaml"))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    for (growth, shadow) in GROWTHS.iter().zip([&lab.shadow, &lab.shadow_b]) {
        assert_dropped(lab, &mut connection, growth, shadow).await?;
    }
    Ok(())
}

async fn assert_dropped(lab: &Lab, connection: &mut Connection, growth: &Growth, shadow: &Echo) -> Result<()> {
    let Growth { mirror, cards, .. } = *growth;
    let path = format!("/{mirror}");
    shadow.hold();
    connection.send(Ask::post(&path, note(HELD))).await?.expect_ok()?;
    shadow.journal().wait_for(1, PATIENCE).await?;
    let before = lab.statistics().await?.mirror(mirror)?.gauge("buffered_bytes");
    ensure!(before > HELD as u64, "{mirror}: {before} bytes are charged");

    let body = Bytes::from(format!(r#"{{"cards":[{}]}}"#, vec!["1"; cards].join(",")));
    send_growing(lab, connection, Ask::post(&path, body.clone()), &body).await?;
    let (ask, mut upload) = Ask::new(Method::POST, &path).upload(1);
    upload.send_data(body.clone()).await?;
    drop(upload);
    send_growing(lab, connection, ask, &body).await?;
    let held = lab.statistics().await?.mirror(mirror)?.gauge("buffered_bytes");
    ensure!(
        held == before,
        "{mirror}: {held} bytes are charged in place of {before}"
    );

    // The two bodies gave all their bytes back, so one of their length that does not grow has room.
    connection.send(Ask::post(&path, note(body.len()))).await?.expect_ok()?;
    shadow.journal().wait_for(2, PATIENCE).await?;
    shadow.release();
    lab.settled().await?;

    // In an empty budget the redacted body has room.
    let answer = connection.send(Ask::post(&path, body.clone())).await?;
    let copy = shadow.journal().wait_for_id(&answer.id, PATIENCE).await?;
    let expected = body.len() - cards + cards * growth.redacted_card;
    ensure!(
        copy.body_length == expected as u64,
        "{mirror}: the redacted body has {} bytes in place of {expected}",
        copy.body_length
    );
    let ledger = lab.settled().await?.mirror(mirror)?.clone();
    ensure!(ledger.gauge("buffered_bytes") == 0, "{mirror}: bytes are left");
    ledger.expect(&[
        ("matched", 5),
        ("sent", 3),
        ("dropped.bytes", 2),
        ("responses.2xx", 3),
        ("primary.2xx", 3),
    ])
}

/// Sends a body whose redacted copy has no room. The client must get its answer, and the primary the body as it came.
async fn send_growing(lab: &Lab, connection: &mut Connection, ask: Ask, body: &Bytes) -> Result<()> {
    let answer = connection.send(ask).await?;
    answer.expect_ok()?;
    let received = lab.primary.journal().wait_for_id(&answer.id, PATIENCE).await?;
    ensure!(
        (received.body_length, received.body_hash) == (body.len() as u64, hash(body)),
        "the primary got another body, of {} bytes",
        received.body_length
    );
    Ok(())
}

/// A body of so many bytes and a few more that no redaction changes.
fn note(bytes: usize) -> String {
    format!(r#"{{"note":"{}"}}"#, "x".repeat(bytes))
}
