//! All connections under one epoll, found again by the token that it returns with an event.

use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::event::epoll;
use rustix::fs::Timespec;

use super::connection::{Connection, Role};

const EVENTS: usize = 512;

/// Open connections. A slot is used again, and an event may still speak of the connection that had it before: the
/// generation in a token tells them apart.
pub struct Sockets {
    epoll: OwnedFd,
    slots: Vec<Option<Connection>>,
    generations: Vec<u32>,
    free: Vec<usize>,
}

// === impl Sockets ===

impl Sockets {
    /// None yet.
    pub fn new() -> Result<Self> {
        Ok(Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            slots: Vec::new(),
            generations: Vec::new(),
            free: Vec::new(),
        })
    }

    /// Watches a listener under a token that no connection has.
    pub fn listen(&mut self, listener: &TcpListener, token: u64) -> Result<()> {
        listener.set_nonblocking(true)?;
        let data = epoll::EventData::new_u64(token);
        Ok(epoll::add(&self.epoll, listener, data, epoll::EventFlags::IN)?)
    }

    /// Takes a connection in.
    pub fn insert(&mut self, stream: TcpStream, role: Role) -> Result<u64> {
        let connection = Connection::new(stream, role)?;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.generations.push(0);
            self.slots.len() - 1
        });
        let token = token(slot, self.generations[slot]);
        // Edge-triggered: what to wait for never changes, which saves a system call for each message.
        let events = epoll::EventFlags::IN | epoll::EventFlags::OUT | epoll::EventFlags::RDHUP | epoll::EventFlags::ET;
        epoll::add(
            &self.epoll,
            &connection.stream,
            epoll::EventData::new_u64(token),
            events,
        )?;
        self.slots[slot] = Some(connection);
        Ok(token)
    }

    /// The connection, if it is still open.
    pub fn get(&mut self, token: u64) -> Option<&mut Connection> {
        let slot = slot(token);
        if self.generations.get(slot) != Some(&generation(token)) {
            return None;
        }
        self.slots.get_mut(slot)?.as_mut()
    }

    /// Closes it, if it is still open.
    pub fn close(&mut self, token: u64) {
        if self.get(token).is_some() {
            self.close_slot(slot(token));
        }
    }

    /// Closes all for which this holds.
    pub fn close_if(&mut self, holds: impl Fn(&Connection) -> bool) {
        for slot in 0..self.slots.len() {
            if self.slots[slot].as_ref().is_some_and(&holds) {
                self.close_slot(slot);
            }
        }
    }

    /// The tokens with an event, at the latest at `until` none.
    pub fn wait(&self, until: Instant) -> Result<Vec<u64>> {
        let timeout: Duration = until.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(timeout).context("a long wait")?;
        let mut events: Vec<epoll::Event> = Vec::with_capacity(EVENTS);
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error).context("epoll"),
        }
        Ok(events.iter().map(|event| event.data.u64()).collect())
    }

    fn close_slot(&mut self, slot: usize) {
        if self.slots[slot].take().is_some() {
            self.generations[slot] = self.generations[slot].wrapping_add(1);
            self.free.push(slot);
        }
    }
}

fn token(slot: usize, generation: u32) -> u64 {
    (u64::from(generation) << 32) | slot as u64
}

fn slot(token: u64) -> usize {
    (token & u64::from(u32::MAX)) as usize
}

fn generation(token: u64) -> u32 {
    (token >> 32) as u32
}
