//! A client that writes a request as it is told and keeps the answer as it stood on the wire.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::http1::{self, Kind};
use super::http2::{self, Assembler, Event};
use super::{End, Message, Outgoing, Protocol};

const PATIENCE: Duration = Duration::from_secs(30);

/// Sends a request on a connection of its own, and returns the answer.
pub async fn send(address: SocketAddr, protocol: Protocol, request: &Outgoing) -> Result<Message> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let exchange = async {
        match protocol {
            Protocol::Http1 => bytes(stream, request).await,
            Protocol::Http2 => frames(stream, request).await,
        }
    };
    let answer = tokio::time::timeout(PATIENCE, exchange).await;
    answer.with_context(|| format!("no answer to {} in {PATIENCE:?}", request.start))?
}

async fn bytes(stream: TcpStream, request: &Outgoing) -> Result<Message> {
    let kind = if request.start.starts_with("HEAD ") {
        Kind::AnswerToHead
    } else {
        Kind::Answer
    };
    let (mut from, mut to) = stream.into_split();
    // Envoy may answer, and close, before it has read all.
    let _ = to.write_all(&http1::written(request)).await;
    let mut bytes = Vec::new();
    let mut is_closed = false;
    // What comes before the answer (1xx) is told with its head.
    let mut before = Vec::new();
    loop {
        if let Some((mut answer, length)) = http1::message(&bytes, kind, is_closed) {
            let is_informational = answer.head.first().is_some_and(|line| line.starts_with(b"HTTP/1.1 1"));
            before.append(&mut answer.head);
            if !is_informational {
                answer.head = before;
                return Ok(answer);
            }
            bytes.drain(..length);
            continue;
        }
        if is_closed {
            return Ok(Message {
                end: End::Reset,
                ..Message::default()
            });
        }
        is_closed = from.read_buf(&mut bytes).await.unwrap_or(0) == 0;
    }
}

async fn frames(stream: TcpStream, request: &Outgoing) -> Result<Message> {
    const STREAM: u32 = 1;
    let (mut from, mut to) = stream.into_split();
    to.write_all(&[http2::PREFACE, &http2::opening()].concat()).await?;
    let mut waiting = Some(http2::message(STREAM, request));
    let mut assembler = Assembler::new();
    while let Some(frame) = http2::read(&mut from).await? {
        match assembler.take(frame)? {
            Event::Reply(bytes) => {
                // The first is the consent to Envoy's settings, and only from then on do its windows hold.
                let _ = to
                    .write_all(&[bytes, waiting.take().unwrap_or_default()].concat())
                    .await;
            }
            Event::Message(STREAM, answer) => return Ok(answer),
            Event::GoAway => break,
            Event::Message(..) | Event::None => {}
        }
    }
    Ok(Message {
        end: End::Reset,
        ..Message::default()
    })
}
