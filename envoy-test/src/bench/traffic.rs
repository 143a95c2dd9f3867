//! The load and the backends: clients, primary and shadow in one loop on one thread, so that they need no more than one core and no
//! switching between threads. The load is open: request `n` is due at `start + n / rate` whatever became of those before it, and its
//! latency counts from then on, so a stall costs every request that it holds up (no coordinated omission).
//!
//! What is ready at the same time is served in the order client, primary, shadow: the copies wait for the requests, never the reverse.

mod connection;
mod http;

use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::event::epoll;
use rustix::fs::Timespec;

use super::schedule;
use connection::{Connection, Role};

/// A request that has no answer this long after the load has ended has failed.
pub const PATIENCE: Duration = Duration::from_secs(10);
const EVENTS: usize = 512;
const READ_SIZE: usize = 128 * 1024;
const PRIMARY: u64 = u64::MAX;
const SHADOW: u64 = u64::MAX - 1;

/// How the shadow behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Answers at once.
    Prompt,
    /// Answers after this long.
    Slow(Duration),
    /// Reads, and never answers.
    Silent,
    /// Accepts, and never reads.
    Unread,
}

/// Requests to send, and how long to go on afterwards.
#[derive(Clone, Debug)]
pub struct Load {
    pub target: SocketAddr,
    pub request: Rc<[u8]>,
    /// Requests per second.
    pub rate: f64,
    pub duration: Duration,
    /// Until the copies are over too.
    pub settle: Duration,
    pub shadow: Manner,
}

/// What became of them.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Of each request answered with 200, from when it was due to the end of its answer.
    pub latencies: Vec<Duration>,
    /// How late each was sent.
    pub lateness: Vec<Duration>,
    pub sent: u64,
    /// Answered with something else, broken off, or not answered at all.
    pub failed: u64,
    /// What the shadow received.
    pub copies: u64,
}

/// The loop with its sockets, which stay open from one load to the next.
pub struct Traffic {
    epoll: OwnedFd,
    primary: TcpListener,
    shadow: TcpListener,
    slots: Vec<Option<Connection>>,
    generations: Vec<u32>,
    free: Vec<usize>,
    /// The idle client connections of each listener.
    idle: HashMap<SocketAddr, Vec<u64>>,
    /// Connections of the shadow that get their answer later.
    delayed: VecDeque<(Instant, u64)>,
    answer: Rc<[u8]>,
    buffer: Vec<u8>,
}

// === impl Traffic ===

