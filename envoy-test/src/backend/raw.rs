//! Backends below HTTP: one that keeps every byte as it came, and one that refuses connections.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// An HTTP/1 backend that keeps the bytes of each request: order, casing and framing included. It answers 200, empty.
pub struct RawBackend {
    address: SocketAddr,
    requests: watch::Sender<Vec<Vec<u8>>>,
    server: AbortHandle,
}

/// A port that refuses connections for as long as this lives: bound, so nobody else gets it, but never listening.
pub struct Refusing {
    socket: TcpSocket,
}

// === impl RawBackend ===

impl RawBackend {
    /// Listens on a free port of this machine.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("raw backend cannot listen")?;
        let requests = watch::Sender::new(Vec::new());
        let address = listener.local_addr()?;
        let server = tokio::spawn(accept(listener, requests.clone())).abort_handle();
        Ok(Self {
            address,
            requests,
            server,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for so many complete requests, and returns the bytes of each.
    pub async fn wait_for(&self, count: usize, patience: Duration) -> Result<Vec<Vec<u8>>> {
        let mut watching = self.requests.subscribe();
        let result = tokio::time::timeout(patience, watching.wait_for(|requests| requests.len() >= count)).await;
        match result {
            Ok(requests) => Ok(requests?.clone()),
            Err(_) => bail!(
                "waited {patience:?} for {count} raw requests; {} came",
                self.requests.borrow().len()
            ),
        }
    }
}

impl Drop for RawBackend {
    fn drop(&mut self) {
        self.server.abort();
    }
}

// === impl Refusing ===

impl Refusing {
    /// Takes a free port of this machine.
    pub fn start() -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self { socket })
    }

    /// Where it refuses.
    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.socket.local_addr()?)
    }
}

async fn accept(listener: TcpListener, requests: watch::Sender<Vec<Vec<u8>>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection(stream, requests.clone()));
    }
}

async fn connection(mut stream: TcpStream, requests: watch::Sender<Vec<Vec<u8>>>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    loop {
        if let Some(length) = complete(&bytes) {
            let rest = bytes.split_off(length);
            requests.send_modify(|requests| requests.push(std::mem::replace(&mut bytes, rest)));
            stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await?;
        } else if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
}

/// The length of the first request in these bytes, once all of it is there.
pub(super) fn complete(bytes: &[u8]) -> Option<usize> {
    let head = find(bytes, b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
    };
    let body = if field("transfer-encoding").is_some_and(|coding| coding.ends_with("chunked")) {
        // Good enough without trailers, and for chunks that do not contain this text.
        let end = bytes[head..]
            .starts_with(b"0\r\n\r\n")
            .then_some(0)
            .or_else(|| find(&bytes[head..], b"\r\n0\r\n\r\n").map(|at| at + 2));
        end? + 5
    } else {
        field("content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0)
    };
    (bytes.len() >= head + body).then_some(head + body)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::complete;

    #[test]
    fn a_request_is_complete_with_its_last_byte() {
        for request in [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        ] {
            let bytes = request.as_bytes();
            assert_eq!(complete(bytes), Some(bytes.len()), "{request:?}");
            assert_eq!(complete(&bytes[..bytes.len() - 1]), None, "{request:?} without its end");
            assert_eq!(
                complete(&[bytes, b"GET"].concat()),
                Some(bytes.len()),
                "{request:?} with a next one"
            );
        }
    }
}
