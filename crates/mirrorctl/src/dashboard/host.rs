//! The names under which the dashboard may be asked for. A site can let its own name point to 127.0.0.1 (DNS
//! rebinding), and a browser then takes the dashboard for a part of that site; only the name in the request tells. An
//! address in place of a name cannot be pointed elsewhere.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The host of an authority, as RFC 3986 writes one: an IP address (a mapped one as version 4), or a name in lower case
/// without the dot at the end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// `127.0.0.1`, `[::1]`.
    Address(IpAddr),
    /// `localhost`.
    Name(String),
}

/// The hosts that are let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    named: BTreeSet<Host>,
    /// Any address will do, because it listens on all.
    any_address: bool,
}

// === impl Host ===

impl Host {
    /// Reads a host without a port; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            let address: Ipv6Addr = inner.parse().ok()?;
            return Some(Self::Address(IpAddr::from(address).to_canonical()));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        if let Ok(address) = name.parse() {
            return match address {
                IpAddr::V4(_) => Some(Self::Address(address)),
                // Without brackets nobody knows where the port begins.
                IpAddr::V6(_) => None,
            };
        }
        let is_label = |label: &str| {
            let all = label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            all && (1..=63).contains(&label.len())
        };
        // A browser reads a name that ends in a number as an address in one of its older spellings.
        let is_number = |label: &str| label.starts_with("0x") || label.bytes().all(|byte| byte.is_ascii_digit());
        let is_name =
            name.len() <= 253 && name.split('.').all(is_label) && !name.rsplit('.').next().is_some_and(is_number);
        is_name.then_some(Self::Name(name))
    }

    /// Reads what stands in a `Host` header: a host, and maybe a port, which is not looked at, because a tunnel may
    /// have another one.
    pub fn of_authority(text: &str) -> Option<Self> {
        let (host, port) = match text.rfind(':') {
            // A colon within brackets belongs to the address.
            Some(colon) if !text.ends_with(']') => (text.get(..colon)?, text.get(colon + 1..)?),
            _ => (text, ""),
        };
        let is_port = port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
        Self::parse(host).filter(|_| is_port)
    }

    fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Name(name) => name == "localhost",
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address)) => write!(formatter, "[{address}]"),
            Self::Address(address) => address.fmt(formatter),
            Self::Name(name) => name.fmt(formatter),
        }
    }
}

impl FromStr for Host {
    type Err = String;

    /// Reads what follows `--allow-host`.
    fn from_str(text: &str) -> Result<Self, String> {
        let example = "write a name alone, as mirror.example.com";
        match Self::parse(text) {
            Some(host) => Ok(host),
            None if text.contains("//") => Err(format!("is a URL: {example}")),
            None if text.contains('*') => Err(format!("is a pattern: {example}")),
            None if Self::of_authority(text).is_some() => Err(format!("has a port, which is not looked at: {example}")),
            None => Err(format!(
                "is neither a name nor an IP address (of version 6 in brackets): {example}"
            )),
        }
    }
}

// === impl Hosts ===

impl Hosts {
    /// Loopback, what is listened on as it was typed and as it was bound, and what was allowed.
    pub fn new(typed: &Host, bound: IpAddr, allowed: &[Host]) -> Self {
        let mut named: BTreeSet<Host> = allowed.iter().cloned().collect();
        named.extend([typed.clone(), Host::Address(bound.to_canonical())]);
        Self {
            named,
            any_address: bound.is_unspecified(),
        }
    }

    /// Whether a request for this host is meant for us.
    pub fn admit(&self, host: &Host) -> bool {
        let is_address = matches!(host, Host::Address(_));
        host.is_loopback() || self.named.contains(host) || (self.any_address && is_address)
    }
}
