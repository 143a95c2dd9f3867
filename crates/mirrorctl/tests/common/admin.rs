//! A stand-in for Envoy's admin interface. What it answers was recorded from a real Envoy under load, at two moments; in
//! between and after it counts on at the same pace, so that rates are steady whenever it is asked.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use serde_json::{Value, json};

/// Listens until it is dropped.
pub struct Admin {
    pub address: SocketAddr,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What is counted, from its beginning on.
#[derive(Clone)]
pub struct Load {
    before: Value,
    after: Value,
    begin: Instant,
}

/// The two recordings are so far apart.
const APART: f64 = 25.0;

impl Load {
    pub fn new() -> Self {
        let read = |text: &str| serde_json::from_str(text).expect("JSON");
        Self {
            before: read(include_str!("../live/envoy_load_before.json")),
            after: read(include_str!("../live/envoy_load_after.json")),
            begin: Instant::now(),
        }
    }

    fn answer(&self) -> String {
        let share = self.begin.elapsed().as_secs_f64() / APART;
        between(&self.before, &self.after, share).to_string()
    }
}

/// Every number that grew goes on growing; all else is as it was.
fn between(before: &Value, after: &Value, share: f64) -> Value {
    match (before, after) {
        (Value::Number(before), Value::Number(after)) => {
            let (before, after) = (before.as_f64().expect("finite"), after.as_f64().expect("finite"));
            match before == after {
                true => json!(after),
                false => json!((before + (after - before) * share).max(0.0).round() as u64),
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            assert_eq!(before.len(), after.len());
            let pairs = before.iter().zip(after);
            pairs.map(|(before, after)| between(before, after, share)).collect()
        }
        (Value::Object(before), Value::Object(after)) => {
            let pairs = before
                .iter()
                .map(|(key, value)| (key.clone(), between(value, &after[key], share)));
            Value::Object(pairs.collect())
        }
        (same, _) => same.clone(),
    }
}

impl Admin {
    pub fn start(load: &Load) -> Self {
        Self::at("127.0.0.1:0".parse().expect("an address"), load)
    }

    /// At an address where one was before.
    pub fn at(address: SocketAddr, load: &Load) -> Self {
        let listener = TcpListener::bind(address).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let is_over = Arc::new(AtomicBool::new(false));
        let (load, over) = (load.clone(), Arc::clone(&is_over));
        let serve = move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    let _ = answer(stream, &load);
                }
            }
        };
        Self {
            address,
            is_over,
            thread: Some(thread::spawn(serve)),
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().expect("a thread").join();
    }
}

fn answer(stream: TcpStream, load: &Load) -> std::io::Result<()> {
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let (status, body) = match line.starts_with("GET /stats?format=json") {
        true => ("200 OK", load.answer()),
        false => ("404 Not Found", String::new()),
    };
    let length = body.len();
    write!(
        &stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}
