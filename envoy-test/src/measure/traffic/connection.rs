//! One socket that never blocks, with what is still to be written to it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Result, bail};

use super::http::Reader;

/// One end of a connection to Envoy.
pub struct Connection {
    pub stream: TcpStream,
    pub role: Role,
    reader: Reader,
    outgoing: Rc<[u8]>,
    written: usize,
}

/// Which end it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A client, and when the request under way was to start.
    Client {
        due: Option<Instant>,
    },
    Primary,
    Shadow,
}

// === impl Connection ===

impl Connection {
    /// Takes a socket over.
    pub fn new(stream: TcpStream, role: Role) -> Result<Self> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            role,
            reader: Reader::default(),
            outgoing: Rc::default(),
            written: 0,
        })
    }

    /// Sends a message, as much as the socket takes now.
    pub fn send(&mut self, message: &Rc<[u8]>) -> Result<()> {
        self.outgoing = Rc::clone(message);
        self.written = 0;
        self.flush()
    }

    /// Sends what is left.
    pub fn flush(&mut self) -> Result<()> {
        while self.written < self.outgoing.len() {
            match self.stream.write(&self.outgoing[self.written..]) {
                Ok(0) => bail!("the connection takes no more"),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Reads all that is there, and calls for each complete message with its status.
    pub fn receive(&mut self, buffer: &mut [u8], mut complete: impl FnMut(u16)) -> Result<()> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => bail!("the connection is closed"),
                Ok(count) => {
                    let mut bytes = &buffer[..count];
                    while !bytes.is_empty() {
                        if let Some(status) = self.reader.feed(&mut bytes)? {
                            complete(status);
                        }
                    }
                    // A short read has emptied the socket: the next byte is a new event.
                    if count < buffer.len() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
