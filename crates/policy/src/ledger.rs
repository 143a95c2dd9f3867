//! Stage 7, and the memory behind stages 4 to 6: what is being collected and what is in flight. It belongs to the VM, not
//! to a stream or a configuration, so a copy outlives both. Both balances hold after every event:
//! `matched = sent + skipped + dropped + collecting` and `sent = responses + failures + in flight`.

use std::time::Duration;

use crate::account::{AccountId, Accounts};
use crate::budget::Permit;
use crate::config::WhenLarger;
use crate::copy;
use crate::effects::Effects;
use crate::exchange::{Binding, Collecting, Exchange, Lost, Outgoing};
use crate::headers::Headers;
use crate::matching::MirrorSet;
use crate::numbered::Numbered;
use crate::plan::{Mirror, Plan};
use crate::reason::{Dropped, Failure, Outcome, Skipped};
use crate::sample::Dice;
use crate::stats::Statistic;

/// A request whose copies are being collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExchangeId(u64);

/// Who sent a copy: the id of the root context that dispatched it.
pub type Owner = u32;

/// What Envoy calls a copy that it has taken; unique within a VM.
pub type Token = u32;

/// A request that belongs to at least one mirror.
#[derive(Debug)]
pub struct Arrival {
    /// Under which plan.
    pub binding: Binding,
    /// The mirrors it belongs to, from [`select`](crate::matching::select).
    pub mirrors: MirrorSet,
    /// Its headers.
    pub headers: Headers,
    /// Whether an upstream is to answer it.
    pub is_routed: bool,
    /// Whether this is not the first attempt for its request; only a filter behind the router sees those.
    pub is_retry: bool,
    /// Monotonic time.
    pub now: Duration,
    /// The time of day, since the Unix epoch; needed only if [`Plan::needs_wall_clock`].
    pub wall: Option<Duration>,
}

/// All that a VM holds.
#[derive(Debug, Default)]
pub struct Ledger {
    accounts: Accounts,
    collecting: Numbered<ExchangeId, Exchange>,
    in_flight: Numbered<Token, InFlight>,
    next: u64,
}

#[derive(Debug)]
struct InFlight {
    account: AccountId,
    permit: Permit,
    owner: Owner,
}

// === impl Ledger ===

impl Ledger {
    /// The accounts.
    pub const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Takes a new plan of a plugin over; see [`Accounts::adopt`].
    pub fn adopt(&mut self, plugin: &str, plan: &Plan) -> Vec<AccountId> {
        self.accounts.adopt(plugin, plan)
    }

    /// Decides for each mirror that the request belongs to. Returns the exchange if at least one copy is collected. A
    /// retry is the same request once more: it is not copied and not counted.
    ///
    /// The order is fixed, so that one request has one reason: loop, upgrade, no route, expiry, sample, circuit breaker,
    /// headers or declared body that cannot be copied, copies in flight, bytes, rate.
    pub fn begin(&mut self, arrival: Arrival, dice: &mut Dice, effects: &mut Effects) -> Option<ExchangeId> {
        let Arrival {
            binding,
            mirrors,
            headers,
            is_routed,
            is_retry,
            now,
            wall,
        } = arrival;
        if is_retry {
            return None;
        }
        let left_out = left_out(&binding.plan, &headers, is_routed);
        let mut copies = Vec::new();
        for index in mirrors.iter() {
            let Some((mirror, account)) = binding.mirror(index) else {
                continue;
            };
            effects.count(account, Statistic::Matched);
            let sampled = match left_out {
                Some(reason) => Err(reason),
                None if mirror.is_expired(wall) => Err(Skipped::Expired),
                None => mirror.sampling.decide(mirror.config.percentage, &headers, dice),
            };
            if let Err(reason) = sampled {
                effects.count(account, Statistic::Skipped(reason));
                continue;
            }
            let allowed = self.accounts.allows(account, now);
            let admitted = allowed
                .and_then(|()| with_body(mirror, &headers))
                .and_then(|with_body| {
                    let permit = self.accounts.admit(account, headers.bytes(), now, effects)?;
                    let deadline = now.saturating_add(mirror.config.body.max_wait.duration());
                    Ok(Collecting {
                        account,
                        permit,
                        mirror: index,
                        with_body,
                        redacted: None,
                        deadline,
                    })
                });
            match admitted {
                Ok(copy) => copies.push(copy),
                Err(reason) => effects.count(account, Statistic::Dropped(reason)),
            }
        }
        if copies.is_empty() {
            return None;
        }
        let id = ExchangeId(self.next);
        self.next = self.next.wrapping_add(1);
        self.collecting.insert(id, Exchange::new(binding.plan, headers, copies));
        Some(id)
    }