impl Traffic {
    /// Listens as primary and as shadow.
    pub fn new() -> Result<Self> {
        // Timers of a usual thread may be 50 µs late, for which every request would have to pay.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        let traffic = Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            primary: TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
            shadow: TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
            slots: Vec::new(),
            generations: Vec::new(),
            free: Vec::new(),
            idle: HashMap::new(),
            delayed: VecDeque::new(),
            answer: answer().into(),
            buffer: vec![0; READ_SIZE],
        };
        for (listener, token) in [(&traffic.primary, PRIMARY), (&traffic.shadow, SHADOW)] {
            listener.set_nonblocking(true)?;
            epoll::add(
                &traffic.epoll,
                listener,
                epoll::EventData::new_u64(token),
                epoll::EventFlags::IN,
            )?;
        }
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
        for slot in 0..self.slots.len() {
            self.close_slot(slot);
        }
        self.idle.clear();
        self.delayed.clear();
    }

    /// Sends the load, serves it, and goes on until it is over and settled.
    pub fn run(&mut self, load: &Load) -> Result<Outcome> {
        let mut running = Running::new(load);
        let mut events = Vec::with_capacity(EVENTS);
        loop {
            let now = Instant::now();
            if now >= running.end && (running.unanswered == 0 || now >= running.end + PATIENCE) {
                break;
            }
            self.send_due(&mut running, now)?;
            self.answer_delayed(now);
            let timeout = self.next_due(&running).saturating_duration_since(Instant::now());
            let timeout = Timespec::try_from(timeout).context("a long wait")?;
            events.clear();
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&timeout)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error).context("epoll"),
            }
            self.serve(&events, &mut running)?;
        }
        running.outcome.failed += running.unanswered;
        self.abandon_unanswered();
        Ok(running.outcome)
    }

    /// An answer that comes now would count for the next load.
    fn abandon_unanswered(&mut self) {
        for slot in 0..self.slots.len() {
            if let Some(Connection {
                role: Role::Client { due: Some(_) },
                ..
            }) = self.slots[slot]
            {
                self.close_slot(slot);
            }
        }
    }

    fn next_due(&self, running: &Running<'_>) -> Instant {
        let mut next = if running.unanswered > 0 && running.schedule.is_over() {
            running.end + PATIENCE
        } else {
            running.end
        };
        if let Some(due) = running.schedule.peek() {
            next = next.min(due);
        }
        if let Some((due, _)) = self.delayed.front() {
            next = next.min(*due);
        }
        next
    }

    fn send_due(&mut self, running: &mut Running<'_>, now: Instant) -> Result<()> {
        while let Some(due) = running.schedule.next_until(now) {
            running.outcome.sent += 1;
            running.unanswered += 1;
            running.waiting.push_back(due);
        }
        while let Some(due) = running.waiting.front().copied() {
            let Some(token) = self.idle.get_mut(&running.load.target).and_then(Vec::pop) else {
                break;
            };
            running.waiting.pop_front();
            running.outcome.lateness.push(now.saturating_duration_since(due));
            let Some(connection) = self.connection(token) else {
                continue;
            };
            connection.role = Role::Client { due: Some(due) };
            if connection.send(&running.load.request).is_err() {
                self.fail(token, running)?;
            }
        }
        Ok(())
    }

    fn answer_delayed(&mut self, now: Instant) {
        while let Some((due, token)) = self.delayed.front().copied()
            && due <= now
        {
            self.delayed.pop_front();
            let answer = Rc::clone(&self.answer);
            if let Some(connection) = self.connection(token)
                && connection.send(&answer).is_err()
            {
                self.close(token);
            }
        }
    }

    fn serve(&mut self, events: &[epoll::Event], running: &mut Running<'_>) -> Result<()> {
        let tokens = |events: &[epoll::Event]| events.iter().map(|event| event.data.u64()).collect::<Vec<_>>();
        let mut servers = Vec::new();
        for token in tokens(events) {
            match self.connection(token).map(|connection| connection.role) {
                Some(Role::Client { .. }) => self.serve_client(token, running)?,
                _ => servers.push(token),
            }
        }
        self.send_due(running, Instant::now())?;
        let mut shadows = Vec::new();
        for token in servers {
            match token {
                PRIMARY => self.accept(true)?,
                SHADOW => self.accept(false)?,
                _ => match self.connection(token).map(|connection| connection.role) {
                    Some(Role::Primary) => self.serve_primary(token),
                    Some(Role::Shadow) => shadows.push(token),
                    _ => {}
                },
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
        let now = Instant::now();
        let Some(connection) = self.connection(token) else {
            return Ok(());
        };
        let Role::Client { due } = connection.role else {
            return Ok(());
        };
        if let (Some(status), Some(due)) = (status, due) {
            connection.role = Role::Client { due: None };
            running.unanswered = running.unanswered.saturating_sub(1);
            if status == 200 {
                running.outcome.latencies.push(now - due);
            } else {
                running.outcome.failed += 1;
            }
            if result.is_ok() {
                self.idle.entry(running.load.target).or_default().push(token);
                return Ok(());
            }
        }
        match result {
            Ok(()) => Ok(()),
            Err(_) => self.fail(token, running),
        }
    }

    /// A client's connection broke: its request has failed, and another connection takes its place.
    fn fail(&mut self, token: u64, running: &mut Running<'_>) -> Result<()> {
        let role = self.connection(token).map(|connection| connection.role);
        self.close(token);
        if let Some(Role::Client { due: Some(_) }) = role {
            running.unanswered = running.unanswered.saturating_sub(1);
            running.outcome.failed += 1;
        }
        for idle in self.idle.values_mut() {
            idle.retain(|other| *other != token);
        }
        let fresh = self.open(running.load.target)?;
        self.idle.entry(running.load.target).or_default().push(fresh);
        Ok(())
    }

    fn serve_primary(&mut self, token: u64) {
        let mut received = 0;
        let result = self.receive(token, |_| received += 1);
        let answer = Rc::clone(&self.answer);
        let answered = match self.connection(token) {
            Some(connection) if received > 0 => connection.send(&answer),
            _ => Ok(()),
        };
        if result.and(answered).is_err() {
            self.close(token);
        }
    }

    fn serve_shadow(&mut self, token: u64, running: &mut Running<'_>) {
        if running.load.shadow == Manner::Unread {
            return;
        }
        let mut received = 0;
        let mut result = self.receive(token, |_| received += 1);
        running.outcome.copies += received;
        if received > 0 {
            match running.load.shadow {
                Manner::Prompt => {
                    let answer = Rc::clone(&self.answer);
                    if let Some(connection) = self.connection(token) {
                        result = result.and(connection.send(&answer));
                    }
                }
                Manner::Slow(delay) => self.delayed.push_back((Instant::now() + delay, token)),
                Manner::Silent | Manner::Unread => {}
            }
        }
        if result.is_err() {
            self.close(token);
        }
    }

    fn receive(&mut self, token: u64, complete: impl FnMut(u16)) -> Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = match self.connection(token) {
            Some(connection) => connection
                .flush()
                .and_then(|()| connection.receive(&mut buffer, complete)),
            None => Ok(()),
        };
        self.buffer = buffer;
        result
    }

    fn accept(&mut self, is_primary: bool) -> Result<()> {
        let (listener, role) = match is_primary {
            true => (&self.primary, Role::Primary),
            false => (&self.shadow, Role::Shadow),
        };
        let mut streams = Vec::new();
        loop {
            match listener.accept() {
                Ok((stream, _)) => streams.push(stream),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("a backend cannot accept"),
            }
        }
        for stream in streams {
            self.insert(Connection::new(stream, role)?)?;
        }
        Ok(())
    }

    fn open(&mut self, target: SocketAddr) -> Result<u64> {
        let stream = TcpStream::connect(target).with_context(|| format!("cannot connect to Envoy at {target}"))?;
        self.insert(Connection::new(stream, Role::Client { due: None })?)
    }

    fn insert(&mut self, connection: Connection) -> Result<u64> {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.generations.push(0);
            self.slots.len() - 1
        });
        let token = token(slot, self.generations[slot]);
        epoll::add(
            &self.epoll,
            &connection.stream,
            epoll::EventData::new_u64(token),
            epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::RDHUP | epoll::EventFlags::ET,
        )?;
        self.slots[slot] = Some(connection);
        Ok(token)
    }

    fn connection(&mut self, token: u64) -> Option<&mut Connection> {
        let slot = slot(token);
        if self.generations.get(slot) != Some(&generation(token)) {
            return None;
        }
        self.slots.get_mut(slot)?.as_mut()
    }

    fn close(&mut self, token: u64) {
        if self.connection(token).is_some() {
            self.close_slot(slot(token));
        }
    }

    fn close_slot(&mut self, slot: usize) {
        if self.slots[slot].take().is_some() {
            self.generations[slot] = self.generations[slot].wrapping_add(1);
            self.free.push(slot);
        }
    }
}

/// A load under way.
struct Running<'a> {
    load: &'a Load,
    schedule: schedule::Starts,
    end: Instant,
    /// Due, but all connections are busy.
    waiting: VecDeque<Instant>,
    unanswered: u64,
    outcome: Outcome,
}

impl<'a> Running<'a> {
    fn new(load: &'a Load) -> Self {
        let start = Instant::now();
        Self {
            load,
            schedule: schedule::Starts::new(start, load.rate, load.duration),
            end: start + load.duration + load.settle,
            waiting: VecDeque::new(),
            unanswered: 0,
            outcome: Outcome::default(),
        }
    }
}

/// A slot is used again, and an event may still speak of the connection that had it before: the generation tells them apart.
fn token(slot: usize, generation: u32) -> u64 {
    (u64::from(generation) << 32) | slot as u64
}

fn slot(token: u64) -> usize {
    (token & u64::from(u32::MAX)) as usize
}

fn generation(token: u64) -> u32 {
    (token >> 32) as u32
}

fn answer() -> Vec<u8> {
    let body = format!("{{\"answer\":\"{}\"}}", "x".repeat(240));
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
