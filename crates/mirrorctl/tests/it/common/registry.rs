//! A stand-in for a registry: the part of the distribution protocol that a push needs, with the ways of real ones to
//! let in, to send on, and to refuse.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use super::server::{self, Address, Authority};

/// Whom it lets in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lets {
    Anybody,
    /// `user` with the password `pa:ss`.
    Basic,
    /// Who has a token, which the registry itself gives to `user` or for the identity token `identity`.
    Bearer,
}

/// What it does.
#[derive(Clone)]
pub struct Ways {
    pub lets: Lets,
    /// Where blobs are sent on to.
    pub uploads_at: Option<Address>,
    /// The status of every upload.
    pub refuses: Option<&'static str>,
}

impl Default for Ways {
    fn default() -> Self {
        Self {
            lets: Lets::Anybody,
            uploads_at: None,
            refuses: None,
        }
    }
}

/// A stand-in that listens until the test ends.
pub struct Registry {
    pub address: Address,
    /// Each request: method, target, and `authorization`.
    pub asked: Arc<Mutex<Vec<(String, String)>>>,
    /// What it has, by path.
    pub has: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl Registry {
    pub fn start(ways: Ways) -> Self {
        Self::serve(ways, None)
    }

    pub fn over_tls(ways: Ways, authority: &Authority) -> Self {
        Self::serve(ways, Some(authority))
    }

    fn serve(ways: Ways, authority: Option<&Authority>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let has = Arc::new(Mutex::new(BTreeMap::new()));
        let (log, known) = (Arc::clone(&asked), Arc::clone(&has));
        let answer = move |stream: &mut dyn ReadWrite| {
            let Some((head, body)) = whole(stream) else {
                let _ = stream.write_all(&server::status("400 Bad Request", "", b""));
                return;
            };
            let mut words = head.split(' ');
            let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let authorization = header(&head, "authorization");
            log.lock()
                .expect("no panic")
                .push((format!("{method} {target}"), authorization.clone()));
            let host = header(&head, "host");
            let said = ways.answer(&known, (method, target, &host, &authorization), body);
            let _ = stream.write_all(&said);
        };
        let address = match authority {
            Some(authority) => authority.serve("localhost", move |stream| answer(stream)),
            None => server::serve(move |mut stream| answer(&mut stream)),
        };
        Self { address, asked, has }
    }

    /// The requests of a method.
    pub fn of(&self, method: &str) -> Vec<String> {
        let asked = self.asked.lock().expect("no panic");
        let lines = asked.iter().map(|(line, _)| line.clone());
        lines.filter(|line| line.starts_with(method)).collect()
    }
}

pub trait ReadWrite: Read + Write {}

impl<T: Read + Write> ReadWrite for T {}

impl Ways {
    fn answer(
        &self,
        known: &Mutex<BTreeMap<String, Vec<u8>>>,
        (method, target, host, authorization): (&str, &str, &str, &str),
        body: Vec<u8>,
    ) -> Vec<u8> {
        // `user:pa:ss`
        let basic = "Basic dXNlcjpwYTpzcw==";
        if target.starts_with("/token") {
            let is_known = authorization == basic || String::from_utf8_lossy(&body).contains("refresh_token=identity");
            return match is_known {
                true => server::ok(b"{\"token\": \"the-token\"}"),
                false => server::status("401 Unauthorized", "", b""),
            };
        }
        let challenge = match self.lets {
            Lets::Anybody => None,
            Lets::Basic if authorization == basic => None,
            Lets::Bearer if authorization == "Bearer the-token" => None,
            Lets::Basic => Some("www-authenticate: Basic realm=\"r\"\r\n".to_owned()),
            Lets::Bearer => Some(format!(
                "www-authenticate: Bearer realm=\"http://{host}/token?a=b\",service=\"s\",scope=\"repository:n:pull\"\r\n"
            )),
        };
        if let Some(challenge) = challenge {
            return server::status("401 Unauthorized", &challenge, b"");
        }
        let mut known = known.lock().expect("no panic");
        let path = target.split('?').next().unwrap_or_default();
        match method {
            "HEAD" => match known.get(path) {
                Some(bytes) => {
                    let digest = mirrorctl::module::image::digest(bytes);
                    server::status("200 OK", &format!("docker-content-digest: {digest}\r\n"), b"")
                }
                None => server::status("404 Not Found", "", b""),
            },
            _ if self.refuses.is_some() => server::status(
                self.refuses.unwrap_or_default(),
                "",
                b"{\"errors\": [{\"code\": \"DENIED\", \"message\": \"not for you\"}]}",
            ),
            "POST" => server::status("202 Accepted", "location: /upload/7?state=secret\r\n", b""),
            "PUT" if path.starts_with("/upload/") && self.uploads_at.is_some() => {
                let other = self.uploads_at.as_deref().unwrap_or_default();
                let location = format!("location: http://{other}{target}\r\n");
                server::status("307 Temporary Redirect", &location, b"")
            }
            "PUT" => {
                let digest = mirrorctl::module::image::digest(&body);
                let blob = target.split_once("digest=").map(|(_, digest)| digest.to_owned());
                if blob.is_some_and(|blob| blob != digest) {
                    return server::status("400 Bad Request", "", b"");
                }
                if path.contains("/manifests/") {
                    known.insert(
                        path.rsplit_once('/').expect("a tag").0.to_owned() + "/" + &digest,
                        body.clone(),
                    );
                }
                known.insert(path.to_owned(), body);
                server::status("201 Created", "", b"")
            }
            _ => server::status("405 Method Not Allowed", "", b""),
        }
    }
}

/// A request; `None` if it is none, as where TLS begins.
fn whole(stream: &mut dyn ReadWrite) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? != 1 || (head.is_empty() && !byte[0].is_ascii_uppercase()) {
            return None;
        }
        head.extend(byte);
    }
    let head = String::from_utf8(head).ok()?;
    let mut body = vec![0; header(&head, "content-length").parse().unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn header(head: &str, name: &str) -> String {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut value = lines
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim());
    value.next().unwrap_or_default().to_owned()
}
