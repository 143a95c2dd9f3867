//! A client that sends exactly the bytes it is given, and waits as long as a slow machine may take.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

pub const PATIENCE: Duration = Duration::from_secs(90);

/// An answer: headers by name in lower case.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// A stream of events.
pub struct Stream {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    reader: BufReader<TcpStream>,
}

/// One event: its name and its data; a comment or a `retry` has neither.
#[derive(Debug, PartialEq, Eq)]
pub struct Event {
    pub lines: Vec<String>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut all = headers.iter().filter(|(one, _)| one == name);
    let first = all.next().map(|(_, value)| value.as_str());
    assert!(all.next().is_none(), "{name} twice: {headers:?}");
    first
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// Sends a request as it stands and reads the whole answer. It must end the connection: `connection: close`.
pub fn send(address: SocketAddr, request: &str) -> Answer {
    let mut stream = connect(address);
    stream.write_all(request.as_bytes()).expect("a request");
    let mut reader = BufReader::new(stream);
    let (status, headers) = head(&mut reader);
    let mut body = String::new();
    reader.read_to_string(&mut body).expect("a body");
    Answer { status, headers, body }
}

/// A request with the right Host and these headers besides.
pub fn ask(address: SocketAddr, method: &str, path: &str, headers: &str) -> Answer {
    send(
        address,
        &format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n"),
    )
}

pub fn get(address: SocketAddr, path: &str) -> Answer {
    ask(address, "GET", path, "")
}

fn head(reader: &mut BufReader<TcpStream>) -> (u16, Vec<(String, String)>) {
    let mut line = String::new();
    reader.read_line(&mut line).expect("a status line");
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status: {line:?}"));
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line).expect("a header");
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            return (status, headers);
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
}

impl Stream {
    pub fn open(address: SocketAddr, path: &str) -> Self {
        let mut stream = connect(address);
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").expect("a request");
        let mut reader = BufReader::new(stream);
        let (status, headers) = head(&mut reader);
        Self {
            status,
            headers,
            reader,
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The next event; `None` at the end.
    pub fn next(&mut self) -> Option<Event> {
        let mut lines = Vec::new();
        loop {
            let line = self.line()?;
            match line.as_str() {
                "" if lines.is_empty() => {}
                "" => return Some(Event { lines }),
                _ => lines.push(line),
            }
        }
    }

    /// The data of the next view that is like this.
    pub fn view(&mut self, mut like: impl FnMut(&Value) -> bool) -> Value {
        loop {
            let event = self.next().expect("the stream goes on");
            if let [name, data] = event.lines.as_slice()
                && name == "event: view"
            {
                let data = data.strip_prefix("data: ").expect("data");
                let view = serde_json::from_str(data).expect("JSON");
                if like(&view) {
                    return view;
                }
            }
        }
    }

    /// A line of the body, taken out of its chunks: ours end with their pieces, so a chunk's length stands on a line
    /// alone.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let text = line.trim_end_matches(['\r', '\n']);
            let is_framing = line.ends_with("\r\n");
            match (is_framing, text) {
                (true, "0") => return None,
                (true, _) => {}
                (false, text) => return Some(text.to_owned()),
            }
        }
    }
}
