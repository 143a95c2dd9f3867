//! The load and the backends: clients, primary and shadow in one loop on one thread, so that they need no more than one
//! core and no switching between threads. The load is open: request `n` is due at `start + n / rate` whatever became of
//! those before it, and its latency counts from then on, so a stall costs every request that it holds up (no
//! coordinated omission).
//!
//! What is ready at the same time is served in the order client, primary, shadow: the copies wait for the requests,
//! never the reverse.

mod connection;
mod http;
mod load;
mod sockets;
mod starts;

pub use load::{Load, Manner, Outcome, PATIENCE};

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroU64;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Context as _, Result};

use connection::{Connection, Role};
use load::Running;
use sockets::Sockets;

const READ_SIZE: usize = 128 * 1024;
const PRIMARY: u64 = u64::MAX;
const SHADOW: u64 = u64::MAX - 1;

/// The loop with its sockets, which stay open from one load to the next.
pub struct Traffic {
    sockets: Sockets,
    primary: TcpListener,
    shadow: TcpListener,
    /// The idle client connections of each listener.
    idle: HashMap<SocketAddr, Vec<u64>>,
    answer: Rc<[u8]>,
    buffer: Vec<u8>,
}

// === impl Traffic ===

impl Traffic {
    /// Listens as primary and as shadow.
    pub fn new() -> Result<Self> {
        // Timers of a usual thread may be 50 µs late, for which every request would have to pay.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        let mut traffic = Self {
            sockets: Sockets::new()?,
            primary: TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
            shadow: TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
            idle: HashMap::new(),
            answer: answer().into(),
            buffer: vec![0; READ_SIZE],
        };
        traffic.sockets.listen(&traffic.primary, PRIMARY)?;
        traffic.sockets.listen(&traffic.shadow, SHADOW)?;
        Ok(traffic)
    }

    /// Where primary and shadow listen.
    pub fn backends(&self) -> Result<[SocketAddr; 2]> {
        Ok([self.primary.local_addr()?, self.shadow.local_addr()?])
    }

    /// Opens client connections, so that a load does not begin with it.
    pub fn connect(&mut self, target: SocketAddr, count: usize) -> Result<()> {
        while self.idle.get(&target).map_or(0, Vec::len) < count {
            let token = self.open(target)?;
            self.idle.entry(target).or_default().push(token);
        }
        Ok(())
    }

    /// Closes all connections: the next Envoy gets fresh ones.
    pub fn disconnect(&mut self) {
        self.sockets.close_if(|_| true);
        self.idle.clear();
    }

    /// Sends the load, serves it, and goes on until it is over and settled.
    pub fn run(&mut self, load: &Load) -> Result<Outcome> {
        let mut running = Running::new(load);
        loop {
            let now = Instant::now();
            if now >= running.end
                && running.starts.is_over()
                && (running.unanswered == 0 || now >= running.end + running.load.patience)
            {
                break;
            }
            self.send_due(&mut running, now)?;
            let tokens = self.sockets.wait(self.next_due(&running))?;
            self.serve(tokens, &mut running)?;
        }
        running.outcome.failed += running.unanswered;
        // An answer that came now would count for the next load.
        self.sockets
            .close_if(|connection| matches!(connection.role, Role::Client { due: Some(_) }));
        Ok(running.outcome)
    }

    fn next_due(&self, running: &Running<'_>) -> Instant {
        let end = if running.unanswered > 0 && running.starts.is_over() {
            running.end + running.load.patience
        } else {
            running.end
        };
        running.starts.peek().map_or(end, |due| due.min(end))
    }

    fn send_due(&mut self, running: &mut Running<'_>, now: Instant) -> Result<()> {
        running.advance(now);
        while let Some(due) = running.waiting.front().copied() {
            let Some(token) = self.idle.get_mut(&running.load.target).and_then(Vec::pop) else {
                break;
            };
            let Some(connection) = self.sockets.get(token) else {
                continue;
            };
            running.waiting.pop_front();
            running.outcome.lateness.push(now.saturating_duration_since(due));
            connection.role = Role::Client { due: Some(due) };
            if connection.send(&running.load.request).is_err() {
                self.fail(token, running)?;
            }
        }
        Ok(())
    }

    fn serve(&mut self, tokens: Vec<u64>, running: &mut Running<'_>) -> Result<()> {
        let (mut primaries, mut shadows) = (Vec::new(), Vec::new());
        for token in tokens {
            match self.sockets.get(token).map(|connection| connection.role) {
                Some(Role::Client { .. }) => self.serve_client(token, running)?,
                Some(Role::Primary) => primaries.push(token),
                Some(Role::Shadow) => shadows.push(token),
                None if token == PRIMARY => self.accept(Role::Primary)?,
                None if token == SHADOW => self.accept(Role::Shadow)?,
                None => {}
            }
        }
        self.send_due(running, Instant::now())?;
        for token in primaries {
            let mut received = 0;
            self.receive_or_close(token, |_| received += 1);
            if received > 0 {
                self.answer(token);
            }
        }
        for token in shadows {
            self.serve_shadow(token, running);
        }
        Ok(())
    }

    fn serve_client(&mut self, token: u64, running: &mut Running<'_>) -> Result<()> {
        let mut status = None;
        let result = self.receive(token, |answered| status = Some(answered));
        if let Some(status) = status
            && let Some(connection) = self.sockets.get(token)
            && let Role::Client { due: Some(due) } = connection.role
        {
            running.answered(due, status);
            connection.role = Role::Client { due: None };
            if result.is_ok() {
                self.idle.entry(running.load.target).or_default().push(token);
            }
        }
        match result {
            Ok(()) => Ok(()),
            Err(_) => self.fail(token, running),
        }
    }

    /// A client's connection broke: its request has failed, and another connection takes its place.
    fn fail(&mut self, token: u64, running: &mut Running<'_>) -> Result<()> {
        if let Some(Connection {
            role: Role::Client { due: Some(_) },
            ..
        }) = self.sockets.get(token)
        {
            running.broken();
        }
        self.sockets.close(token);
        let fresh = self.open(running.load.target)?;
        self.idle.entry(running.load.target).or_default().push(fresh);
        Ok(())
    }

    fn serve_shadow(&mut self, token: u64, running: &mut Running<'_>) {
        let manner = running.load.shadow;
        if manner == Manner::Unread {
            return;
        }
        let mut received = 0;
        self.receive_or_close(token, |_| received += 1);
        running.outcome.copies += received;
        if received > 0 && manner == Manner::Prompt {
            self.answer(token);
        }
    }

    fn answer(&mut self, token: u64) {
        if let Some(connection) = self.sockets.get(token)
            && connection.send(&self.answer).is_err()
        {
            self.sockets.close(token);
        }
    }

    fn receive_or_close(&mut self, token: u64, complete: impl FnMut(u16)) {
        if self.receive(token, complete).is_err() {
            self.sockets.close(token);
        }
    }

    /// Goes on with whatever the connection is ready for.
    fn receive(&mut self, token: u64, complete: impl FnMut(u16)) -> Result<()> {
        let Some(connection) = self.sockets.get(token) else {
            return Ok(());
        };
        connection.flush()?;
        connection.receive(&mut self.buffer, complete)
    }

    fn accept(&mut self, role: Role) -> Result<()> {
        loop {
            let listener = if role == Role::Primary {
                &self.primary
            } else {
                &self.shadow
            };
            match listener.accept() {
                Ok((stream, _)) => self.sockets.insert(stream, role)?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("a backend cannot accept"),
            };
        }
    }

    fn open(&mut self, target: SocketAddr) -> Result<u64> {
        let stream = TcpStream::connect(target).with_context(|| format!("cannot connect to Envoy at {target}"))?;
        self.sockets.insert(stream, Role::Client { due: None })
    }
}

/// What both backends answer.
fn answer() -> Vec<u8> {
    let body = format!("{{\"answer\":\"{}\"}}", "x".repeat(240));
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The primary is asked directly: what matters is that the loop ends and counts.
    #[test]
    fn a_load_is_sent_answered_and_counted() {
        let mut traffic = Traffic::new().expect("sockets");
        let [primary, shadow] = traffic.backends().expect("addresses");
        for (target, manner, copies) in [(primary, Manner::Prompt, 0), (shadow, Manner::Prompt, 20)] {
            traffic.connect(target, 2).expect("connections");
            let load = Load {
                target,
                request: crate::measure::request::bytes("POST", 200_000),
                rate: 1000.0,
                duration: Duration::from_millis(20),
                settle: Duration::ZERO,
                patience: PATIENCE,
                shadow: manner,
            };
            let outcome = traffic.run(&load).expect("a run");
            assert_eq!((outcome.sent, outcome.failed, outcome.copies), (20, 0, copies));
            assert_eq!((outcome.latencies.len(), outcome.lateness.len()), (20, 20));
        }
    }
}
