//! A connection below HTTP: for bytes as they are, in pieces and in both directions, and for clients that just go away.

use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{PATIENCE, connect};

/// A TCP connection to Envoy. It closes when dropped.
pub struct Socket {
    stream: TcpStream,
    received: Vec<u8>,
}

// === impl Socket ===

impl Socket {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        Ok(Self {
            stream: connect(address).await?,
            received: Vec::new(),
        })
    }

    /// Sends these bytes.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        Ok(self.stream.write_all(bytes.as_ref()).await?)
    }

    /// Reads on until this text came, and returns all bytes up to its end; what follows is kept for the next time.
    pub async fn read_to(&mut self, text: &str) -> Result<String> {
        let end = |received: &[u8]| {
            let at = received.windows(text.len()).position(|bytes| bytes == text.as_bytes());
            at.map(|at| at + text.len())
        };
        let read = async {
            loop {
                if let Some(end) = end(&self.received) {
                    let rest = self.received.split_off(end);
                    return Ok(std::mem::replace(&mut self.received, rest));
                }
                ensure!(
                    self.stream.read_buf(&mut self.received).await? > 0,
                    "Envoy closed the connection before {text:?}: {:?}",
                    String::from_utf8_lossy(&self.received)
                );
            }
        };
        match tokio::time::timeout(PATIENCE, read).await {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes?).into_owned()),
            Err(_) => bail!(
                "no {text:?} in {PATIENCE:?}: {:?}",
                String::from_utf8_lossy(&self.received)
            ),
        }
    }

    /// Reads on until the other side closes.
    pub async fn read_to_close(&mut self) -> Result<()> {
        let closed = async { while matches!(self.stream.read_buf(&mut self.received).await, Ok(1..)) {} };
        ensure!(
            tokio::time::timeout(PATIENCE, closed).await.is_ok(),
            "the connection is still open after {PATIENCE:?}"
        );
        Ok(())
    }
}
