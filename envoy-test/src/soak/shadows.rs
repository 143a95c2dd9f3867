//! Shadows that never end an answer. They work below HTTP: whatever a shadow can do to keep a callout open is done by
//! bytes.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::AbortHandle;

use super::limit::RESPONSE_BUFFER;

/// What a shadow does with a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Manner {
    /// Reads it and says nothing.
    Silent,
    /// Does not read it, so Envoy keeps the body.
    Unread,
    /// Reads it and answers almost as much as Envoy buffers of an answer, without an end.
    Endless,
}

/// A running shadow. It stops when dropped.
pub struct Unanswering {
    address: SocketAddr,
    server: AbortHandle,
}

// === impl Unanswering ===

impl Unanswering {
    /// Listens on a free port of this machine. `timeout` is how long a copy may wait for its answer.
    pub async fn start(manner: Manner, timeout: Duration) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if manner == Manner::Unread {
            // Otherwise the kernel takes megabytes of what nobody reads, and Envoy holds nothing.
            socket.set_recv_buffer_size(4096)?;
        }
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let listener = socket.listen(1024).context("a shadow cannot listen")?;
        Ok(Self {
            address: listener.local_addr()?,
            server: tokio::spawn(accept(listener, manner, timeout)).abort_handle(),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Unanswering {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Silent => "silent",
            Self::Unread => "unread",
            Self::Endless => "endless",
        })
    }
}

async fn accept(listener: TcpListener, manner: Manner, timeout: Duration) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            match manner {
                Manner::Silent => drop(swallow(stream).await),
                // Without reading nobody notices that Envoy has given up.
                Manner::Unread => {
                    tokio::time::sleep(timeout * 2).await;
                    drop(stream);
                }
                Manner::Endless => drop(answer_without_end(stream).await),
            }
        });
    }
}

/// Reads until Envoy closes.
async fn swallow(mut stream: TcpStream) -> Result<()> {
    let mut buffer = vec![0; 64 << 10];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

async fn answer_without_end(mut stream: TcpStream) -> Result<()> {
    let mut buffer = vec![0; 64 << 10];
    if stream.read(&mut buffer).await? == 0 {
        return Ok(());
    }
    // The chunk is said to be larger than what is sent of it.
    let head = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{RESPONSE_BUFFER:x}\r\n");
    stream.write_all(head.as_bytes()).await?;
    let (mut reader, mut writer) = stream.split();
    let most = usize::try_from(RESPONSE_BUFFER)? - 4096;
    let answer = vec![b'x'; most];
    let (written, ()) = tokio::join!(writer.write_all(&answer), async {
        while matches!(reader.read(&mut buffer).await, Ok(1..)) {}
    });
    Ok(written?)
}
