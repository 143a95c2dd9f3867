//! Stand-ins for Envoy's admin interface and for Prometheus. What they answer was recorded from real ones. The Envoy
//! was under load and was asked at two moments; in between and after, its stand-in counts on at the same pace, so that
//! rates are steady whenever it is asked.

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

/// What is answered: JSON, or `None` if there is no such thing.
pub trait Answers: Clone + Send + 'static {
    fn answer(&self, path: &str) -> Option<String>;
}

/// What is counted, from its beginning on.
#[derive(Clone)]
pub struct Load {
    before: Value,
    after: Value,
    begin: Instant,
}

/// The two recordings are so far apart, in seconds.
const APART: f64 = 25.0;

impl Load {
    pub fn new() -> Self {
        let read = |text: &str| serde_json::from_str(text).expect("JSON");
        Self {
            before: read(include_str!("../../live/envoy_load_before.json")),
            after: read(include_str!("../../live/envoy_load_after.json")),
            begin: Instant::now(),
        }
    }
}

impl Answers for Load {
    fn answer(&self, path: &str) -> Option<String> {
        let share = self.begin.elapsed().as_secs_f64() / APART;
        let mut answer = between(&self.before, &self.after, share);
        balance(&mut answer);
        path.starts_with("/stats?format=json").then(|| answer.to_string())
    }
}

/// Every number that grew goes on growing; all else is as it was.
fn between(before: &Value, after: &Value, share: f64) -> Value {
    match (before, after) {
        (Value::Number(before), Value::Number(after)) if before != after => {
            let (before, after) = (before.as_f64().expect("finite"), after.as_f64().expect("finite"));
            json!((before + (after - before) * share).max(0.0).round() as u64)
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

/// The sums add up in the recordings; each term is rounded by itself, so the sums are made of the rounded terms.
fn balance(answer: &mut Value) {
    let stats = answer["stats"].as_array_mut().expect("a list");
    for mirror in ["reviews-v2", "reviews-v3"] {
        let sum = |stats: &[Value], ends: &[&str]| -> u64 {
            let is_term = |name: &str| name.contains(mirror) && ends.iter().any(|end| name.ends_with(end));
            let terms = stats.iter().filter(|entry| entry["name"].as_str().is_some_and(is_term));
            terms.map(|entry| entry["value"].as_u64().expect("a count")).sum()
        };
        for (total, terms) in [
            (
                "sent_total",
                &[".traffic_mirror_responses_total", "failures_total", "in_flight"][..],
            ),
            (
                "matched_total",
                &["sent_total", "skipped_total", "dropped_total", "collecting"],
            ),
        ] {
            let value = sum(stats, terms);
            let name = format!("{mirror}.traffic_mirror_{total}");
            let entry = stats
                .iter_mut()
                .find(|entry| entry["name"].as_str().is_some_and(|one| one.ends_with(&name)));
            entry.expect("a sum")["value"] = json!(value);
        }
    }
}

/// A Prometheus server that stands still: what a real one answered just after the last sample.
#[derive(Clone)]
pub struct Prometheus;

impl Answers for Prometheus {
    fn answer(&self, path: &str) -> Option<String> {
        let samples = include_str!("../../live/prometheus_istio.json");
        if path.contains("query=time%28%29") {
            let all: Value = serde_json::from_str(samples).expect("JSON");
            let last = all["data"]["result"][0]["values"]
                .as_array()
                .and_then(|values| values.last());
            let now = last.expect("a sample")[0].as_f64().expect("a time") + 1.0;
            let scalar = json!({"resultType": "scalar", "result": [now, now.to_string()]});
            return Some(json!({"status": "success", "data": scalar}).to_string());
        }
        path.starts_with("/api/v1/query?").then(|| samples.to_owned())
    }
}

impl Admin {
    pub fn start(answers: &impl Answers) -> Self {
        Self::at("127.0.0.1:0".parse().expect("an address"), answers)
    }

    /// At an address where one was before.
    pub fn at(address: SocketAddr, answers: &impl Answers) -> Self {
        let listener = TcpListener::bind(address).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let is_over = Arc::new(AtomicBool::new(false));
        let (answers, over) = (answers.clone(), Arc::clone(&is_over));
        let serve = move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    let _ = answer(stream, &answers);
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

fn answer(stream: TcpStream, answers: &impl Answers) -> std::io::Result<()> {
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let path = line.strip_prefix("GET ").and_then(|line| line.split(' ').next());
    let found = path.and_then(|path| answers.answer(path));
    let status = if found.is_some() { "200 OK" } else { "404 Not Found" };
    let body = found.unwrap_or_default();
    let length = body.len();
    write!(
        &stream,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}
