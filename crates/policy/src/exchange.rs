//! One request while its copies are being collected. The exchange decides chunk by chunk which copies still want the body
//! and which are lost; the body itself is kept once, however many copies share it.

use std::rc::Rc;
use std::time::Duration;

use crate::account::{AccountId, Accounts};
use crate::budget::Permit;
use crate::config::WhenLarger;
use crate::copy::{self, BodyOf, CopiedHeader, Original};
use crate::effects::Effects;
use crate::headers::Headers;
use crate::plan::{Mirror, Plan};
use crate::reason::Dropped;

/// A plan, and the account of each of its mirrors.
#[derive(Debug, Clone)]
pub struct Binding {
    /// What runs.
    pub plan: Rc<Plan>,
    /// Who is charged: in the order of the plan's mirrors.
    pub accounts: Rc<[AccountId]>,
}

/// A request of which at least one copy is being collected.
#[derive(Debug)]
pub(crate) struct Exchange {
    plan: Rc<Plan>,
    original: Original,
    copies: Vec<Collecting>,
}

/// A copy whose request is not complete yet.
#[derive(Debug)]
pub(crate) struct Collecting {
    pub(crate) account: AccountId,
    pub(crate) permit: Permit,
    /// The mirror's place in the plan.
    pub(crate) mirror: usize,
    pub(crate) with_body: bool,
    /// The body in place of the original's, once the request is complete.
    pub(crate) redacted: Option<Vec<u8>>,
    /// Monotonic time.
    pub(crate) deadline: Duration,
}

/// A copy whose request is complete. It ends in [`Ledger::sent`](crate::ledger::Ledger::sent) or in
/// [`Ledger::refused`](crate::ledger::Ledger::refused).
#[derive(Debug)]
#[must_use = "a copy that is neither sent nor refused is lost to its account"]
pub struct Outgoing {
    pub(crate) account: AccountId,
    pub(crate) permit: Permit,
    plan: Rc<Plan>,
    mirror: usize,
    original: Rc<Original>,
    with_body: bool,
    /// In place of the original's body.
    redacted: Option<Vec<u8>>,
}

/// Copies that were lost, each with its reason.
pub(crate) type Lost = Vec<(Collecting, Dropped)>;

// === impl Binding ===

impl Binding {
    /// The mirror at this place of the plan, with its account.
    pub(crate) fn mirror(&self, index: usize) -> Option<(&Mirror, AccountId)> {
        Some((self.plan.mirrors.get(index)?, *self.accounts.get(index)?))
    }
}

// === impl Exchange ===

impl Exchange {
    pub(crate) fn new(plan: Rc<Plan>, headers: Headers, copies: Vec<Collecting>) -> Self {
        Self {
            plan,
            original: Original {
                headers,
                body: Vec::new(),
            },
            copies,
        }
    }

    /// Whether no copy is left.
    pub(crate) fn is_over(&self) -> bool {
        self.copies.is_empty()
    }

    /// Whether any copy takes a chunk of this size.
    pub(crate) fn takes(&self, size: usize) -> bool {
        let length = self.length_with(size);
        self.copies
            .iter()
            .any(|copy| copy.with_body && length <= max_bytes(&self.plan, copy))
    }

    /// Takes a chunk of `size` bytes for every copy that wants it. The chunk itself may be left out if no copy takes it.
    pub(crate) fn body(
        &mut self,
        size: usize,
        chunk: Option<&[u8]>,
        now: Duration,
        accounts: &mut Accounts,
        effects: &mut Effects,
    ) -> Lost {
        let collected = self.original.body.len() as u64;
        let length = self.length_with(size);
        let chunk = chunk.filter(|chunk| chunk.len() == size);
        let plan = &self.plan;
        let lost = take_lost(&mut self.copies, &mut |copy| {
            let over = length > max_bytes(plan, copy);
            if now > copy.deadline {
                Err(Dropped::BodyWait)
            } else if !copy.with_body {
                Ok(())
            } else if over && when_larger(plan, copy) == WhenLarger::HeadersOnly {
                copy.with_body = false;
                accounts.refund(copy.account, &mut copy.permit, collected, effects);
                Ok(())
            } else if over {
                Err(Dropped::BodyTooLarge)
            } else if chunk.is_none() {
                Err(Dropped::BodyUnreadable)
            } else {
                accounts.charge(copy.account, &mut copy.permit, size as u64, effects)
            }
        });
        match chunk {
            Some(chunk) if self.copies.iter().any(|copy| copy.with_body) => self.original.body.extend_from_slice(chunk),
            _ => self.original.body = Vec::new(),
        }
        lost
    }

