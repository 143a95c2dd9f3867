//! A backend that keeps each request as it stood on the wire, HTTP/1 or HTTP/2, and answers as its path says.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use super::http1::{self, Kind};
use super::http2::{self, Assembler, Event};
use super::{Body, Message, Outgoing};

/// The header by which a request and its copies are paired; Envoy leaves it alone.
pub const ID: &str = "x-request-id";

/// The date of every answer, so that it depends on no clock and tells the answer from one of Envoy's own.
pub const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// A recording backend. It stops when dropped.
pub struct Recorder {
    address: SocketAddr,
    requests: watch::Sender<Vec<Message>>,
    server: AbortHandle,
}

// === impl Recorder ===

impl Recorder {
    /// Listens on a free port of this machine.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("a recorder cannot listen")?;
        let requests = watch::Sender::new(Vec::new());
        Ok(Self {
            address: listener.local_addr()?,
            server: tokio::spawn(accept(listener, requests.clone())).abort_handle(),
            requests,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the request with this id.
    pub async fn wait_for(&self, id: &str, patience: Duration) -> Result<Message> {
        let is_it = |message: &&Message| message.values(ID).contains(&id.as_bytes());
        let mut watching = self.requests.subscribe();
        let found = watching.wait_for(|requests| requests.iter().any(|message| is_it(&message)));
        match tokio::time::timeout(patience, found).await {
            Ok(requests) => requests?.iter().find(is_it).cloned().context("a request vanished"),
            Err(_) => bail!("the request {id} did not come in {patience:?}"),
        }
    }

    /// The ids of all that came, in order.
    pub fn ids(&self) -> Vec<String> {
        let requests = self.requests.borrow();
        let ids = requests.iter().flat_map(|message| message.values(ID));
        ids.map(|id| String::from_utf8_lossy(id).into_owned()).collect()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, requests: watch::Sender<Vec<Message>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection(stream, requests.clone()));
    }
}

async fn connection(mut stream: TcpStream, requests: watch::Sender<Vec<Message>>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut preface = [0; 3];
    stream.read_exact(&mut preface).await?;
    if http2::PREFACE.starts_with(&preface) {
        let mut rest = vec![0; http2::PREFACE.len() - preface.len()];
        stream.read_exact(&mut rest).await?;
        frames(stream, requests).await
    } else {
        bytes(stream, preface.to_vec(), requests).await
    }
}

async fn bytes(mut stream: TcpStream, mut bytes: Vec<u8>, requests: watch::Sender<Vec<Message>>) -> Result<()> {
    loop {
        if let Some((message, length)) = http1::message(&bytes, Kind::Request, false) {
            bytes.drain(..length);
            let start = message.head.first().map(Vec::as_slice).unwrap_or_default();
            let is_head = start.starts_with(b"HEAD ");
            let path = start.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
            let answer = answer(path);
            requests.send_modify(|requests| requests.push(message));
            let mut written = http1::written(&answer);
            if is_head {
                let head = written.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
                written.truncate(head.unwrap_or(written.len()));
            }
            stream.write_all(&written).await?;
        } else if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
}

async fn frames(stream: TcpStream, requests: watch::Sender<Vec<Message>>) -> Result<()> {
    let (mut from, mut to) = stream.into_split();
    to.write_all(&http2::opening()).await?;
    let mut assembler = Assembler::new();
    while let Some(frame) = http2::read(&mut from).await? {
        match assembler.take(frame)? {
            Event::Reply(bytes) => to.write_all(&bytes).await?,
            Event::Message(id, message) if message.end != super::End::Reset => {
                let is_head = message.values(":method") == [b"HEAD"];
                let mut answer = answer(message.values(":path").first().copied().unwrap_or_default());
                if is_head {
                    answer.body = Body::None;
                    answer.trailers.clear();
                }
                requests.send_modify(|requests| requests.push(message));
                to.write_all(&http2::message(id, &answer)).await?;
            }
            Event::Message(..) | Event::None => {}
            Event::GoAway => return Ok(()),
        }
    }
    Ok(())
}

/// What this path is answered.
fn answer(path: &[u8]) -> Outgoing {
    const DATED: (&str, &str) = ("date", DATE);
    let length = |length: usize| Body::Length(vec![b'a'; length]);
    let chunks = || Body::Chunks(vec![b"one, ".to_vec(), b"two".to_vec()]);
    match path {
        b"/answer/odd" => Outgoing::answer(
            299,
            &[
                DATED,
                ("set-cookie", "a=1"),
                ("x-empty", ""),
                ("set-cookie", "b=2"),
                ("server", "mine"),
            ],
            length(1),
        ),
        b"/answer/large" => Outgoing::answer(200, &[DATED], length(300_000)),
        b"/answer/chunked" => Outgoing::answer(200, &[DATED], chunks()),
        b"/answer/trailers" => Outgoing {
            trailers: vec![("x-last", b"1".to_vec())],
            ..Outgoing::answer(200, &[DATED, ("trailer", "x-last")], chunks())
        },
        b"/answer/events" => Outgoing::answer(
            200,
            &[DATED, ("content-type", "text/event-stream")],
            Body::Chunks(vec![b"data: 1\n\n".to_vec(), b"data: 2\n\n".to_vec()]),
        ),
        b"/answer/204" => Outgoing::answer(204, &[DATED], Body::None),
        b"/answer/304" => Outgoing::answer(304, &[DATED, ("etag", "\"a\"")], Body::None),
        b"/answer/503" => Outgoing::answer(503, &[DATED, ("retry-after", "1")], length(3)),
        _ => Outgoing::answer(200, &[DATED], length(0)),
    }
}
