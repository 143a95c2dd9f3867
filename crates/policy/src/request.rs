//! One request, from its head to the answer of the primary: the state machine over its copies.
//!
//! While the request comes in, its copies are collected. The body is stored once, however many copies share it. When
//! the request is complete, its copies leave. Then the request waits for the primary's answer, which is counted once
//! for each copy that was sent. An answer may also come before the request is complete.

use std::rc::Rc;
use std::time::Duration;

use crate::active_plan::ActiveMirror;
use crate::breaker::micros;
use crate::budget::Permit;
use crate::copy::redacted_request::{RedactedRequest, Redactions};
use crate::copy::{Original, RequestCopy, body};
use crate::gates::Facts;
use crate::headers::Headers;
use crate::memory;
use crate::outcome;
use crate::reasons::{Class, Dropped};
use crate::statistics::Statistic;

/// A request with at least one copy.
#[derive(Debug)]
pub(crate) struct Request {
    stage: Stage,
    answer: PrimaryAnswer,
}

/// What the request waits for.
#[derive(Debug)]
enum Stage {
    /// The rest of the request.
    Collecting {
        original: Original,
        copies: Vec<CollectedCopy>,
    },
    /// The primary's answer. The request is complete.
    Sent {
        /// The mirrors whose copies were sent and that have not counted the answer yet.
        mirrors: Vec<Rc<ActiveMirror>>,
        /// The monotonic time at which the request was complete.
        completed: Duration,
    },
}

/// A copy of a request that is not complete yet.
#[derive(Debug)]
pub(crate) struct CollectedCopy {
    mirror: Rc<ActiveMirror>,
    permit: Permit,
    with_body: bool,
    redacted: Option<Rc<RedactedRequest>>,
    /// The monotonic time until which the request must be complete.
    deadline: Duration,
}

/// What is known of the primary's answer.
#[derive(Debug, Clone, Copy)]
enum PrimaryAnswer {
    /// No headers have come yet.
    Awaited,
    /// The headers of a gRPC answer, whose class depends on the trailers.
    AwaitsTrailers,
    /// The class of the answer.
    Known(Class),
}

// === impl CollectedCopy ===

impl CollectedCopy {
    /// Admits a copy that has passed all gates.
    pub(crate) fn admit(mirror: Rc<ActiveMirror>, facts: &Facts<'_>) -> Self {
        let config = &mirror.mirror.config;
        Self {
            permit: mirror
                .state
                .with(|state| state.admit(facts.headers.bytes(), facts.late.is_complete)),
            with_body: facts.late.declared_length.unwrap_or(0) <= config.body.max_bytes.get(),
            redacted: None,
            deadline: facts.late.now.saturating_add(config.body.max_wait.duration()),
            mirror,
        }
    }

    /// Counts a chunk of the body. `before` and `after` are the lengths of the body without and with the chunk.
    /// `is_read` has the reason if the chunk was not read.
    fn take_chunk(&mut self, before: u64, after: u64, is_read: Result<(), Dropped>) -> Result<(), Dropped> {
        if !self.with_body {
            return Ok(());
        }
        let Self { mirror, permit, .. } = self;
        self.with_body = body::is_copied(&mirror.mirror.config.body, after)?;
        mirror.state.with(|state| {
            if !self.with_body {
                state.refund(permit, before);
                Ok(())
            } else {
                is_read?;
                state.charge(permit, after.saturating_sub(before))
            }
        })
    }

    /// Gives the copy of a complete request its place in flight.
    fn launch(&mut self, now: Duration) -> Result<(), Dropped> {
        let Self { mirror, permit, .. } = self;
        mirror.state.with(|state| state.launch(permit, now))
    }

