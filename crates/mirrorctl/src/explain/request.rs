//! The request that is explained: from flags, completed as Envoy completes it before a filter sees it, and varied in
//! what a sample goes by.

use std::time::Duration;

use mirror_policy::explain::WholeRequest;
use mirror_policy::grammar;
use mirror_policy::headers::Headers;
use mirror_policy::sample::{Dice, Key};

use super::ExplainArgs;
use crate::error::{Error, Result};
use crate::input::{self, Stdin};
use crate::time::Time;

/// A request, by its parts.
#[derive(Debug, Clone)]
pub struct Spec {
    /// `:method`.
    pub method: String,
    /// `:path`.
    pub path: String,
    /// `:authority`.
    pub authority: String,
    /// `:scheme`.
    pub scheme: String,
    /// The others, in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// The port on which the proxy accepts it.
    pub port: Option<u16>,
    /// Whether an upstream is to answer it.
    pub is_routed: bool,
    /// The time of day.
    pub now: Time,
    /// What was not given and taken instead: one sentence each.
    pub notes: Vec<String>,
}

/// A part of the request that is varied, as people call it.
pub type Varied = String;

// === impl Spec ===

impl Spec {
    /// The request of the flags.
    ///
    /// # Errors
    /// If one of them is nothing that a proxy would take.
    pub fn new(args: &ExplainArgs, now: Time, dice: &mut Dice, stdin: &mut Stdin<'_>) -> Result<Self> {
        let usage = |flag: &str, problem: &str| Err(Error::Usage(format!("{flag}: {problem}")));
        if args.method.is_empty()
            || !args
                .method
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return usage("--method", "is not a method such as POST");
        }
        let visible = args.path.bytes().all(|byte| byte.is_ascii_graphic());
        if !visible || !(args.path.starts_with('/') || args.path == "*") {
            return usage(
                "--path",
                "is not a path such as /a?b=c, of visible ASCII, escaped as a client sends it",
            );
        }
        if !["http", "https"].contains(&args.scheme.as_str()) {
            return usage("--scheme", "is neither http nor https");
        }
        let mut notes = Vec::new();
        let authority = match &args.authority {
            Some(authority) if grammar::is_authority(authority) => authority.clone(),
            Some(_) => return usage("--authority", "is not a host such as reviews or reviews.demo:9080"),
            None => {
                notes.push("note: --authority is not given; the request has service.example".to_owned());
                "service.example".to_owned()
            }
        };
        let mut headers = Vec::new();
        for text in &args.header {
            headers.push(header(text)?);
        }
        let body = match &args.body {
            Some(file) => input::bytes(file, stdin)?.1,
            None => Vec::new(),
        };
        let has = |headers: &[(String, String)], name: &str| headers.iter().any(|(other, _)| other == name);
        if !body.is_empty() && !has(&headers, "content-length") && !has(&headers, "transfer-encoding") {
            notes.push(format!("note: content-length: {} is added for the body", body.len()));
            headers.push(("content-length".to_owned(), body.len().to_string()));
        }
        if !has(&headers, "x-request-id") {
            headers.push(("x-request-id".to_owned(), request_id(dice)));
            notes.push(format!(
                "note: x-request-id is drawn (--seed {}), as Envoy gives every request one",
                args.seed
            ));
        }
        Ok(Self {
            method: args.method.clone(),
            path: args.path.clone(),
            authority,
            scheme: args.scheme.clone(),
            headers,
            body,
            port: args.port,
            is_routed: !args.no_route,
            now,
            notes,
        })
    }

    /// As the filter meets it.
    pub fn request(&self) -> WholeRequest {
        let pseudo = [
            (":authority", &self.authority),
            (":path", &self.path),
            (":method", &self.method),
            (":scheme", &self.scheme),
        ];
        let pairs = pseudo
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .chain(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        WholeRequest {
            headers: Headers::encode(pairs.map(|(name, value)| (name.as_bytes(), value.as_bytes()))),
            body: self.body.clone(),
            port: self.port,
            is_routed: self.is_routed,
            wall: wall(self.now),
        }
    }

    /// Gives the request another value where a sample's key is; it gets one if it has none.
    pub fn vary(&mut self, key: &Key, dice: &mut Dice) {
        let value = match key {
            Key::Header(name) if name == "x-request-id" => request_id(dice),
            _ => format!("{:016x}", dice.roll()),
        };
        match key {
            Key::Header(name) if name == grammar::AUTHORITY => self.authority = value,
            Key::Header(name) => {
                self.headers.retain(|(other, _)| other != name);
                self.headers.push((name.clone(), value));
            }
            Key::Cookie(name) => {
                // The first cookie of a name counts.
                let cookies = self.headers.iter().position(|(other, _)| other == "cookie");
                let place = cookies.unwrap_or(self.headers.len());
                self.headers
                    .insert(place, ("cookie".to_owned(), format!("{name}={value}")));
            }
            Key::QueryParam(name) => {
                // The first parameter of a name counts.
                let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
                let joint = if query.is_empty() { "" } else { "&" };
                self.path = format!("{path}?{name}={value}{joint}{query}");
            }
        }
    }
}

/// What is varied, in a sentence.
pub(super) fn varied(key: &Key) -> Varied {
    match key {
        Key::Header(name) => format!("header {}", grammar::written_header_name(name)),
        Key::Cookie(name) => format!("cookie {name}"),
        Key::QueryParam(name) => format!("query parameter {name}"),
    }
}

fn header(text: &str) -> Result<(String, String)> {
    let usage = |problem: String| Err(Error::Usage(format!("--header: {problem}")));
    let Some((name, value)) = text.split_once(':').filter(|(name, _)| !name.is_empty()) else {
        return usage("the text is not NAME: VALUE".to_owned());
    };
    let name = match grammar::header_name(name.trim(), "--header") {
        Ok(name) => name,
        Err(error) => return Err(Error::Usage(error.to_string())),
    };
    if name == "host" {
        return usage("host is given by --authority".to_owned());
    }
    let value = value.trim();
    if !grammar::is_header_value(value) {
        return usage(format!(
            "the value of {name} is not one: no control characters, at most 4 KiB"
        ));
    }
    Ok((name, value.to_owned()))
}

/// A random UUID, as Envoy writes them.
fn request_id(dice: &mut Dice) -> String {
    let (high, low) = (dice.roll(), dice.roll());
    let (high, low) = (high & !0xf000 | 0x4000, low & !(0b11 << 62) | (0b10 << 62));
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// The time of day as the filter has it.
fn wall(now: Time) -> Option<Duration> {
    u64::try_from(now.unix()).ok().map(Duration::from_secs)
}