    /// Whether any copy takes a chunk of this size. If not, the chunk need not be read from the host.
    pub fn takes(&self, id: ExchangeId, size: usize) -> bool {
        self.collecting.get(&id).is_some_and(|exchange| exchange.takes(size))
    }

    /// A chunk of the request's body came; it may be left out if no copy [`takes`](Self::takes) it. Returns whether any
    /// copy is still being collected.
    pub fn body(
        &mut self,
        id: ExchangeId,
        size: usize,
        chunk: Option<&[u8]>,
        now: Duration,
        effects: &mut Effects,
    ) -> bool {
        let Some(exchange) = self.collecting.get_mut(&id) else {
            return false;
        };
        if size == 0 {
            return true;
        }
        let lost = exchange.body(size, chunk, now, &mut self.accounts, effects);
        let is_over = exchange.is_over();
        if is_over {
            self.collecting.remove(&id);
        }
        self.lose(lost, effects);
        !is_over
    }

    /// The request is complete. Each of the copies must be given back as [`sent`](Self::sent) or
    /// [`refused`](Self::refused).
    pub fn complete(&mut self, id: ExchangeId, now: Duration, effects: &mut Effects) -> Vec<Outgoing> {
        let Some(mut exchange) = self.collecting.remove(&id) else {
            return Vec::new();
        };
        let lost = exchange.overdue(now);
        self.lose(lost, effects);
        let lost = exchange.redact(&mut self.accounts, effects);
        self.lose(lost, effects);
        exchange.complete()
    }

    /// The request ended before it was complete.
    pub fn reset(&mut self, id: ExchangeId, effects: &mut Effects) {
        if let Some(exchange) = self.collecting.remove(&id) {
            self.lose(exchange.reset(), effects);
        }
    }

    /// Frees the copies that have been collected for longer than their mirror's `body.maxWait`, and closes the circuit
    /// breakers that are not configured any more.
    pub fn sweep(&mut self, now: Duration, effects: &mut Effects) {
        let lost: Lost = self
            .collecting
            .values_mut()
            .flat_map(|exchange| exchange.overdue(now))
            .collect();
        self.collecting.retain(|_, exchange| !exchange.is_over());
        self.lose(lost, effects);
        self.accounts.close_breakers(false, effects);
    }

    /// Envoy took a copy; its answer will come under this token.
    pub fn sent(&mut self, copy: Outgoing, token: Token, owner: Owner, effects: &mut Effects) {
        let Outgoing { account, permit, .. } = copy;
        effects.step(account, Statistic::Collecting, -1);
        effects.step(account, Statistic::InFlight, 1);
        effects.count(account, Statistic::Sent);
        // A token comes twice only after 2^30 calls, with the first one still open.
        if let Some(lost) = self.in_flight.insert(token, InFlight { account, permit, owner }) {
            self.end(lost, Outcome::Failed(Failure::Reset), None, effects);
        }
    }

    /// A copy could not be sent.
    pub fn refused(&mut self, copy: Outgoing, reason: Dropped, effects: &mut Effects) {
        let Outgoing { account, permit, .. } = copy;
        self.accounts
            .release(account, permit, Statistic::Collecting, None, effects);
        effects.count(account, Statistic::Dropped(reason));
    }

    /// Whether the end of a copy must be given with its time: its mirror has a circuit breaker.
    pub fn is_timed(&self, token: Token) -> bool {
        let copy = self.in_flight.get(&token);
        copy.is_some_and(|copy| self.accounts.is_timed(copy.account))
    }

