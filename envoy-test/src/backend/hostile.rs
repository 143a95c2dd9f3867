//! A shadow that misbehaves as a case tells it, below HTTP where it must: it reads nothing, talks nonsense, or is not
//! there.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Mutex, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::raw::complete;

/// What it does with a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Answers 200.
    #[default]
    None,
    /// Reads it, and answers 200 as soon as the case tells it something else.
    Slow,
    /// Accepts the connection, and reads nothing.
    Deaf,
    /// Reads it and resets the connection.
    Resets,
    /// Ends the connection in the middle of its answer.
    CutsShort,
    /// Answers 503.
    Unavailable,
    /// Answers with 40 MiB.
    Huge,
    /// Answers with what is not HTTP.
    Nonsense,
    /// Refuses connections, and has ended those that were.
    Down,
}

/// A backend that can be told to misbehave. It stops when dropped.
pub struct Hostile {
    address: SocketAddr,
    fault: watch::Sender<Fault>,
    requests: watch::Sender<usize>,
    server: Mutex<Option<JoinHandle<()>>>,
    /// Keeps the port while nobody listens on it.
    _port: TcpSocket,
}

/// Little, so that who is not read is soon held up.
const RECEIVE_BUFFER: u32 = 64 << 10;
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const UNAVAILABLE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy";
const HALF: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";
const NONSENSE: &[u8] = b"what is this?\r\n\r\n";
const HUGE: usize = 40 << 20;

// === impl Hostile ===

impl Hostile {
    /// Listens on a free port of this machine.
    pub async fn start(fault: Fault) -> Result<Self> {
        let port = TcpSocket::new_v4()?;
        port.set_reuseport(true)?;
        port.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let hostile = Self {
            address: port.local_addr()?,
            fault: watch::Sender::new(Fault::Down),
            requests: watch::Sender::new(0),
            server: Mutex::default(),
            _port: port,
        };
        hostile.tell(fault).await?;
        Ok(hostile)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many whole requests it has read.
    pub fn requests(&self) -> usize {
        *self.requests.borrow()
    }

    /// What it does from now on.
    pub async fn tell(&self, fault: Fault) -> Result<()> {
        self.fault.send_replace(fault);
        let mut server = self.server.lock().await;
        if fault == Fault::Down {
            if let Some(server) = server.take() {
                server.abort();
                // Now its connections are gone.
                let _ = server.await;
            }
        } else if server.is_none() {
            *server = Some(self.listen().context("a hostile backend cannot listen")?);
        }
        Ok(())
    }

    fn listen(&self) -> Result<JoinHandle<()>> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseport(true)?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        socket.bind(self.address)?;
        let listener = socket.listen(1024)?;
        let (fault, requests) = (self.fault.subscribe(), self.requests.clone());
        Ok(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                connections.spawn(serve(stream, fault.clone(), requests.clone()));
            }
        }))
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        if let Some(server) = self.server.get_mut().take() {
            server.abort();
        }
    }
}

/// Until the client or a fault ends the connection.
async fn serve(mut stream: TcpStream, mut fault: watch::Receiver<Fault>, requests: watch::Sender<usize>) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = Vec::new();
    loop {
        fault.wait_for(|fault| *fault != Fault::Deaf).await?;
        let Some(length) = complete(&bytes) else {
            tokio::select! {
                read = stream.read_buf(&mut bytes) => if read? == 0 { return Ok(()) },
                _ = fault.changed() => {}
            }
            continue;
        };
        bytes.drain(..length);
        requests.send_modify(|requests| *requests += 1);
        let now = *fault.borrow_and_update();
        match now {
            Fault::None => stream.write_all(OK).await?,
            Fault::Slow | Fault::Deaf | Fault::Down => {
                fault.changed().await?;
                stream.write_all(OK).await?;
            }
            Fault::Unavailable => stream.write_all(UNAVAILABLE).await?,
            Fault::Nonsense => stream.write_all(NONSENSE).await?,
            Fault::CutsShort => return Ok(stream.write_all(HALF).await?),
            Fault::Resets => return Ok(stream.set_zero_linger()?),
            Fault::Huge => {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {HUGE}\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
                let part = vec![b'x'; 1 << 20];
                for _ in 0..HUGE / part.len() {
                    stream.write_all(&part).await?;
                }
            }
        }
    }
}
