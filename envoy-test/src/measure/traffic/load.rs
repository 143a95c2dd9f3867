//! What is sent, and what became of it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::starts::Starts;

/// How long a client usually waits for an answer when the load has ended.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How the shadow behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Answers at once.
    Prompt,
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
    /// A request that has no answer this long after the load has ended has failed.
    pub patience: Duration,
    pub shadow: Manner,
}

// === impl Load ===

impl Load {
    /// So many requests to a prompt shadow, one after the other on each connection. Latencies of such a load tell
    /// nothing.
    pub fn back_to_back(target: SocketAddr, request: Rc<[u8]>, count: u32, patience: Duration) -> Self {
        const RATE: f64 = 1e6;
        Self {
            target,
            request,
            rate: RATE,
            duration: Duration::from_secs_f64(f64::from(count) / RATE),
            settle: Duration::ZERO,
            patience,
            shadow: Manner::Prompt,
        }
    }

    /// No request: copies that are still under way to a prompt shadow are received for this long.
    pub fn pause(target: SocketAddr, length: Duration) -> Self {
        Self {
            settle: length,
            ..Self::back_to_back(target, Rc::default(), 0, Duration::ZERO)
        }
    }
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

/// A load under way.
pub struct Running<'a> {
    pub load: &'a Load,
    pub starts: Starts,
    /// When all should be over.
    pub end: Instant,
    /// Due, but all connections are busy.
    pub waiting: VecDeque<Instant>,
    pub unanswered: u64,
    pub outcome: Outcome,
}

// === impl Running ===

impl<'a> Running<'a> {
    /// Begins now.
    pub fn new(load: &'a Load) -> Self {
        let now = Instant::now();
        Self {
            load,
            starts: Starts::new(now, load.rate, load.duration),
            end: now + load.duration + load.settle,
            waiting: VecDeque::new(),
            unanswered: 0,
            outcome: Outcome::default(),
        }
    }

    /// Queues what is due by now.
    pub fn advance(&mut self, now: Instant) {
        while let Some(due) = self.starts.next_until(now) {
            self.outcome.sent += 1;
            self.unanswered += 1;
            self.waiting.push_back(due);
        }
    }

    /// The request that was due then has its answer.
    pub fn answered(&mut self, due: Instant, status: u16) {
        self.unanswered = self.unanswered.saturating_sub(1);
        if status == 200 {
            self.outcome.latencies.push(due.elapsed());
        } else {
            self.outcome.failed += 1;
        }
    }

    /// A request will have no answer.
    pub fn broken(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
        self.outcome.failed += 1;
    }
}
