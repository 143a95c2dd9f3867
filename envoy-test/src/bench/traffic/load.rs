//! What is sent, and what became of it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::bench::schedule::Starts;

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