    /// The answer to a copy came, or the word that there will be none. An unknown token has been settled before. `now` is
    /// monotonic, and needed only if [`is_timed`](Self::is_timed).
    pub fn settle(&mut self, token: Token, outcome: Outcome, now: Option<Duration>, effects: &mut Effects) {
        if let Some(copy) = self.in_flight.remove(&token) {
            self.end(copy, outcome, now, effects);
        }
    }

    /// No configuration names these mirrors any more. What they hold stays until it ends by itself.
    pub fn retire(&mut self, accounts: &[AccountId], effects: &mut Effects) {
        for &account in accounts {
            self.accounts.retire(account);
        }
        self.accounts.close_breakers(false, effects);
    }

    /// Settles everything: no answer will ever come, and no request goes on.
    pub fn cancel(&mut self, effects: &mut Effects) {
        for (_, exchange) in std::mem::take(&mut self.collecting) {
            self.lose(exchange.reset(), effects);
        }
        for (_, copy) in std::mem::take(&mut self.in_flight) {
            self.end(copy, Outcome::Failed(Failure::Cancelled), None, effects);
        }
        self.accounts.close_breakers(true, effects);
    }

    /// How many copies of this owner are in flight.
    pub fn in_flight_of(&self, owner: Owner) -> usize {
        self.in_flight.values().filter(|copy| copy.owner == owner).count()
    }

    fn end(&mut self, copy: InFlight, outcome: Outcome, now: Option<Duration>, effects: &mut Effects) {
        let InFlight { account, permit, .. } = copy;
        self.accounts.release(
            account,
            permit,
            Statistic::InFlight,
            outcome.is_failure().zip(now),
            effects,
        );
        match outcome {
            Outcome::Failed(failure) => effects.count(account, Statistic::Failures(failure)),
            Outcome::Answered {
                class, milliseconds, ..
            } => {
                effects.count(account, Statistic::Responses(class));
                if let Some(milliseconds) = milliseconds {
                    effects.observe(account, Statistic::ShadowDuration, milliseconds);
                }
            }
        }
    }

    fn lose(&mut self, lost: Lost, effects: &mut Effects) {
        for (Collecting { account, permit, .. }, reason) in lost {
            self.accounts
                .release(account, permit, Statistic::Collecting, None, effects);
            effects.count(account, Statistic::Dropped(reason));
        }
    }
}

/// Why no mirror copies this request, if so.
fn left_out(plan: &Plan, headers: &Headers, is_routed: bool) -> Option<Skipped> {
    let marked = |mirror: &Mirror| headers.get(mirror.config.marker.as_bytes()).is_some();
    if plan.mirrors.iter().any(marked) {
        Some(Skipped::Loop)
    } else if is_tunnel(headers) {
        Some(Skipped::Upgrade)
    } else if !is_routed {
        Some(Skipped::NoRoute)
    } else {
        None
    }
}

/// CONNECT, or an upgrade by Envoy's own rule (source/common/http/utility.cc, `Utility::isUpgrade`).
pub(crate) fn is_tunnel(headers: &Headers) -> bool {
    let is_upgrade = |token: &[u8]| token.trim_ascii().eq_ignore_ascii_case(b"upgrade");
    headers.get(b":method") == Some(b"CONNECT")
        || (headers.get(b"upgrade").is_some()
            && headers
                .all(b"connection")
                .any(|value| value.split(|byte| *byte == b',').any(is_upgrade)))
}

/// Whether the copy is to have the request's body, judged by the head.
fn with_body(mirror: &Mirror, headers: &Headers) -> Result<bool, Dropped> {
    if headers.len() > copy::MAX_HEADERS || headers.bytes() > copy::MAX_HEADER_BYTES as u64 {
        return Err(Dropped::HeadersTooLarge);
    }
    let body = &mirror.config.body;
    let is_larger = copy::declared_length(headers).is_some_and(|length| length > body.max_bytes.get());
    match body.when_larger {
        WhenLarger::Drop if is_larger => Err(Dropped::BodyTooLarge),
        WhenLarger::Drop => Ok(true),
        WhenLarger::HeadersOnly => Ok(!is_larger),
    }
}
