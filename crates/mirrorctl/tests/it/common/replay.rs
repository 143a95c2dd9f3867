//! A server that answers as a real Envoy once did: each question gets the next recorded answer, and the last one stays.
//! It can go away and come back.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

pub struct Replay {
    url: String,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_silent: AtomicBool,
    is_hanging: AtomicBool,
    /// Questions that were left hanging, and those of them that the asker has given up.
    hung: AtomicUsize,
    given_up: AtomicUsize,
    asked: AtomicUsize,
}

impl Replay {
    /// Answers with these bodies.
    pub fn of(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&shared, &answers, stream.expect("a connection"));
            }
        });
        Self { url, state }
    }

    /// Answers as the Envoy of `tests/live/envoy_restart.json`.
    pub fn recorded() -> Self {
        let text = include_str!("../../live/envoy_restart.json");
        let recorded: Vec<Value> = serde_json::from_str(text).expect("JSON");
        Self::of(recorded.iter().map(|one| one["answer"].to_string()).collect())
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on connections end without an answer, or get one again.
    pub fn set_silent(&self, is_silent: bool) {
        self.state.is_silent.store(is_silent, Ordering::SeqCst);
    }

    /// How many questions were answered.
    pub fn asked(&self) -> usize {
        self.state.asked.load(Ordering::SeqCst)
    }

    /// From now on questions are taken and not answered.
    pub fn hang(&self) {
        self.state.is_hanging.store(true, Ordering::SeqCst);
    }

    /// How many questions were left hanging, and how many of them the asker has given up.
    pub fn hung(&self) -> (usize, usize) {
        let given_up = self.state.given_up.load(Ordering::SeqCst);
        (self.state.hung.load(Ordering::SeqCst), given_up)
    }
}

fn answer(state: &State, answers: &[String], mut stream: TcpStream) {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&part[..read]),
        }
    }
    if state.is_silent.load(Ordering::SeqCst) {
        return;
    }
    if state.is_hanging.load(Ordering::SeqCst) {
        state.hung.fetch_add(1, Ordering::SeqCst);
        // Until the asker closes the connection.
        let _ = stream.read(&mut part);
        state.given_up.fetch_add(1, Ordering::SeqCst);
        return;
    }
    let asked = state.asked.fetch_add(1, Ordering::SeqCst);
    let body = &answers[asked.min(answers.len() - 1)];
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // Who has gone away does not want it.
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body.as_bytes()));
}