    /// Redacts a complete request. The copy is charged for the new length of the body, because Envoy stores the new
    /// body.
    fn redact(&mut self, original: &Original, redactions: &mut Redactions, now: Duration) -> Result<(), Dropped> {
        let Self { mirror, permit, .. } = self;
        let Some(redacted) = redactions.of(mirror, self.with_body, &original.headers, &original.body, now)? else {
            return Ok(());
        };
        let length = redacted.body.as_ref().filter(|_| self.with_body).map(Vec::len);
        self.redacted = Some(redacted);
        let Some(after) = length else { return Ok(()) };
        let (before, after) = (original.body.len() as u64, after as u64);
        mirror.state.with(|state| state.recharge(permit, before, after))
    }

    fn check_deadline(&self, now: Duration) -> Result<(), Dropped> {
        if now > self.deadline {
            Err(Dropped::BodyWait)
        } else {
            Ok(())
        }
    }

    fn lose(self, reason: Dropped) {
        self.mirror.state.with(|state| state.drop_copy(self.permit, reason));
    }
}

/// Ends the copies that a step refuses. The other copies stay.
fn retain(copies: &mut Vec<CollectedCopy>, mut step: impl FnMut(&mut CollectedCopy) -> Result<(), Dropped>) {
    let mut index = 0;
    while let Some(copy) = copies.get_mut(index) {
        match step(copy) {
            Ok(()) => index += 1,
            Err(reason) => copies.remove(index).lose(reason),
        }
    }
}

// === impl Request ===

impl Request {
    /// A request whose copies are collected from now on.
    pub(crate) fn new(headers: Headers, copies: Vec<CollectedCopy>) -> Self {
        let original = Original {
            headers,
            body: Vec::new(),
        };
        Self {
            stage: Stage::Collecting { original, copies },
            answer: PrimaryAnswer::Awaited,
        }
    }

    /// Whether nothing more can come of the request: it has no copy, or the answer is counted for every copy.
    pub(crate) fn is_over(&self) -> bool {
        match &self.stage {
            Stage::Collecting { copies, .. } => copies.is_empty(),
            Stage::Sent { mirrors, .. } => mirrors.is_empty(),
        }
    }

    /// Whether copies of the request are collected.
    pub(crate) const fn is_collecting(&self) -> bool {
        matches!(self.stage, Stage::Collecting { .. })
    }

    /// Whether a copy has a body that is larger by this number of bytes, and the memory has room for it. If not, the
    /// chunk need not be read.
    pub(crate) fn wants(&self, size: usize) -> bool {
        let Stage::Collecting { original, copies } = &self.stage else {
            return false;
        };
        let length = (original.body.len() as u64).saturating_add(size as u64);
        copies
            .iter()
            .any(|copy| copy.with_body && length <= copy.mirror.mirror.config.body.max_bytes.get())
            && memory::has_room(memory::while_appending(&original.body, size)).is_ok()
    }

    /// A chunk of `size` bytes came. `chunk` is `None` if the chunk was not read.
    pub(crate) fn body(&mut self, size: usize, chunk: Option<Vec<u8>>, now: Duration) {
        let Stage::Collecting { original, copies } = &mut self.stage else {
            return;
        };
        if size == 0 {
            return;
        }
        let before = original.body.len() as u64;
        let after = before.saturating_add(size as u64);
        let chunk = chunk.filter(|chunk| chunk.len() == size);
        let is_read = match &chunk {
            Some(_) => Ok(()),
            // There was no room to read the chunk, or the host did not give the chunk.
            None => memory::has_room(memory::while_appending(&original.body, size)).and(Err(Dropped::BodyUnreadable)),
        };
        retain(copies, |copy| {
            copy.check_deadline(now)?;
            copy.take_chunk(before, after, is_read)
        });
        let appended = match chunk.filter(|_| copies.iter().any(|copy| copy.with_body)) {
            Some(chunk) if original.body.is_empty() => {
                original.body = chunk;
                Ok(())
            }
            Some(chunk) => memory::append(&mut original.body, &chunk),
            None => {
                original.body = Vec::new();
                Ok(())
            }
        };
        if let Err(reason) = appended {
            retain(copies, |copy| if copy.with_body { Err(reason) } else { Ok(()) });
            original.body = Vec::new();
        }
    }