    /// Takes out the copies that have been collected for too long.
    pub(crate) fn overdue(&mut self, now: Duration) -> Lost {
        take_lost(&mut self.copies, &mut |copy| {
            if now > copy.deadline {
                Err(Dropped::BodyWait)
            } else {
                Ok(())
            }
        })
    }

    /// Makes the bodies that mirrors want redacted, of a request that is complete. Each is charged by its new length from
    /// now on, as that is what Envoy will hold.
    pub(crate) fn redact(&mut self, accounts: &mut Accounts, effects: &mut Effects) -> Lost {
        let Self { plan, original, copies } = self;
        let before = original.body.len() as u64;
        take_lost(copies, &mut |copy| {
            let config = plan.mirrors.get(copy.mirror).map(|mirror| &mirror.config);
            let Some((config, redact)) = config.and_then(|config| Some((config, config.redact.as_ref()?))) else {
                return Ok(());
            };
            if copy.with_body
                && let Some(body) = redact.body(&original.body, config.body.max_bytes.get())?
            {
                let after = body.len() as u64;
                accounts.refund(copy.account, &mut copy.permit, before.saturating_sub(after), effects);
                accounts.charge(copy.account, &mut copy.permit, after.saturating_sub(before), effects)?;
                copy.redacted = Some(body);
            }
            Ok(())
        })
    }

    /// Takes out all copies: the request ended before it was complete.
    pub(crate) fn reset(self) -> Lost {
        self.copies
            .into_iter()
            .map(|copy| (copy, Dropped::RequestReset))
            .collect()
    }

    /// The request is complete: what is left of its copies can be sent.
    pub(crate) fn complete(self) -> Vec<Outgoing> {
        let Self { plan, original, copies } = self;
        let original = Rc::new(original);
        copies
            .into_iter()
            .map(
                |Collecting {
                     account,
                     permit,
                     mirror,
                     with_body,
                     redacted,
                     ..
                 }| Outgoing {
                    account,
                    permit,
                    plan: Rc::clone(&plan),
                    mirror,
                    original: Rc::clone(&original),
                    with_body,
                    redacted,
                },
            )
            .collect()
    }

    fn length_with(&self, size: usize) -> u64 {
        (self.original.body.len() as u64).saturating_add(size as u64)
    }
}

fn max_bytes(plan: &Plan, copy: &Collecting) -> u64 {
    plan.mirrors
        .get(copy.mirror)
        .map_or(0, |mirror| mirror.config.body.max_bytes.get())
}

fn when_larger(plan: &Plan, copy: &Collecting) -> WhenLarger {
    plan.mirrors
        .get(copy.mirror)
        .map_or(WhenLarger::Drop, |mirror| mirror.config.body.when_larger)
}

/// Takes out the copies that are judged lost.
fn take_lost(copies: &mut Vec<Collecting>, judge: &mut dyn FnMut(&mut Collecting) -> Result<(), Dropped>) -> Lost {
    let mut lost = Vec::new();
    let mut index = 0;
    while let Some(copy) = copies.get_mut(index) {
        match judge(copy) {
            Ok(()) => index += 1,
            Err(reason) => lost.push((copies.remove(index), reason)),
        }
    }
    lost
}

// === impl Outgoing ===

impl Outgoing {
    /// Who is charged.
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// The mirror that wants the copy.
    pub fn mirror(&self) -> Option<&Mirror> {
        self.plan.mirrors.get(self.mirror)
    }

    /// The copy's headers.
    ///
    /// # Errors
    /// If Envoy would not take them.
    pub fn headers(&self) -> Result<Vec<CopiedHeader<'_>>, Dropped> {
        let mirror = self.mirror().ok_or(Dropped::HeadersMissing)?;
        let body = BodyOf {
            bytes: self.body().len(),
            is_redacted: self.redacted.is_some(),
        };
        copy::headers(mirror, &self.original.headers, body)
    }

    /// The copy's body; empty if it has none.
    pub fn body(&self) -> &[u8] {
        match &self.redacted {
            Some(redacted) => redacted,
            None if self.with_body => &self.original.body,
            None => &[],
        }
    }
}
