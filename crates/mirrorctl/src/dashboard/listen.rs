//! Where the dashboard listens: an address and a port as a person types them, and the socket that comes of it.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::str::FromStr;

use super::host::Host;
use crate::error::{Error, Result};

/// What follows `--listen`: a host and a port, of which 0 is any free one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    host: Host,
    port: u16,
}

/// A socket that accepts connections.
#[derive(Debug)]
pub struct Bound {
    /// The socket.
    pub socket: TcpListener,
    /// Its address, with the real port.
    pub address: SocketAddr,
    /// What a browser on this machine is given.
    pub url: String,
}

// === impl Listen ===

impl Listen {
    /// What was typed before the port.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Begins to listen.
    ///
    /// # Errors
    /// If the name has no address, or the system gives the address and port to nobody or to someone else.
    pub fn bind(&self) -> Result<Bound> {
        let socket = self.resolve().and_then(TcpListener::bind);
        let bound = socket.and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (address, socket) = bound.map_err(|error| Error::Failed(self.problem(&error)))?;
        Ok(Bound {
            socket,
            address,
            url: self.url(address),
        })
    }

    /// The first address, of the fourth version if there is one: it is what most browsers try for `localhost`.
    fn resolve(&self) -> io::Result<SocketAddr> {
        let name = match &self.host {
            Host::Address(address) => return Ok(SocketAddr::new(*address, self.port)),
            Host::Name(name) if name == "localhost" => {
                return Ok(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), self.port));
            }
            Host::Name(name) => name,
        };
        let all: Vec<SocketAddr> = (name.as_str(), self.port).to_socket_addrs()?.collect();
        let best = all.iter().find(|address| address.is_ipv4()).or(all.first());
        best.copied().ok_or_else(|| io::Error::other("the name has no address"))
    }

    fn url(&self, address: SocketAddr) -> String {
        let port = address.port();
        match &self.host {
            // No browser can be told to go everywhere.
            Host::Address(host) if host.is_unspecified() => format!("http://localhost:{port}"),
            host => format!("http://{host}:{port}"),
        }
    }

    fn problem(&self, error: &io::Error) -> String {
        let next = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "something else listens there, another dashboard perhaps: choose another port, or port 0 for any free one"
                    .to_owned()
            }
            io::ErrorKind::AddrNotAvailable => "this machine has no such address: 127.0.0.1 is always there".to_owned(),
            io::ErrorKind::PermissionDenied => "the system keeps this port for itself: choose one from 1024 on".to_owned(),
            _ => format!("{error}: 127.0.0.1 is always there"),
        };
        format!("--listen {self}: {next}")
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

impl FromStr for Listen {
    type Err = String;

    /// Takes `ADDRESS:PORT`, `[ADDRESS]:PORT` of version 6, and `NAME:PORT`.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let example = "write it as 127.0.0.1:8088, [::1]:8088 or localhost:8088";
        let (host, port) = text.rsplit_once(':').ok_or_else(|| format!("has no port: {example}"))?;
        if host.is_empty() {
            return Err(format!(
                "names no address: {example}, or as 0.0.0.0{text} to let others in"
            ));
        }
        let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|_| is_number);
        let port = port.ok_or_else(|| format!("its port is no number from 0 to 65535: {example}"))?;
        let host =
            Host::parse(host).ok_or_else(|| format!("its address is neither an IP address nor a name: {example}"))?;
        Ok(Self { host, port })
    }
}

// === impl Bound ===

impl Bound {
    /// What a person should know before others see the page; `None` on loopback.
    pub fn warning(&self, listen: &Listen) -> Option<String> {
        let is_open = !IpAddr::to_canonical(&self.address.ip()).is_loopback();
        is_open.then(|| {
            format!("warning: --listen {listen}: whoever reaches this port sees the page, which has no login and no encryption")
        })
    }
}
