//! A connection below HTTP, or a tunnel through it: for bytes as they are, in pieces and in both directions, and for
//! clients that just go away.

use std::net::SocketAddr;

use anyhow::{Result, bail, ensure};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::{PATIENCE, connect};

/// Bytes to Envoy and back. It closes when dropped.
pub struct Socket {
    stream: Box<dyn Stream>,
    received: Vec<u8>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

// === impl Socket ===

impl Socket {
    /// A TCP connection.
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        Ok(Self::new(connect(address).await?))
    }

    pub(super) fn new(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            received: Vec::new(),
        }
    }

    /// Sends these bytes.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        self.stream.write_all(bytes.as_ref()).await?;
        Ok(self.stream.flush().await?)
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
}