    /// Ends the copies that have been collected for too long.
    pub(crate) fn sweep(&mut self, now: Duration) {
        if let Stage::Collecting { copies, .. } = &mut self.stage {
            retain(copies, |copy| copy.check_deadline(now));
        }
    }

    /// The request is complete: its copies leave.
    pub(crate) fn complete(&mut self, now: Duration) -> Vec<RequestCopy> {
        let Stage::Collecting { original, copies } = &mut self.stage else {
            return Vec::new();
        };
        let wanted = copies.iter().map(|copy| (&*copy.mirror.mirror, copy.with_body));
        let mut redactions = Redactions::new(wanted);
        retain(copies, |copy| {
            copy.check_deadline(now)?;
            copy.launch(now)?;
            copy.redact(original, &mut redactions, now)
        });
        let original = Rc::new(std::mem::take(original));
        let complete = |copy: CollectedCopy| RequestCopy {
            mirror: copy.mirror,
            permit: copy.permit,
            original: Rc::clone(&original),
            with_body: copy.with_body,
            redacted: copy.redacted,
        };
        let complete: Vec<_> = copies.drain(..).map(complete).collect();
        self.stage = Stage::Sent {
            mirrors: Vec::with_capacity(complete.len()),
            completed: now,
        };
        complete
    }

    /// Envoy took the copy of a mirror.
    pub(crate) fn sent(&mut self, mirror: Rc<ActiveMirror>) {
        if let Stage::Sent { mirrors, .. } = &mut self.stage {
            mirrors.push(mirror);
        }
    }

    /// All copies were sent or refused. An answer that came before is counted now.
    pub(crate) fn all_sent(&mut self) {
        self.count_answer();
    }

    /// The headers of the primary's answer came. `is_last` means that the answer has neither body nor trailers.
    pub(crate) fn response_headers(&mut self, headers: &Headers, is_last: bool, now: Duration) {
        if !matches!(self.answer, PrimaryAnswer::Awaited) {
            return;
        }
        if let Stage::Sent { mirrors, completed } = &self.stage {
            let millis = micros(now.saturating_sub(*completed)) / 1_000;
            for active in mirrors {
                let observe = |ledger: &mut crate::ledger::Ledger| ledger.observe(Statistic::PrimaryDuration, millis);
                active.state.with(|state| observe(state.ledger()));
            }
        }
        self.answer = match outcome::class_from_headers(headers) {
            Some(class) => PrimaryAnswer::Known(class),
            None if is_last => PrimaryAnswer::Known(Class::of_grpc_status(None)),
            None => PrimaryAnswer::AwaitsTrailers,
        };
        self.count_answer();
    }

    /// The trailers of the primary's answer came.
    pub(crate) fn response_trailers(&mut self, trailers: &Headers) {
        if let PrimaryAnswer::AwaitsTrailers = self.answer {
            self.answer = PrimaryAnswer::Known(Class::of_grpc_status(trailers.get(b"grpc-status")));
            self.count_answer();
        }
    }

    /// The stream is over. Copies whose request is not complete are lost.
    pub(crate) fn end(mut self) {
        self.response_trailers(&Headers::default());
        if let Stage::Collecting { copies, .. } = self.stage {
            copies.into_iter().for_each(|copy| copy.lose(Dropped::RequestReset));
        }
    }

    fn count_answer(&mut self) {
        if let (Stage::Sent { mirrors, .. }, PrimaryAnswer::Known(class)) = (&mut self.stage, self.answer) {
            for active in mirrors.drain(..) {
                active
                    .state
                    .with(|state| state.ledger().count(Statistic::PrimaryResponses(class)));
            }
        }
    }
}
