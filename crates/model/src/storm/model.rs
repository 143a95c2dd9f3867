//! What the policy has to do, said once more in the plainest way: every copy is a record, and every rule is looked up
//! in it. The model shares no code with the policy but the vocabulary, the dice and the bucket of a key.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use mirror_policy::breaker::Transition;
use mirror_policy::outcome::Outcome;
use mirror_policy::reasons::{Dropped, Failure, Skipped};
use mirror_policy::sample::{Dice, bucket, key_bucket};
use mirror_policy::statistics::{COUNT, Statistic};

use super::account::Account;
use super::rules::{NAMES, Rule, Rules};
use crate::totals::Row;

/// The world as it should be.
#[derive(Debug)]
pub(super) struct Model {
    /// The statistics of each account.
    pub(super) counts: [Row; NAMES.len()],
    /// What breakers did in this step, with their accounts.
    pub(super) transitions: Vec<(usize, Transition)>,
    accounts: [Account; NAMES.len()],
    /// By a number of the storm's own.
    requests: BTreeMap<u64, Request>,
    /// By their tokens.
    in_flight: BTreeMap<u32, Copy>,
    /// How many copies there have been.
    copies: u64,
    /// They roll as the dice of the policy.
    dice: Dice,
}

#[derive(Debug)]
struct Request {
    rules: Rc<Rules>,
    copies: Vec<Copy>,
}

#[derive(Debug)]
struct Copy {
    number: u64,
    account: usize,
    /// The place of its mirror in the rules.
    place: usize,
    deadline: u64,
    with_body: bool,
    body: u64,
    /// The length that the request declares.
    declared: Option<u64>,
}

/// A copy that leaves.
#[derive(Debug)]
pub(super) struct ModelCopy(Copy);

/// A request as it comes in.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) is_post: bool,
    /// Whether it has the marker of a mirror.
    pub(super) is_marked: bool,
    pub(super) is_upgrade: bool,
    pub(super) is_routed: bool,
    /// The value by which a sample by key goes.
    pub(super) key: Option<String>,
    /// The declared length of the body.
    pub(super) length: Option<u64>,
    /// Whether it is complete with its headers.
    pub(super) is_complete: bool,
    /// The bytes of its headers.
    pub(super) bytes: u64,
}

// === impl Copy ===

impl Copy {
    /// By how many bytes its headers are longer than those of the request: the suffix of the authority, the marker with
    /// a name of one letter, and the length of what it has for a body. A header is ten bytes longer than its texts.
    fn more_header_bytes(&self) -> i64 {
        let length = |number: u64| ("content-length".len() + number.to_string().len() + 10) as i64;
        let marker = ("x-mirrored-by".len() + "a".len() + 10) as i64;
        let body = if self.with_body { self.body } else { 0 };
        let declared = match self.declared {
            Some(declared) if body > 0 => length(body) - length(declared),
            None | Some(0) => 0,
            Some(declared) => -length(declared),
        };
        "-shadow".len() as i64 + marker + declared
    }
}

// === impl Model ===

impl Model {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            counts: [[0; COUNT]; NAMES.len()],
            transitions: Vec::new(),
            accounts: std::array::from_fn(|_| Account::default()),
            requests: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            copies: 0,
            dice: Dice::new(seed),
        }
    }

    /// Copies and bytes of an account.
    pub(super) fn usage(&self, account: usize) -> (u64, u64) {
        self.accounts[account].usage()
    }

    /// Whether the end of the copy with this token must have its time.
    pub(super) fn is_timed(&self, token: u32) -> bool {
        let copy = self.in_flight.get(&token);
        copy.is_some_and(|copy| self.accounts[copy.account].is_timed())
    }

    pub(super) fn update(&mut self, rules: &Rules) {
        for rule in &rules.mirrors {
            self.accounts[rule.account].obey(rule);
        }
    }

    pub(super) fn retire(&mut self, accounts: &[usize]) {
        accounts.iter().for_each(|&account| self.accounts[account].retire());
        self.close_breakers(false);
    }

    /// Returns whether a copy is collected.
    pub(super) fn begin(
        &mut self,
        request: u64,
        rules: &Rc<Rules>,
        head: &Head,
        now: u64,
        wall: Option<Duration>,
    ) -> bool {
        let mut copies = Vec::new();
        for (place, rule) in rules.mirrors.iter().enumerate() {
            if !rules.is_enabled || !rule.is_enabled || (rule.only_posts && !head.is_post) {
                continue;
            }
            self.count(rule.account, Statistic::Matched, 1);
            if let Some(reason) = skipped(rule, head, wall, &mut self.dice) {
                self.count(rule.account, Statistic::Skipped(reason), 1);
                continue;
            }
            match self.admit(place, rule, head, now) {
                Err(reason) => self.count(rule.account, Statistic::Dropped(reason), 1),
                Ok(copy) => copies.push(copy),
            }
        }
        let is_collected = !copies.is_empty();
        if is_collected {
            let rules = Rc::clone(rules);
            self.requests.insert(request, Request { rules, copies });
        }
        is_collected
    }

    fn admit(&mut self, place: usize, rule: &Rule, head: &Head, now: u64) -> Result<Copy, Dropped> {
        let is_larger = head.length.is_some_and(|length| length > rule.max_body);
        let is_too_large = is_larger && !rule.is_headers_only;
        let (account, number) = (rule.account, self.copies);
        self.accounts[account].admit(number, is_too_large, head.is_complete, head.bytes, now)?;
        self.copies += 1;
        self.count(account, Statistic::Collecting, 1);
        self.count(account, Statistic::BufferedBytes, head.bytes as i64);
        Ok(Copy {
            number,
            account,
            place,
            deadline: now + rule.max_wait,
            with_body: !is_larger,
            body: 0,
            declared: head.length,
        })
    }

    /// A part of a body comes, which the host may keep back. Returns whether a copy is still collected.
    pub(super) fn body(&mut self, id: u64, size: u64, is_given: bool, now: u64) -> bool {
        let Some(mut request) = self.requests.remove(&id) else {
            return false;
        };
        if size > 0 {
            let copies = std::mem::take(&mut request.copies);
            for mut copy in copies {
                match self.grow(&mut copy, &request.rules, size, is_given, now) {
                    Ok(()) => request.copies.push(copy),
                    Err(reason) => self.lose(&copy, reason),
                }
            }
        }
        let goes_on = !request.copies.is_empty();
        if goes_on {
            self.requests.insert(id, request);
        }
        goes_on
    }

    fn grow(&mut self, copy: &mut Copy, rules: &Rules, size: u64, is_given: bool, now: u64) -> Result<(), Dropped> {
        let rule = &rules.mirrors[copy.place];
        let is_over = copy.body + size > rule.max_body;
        if now > copy.deadline {
            return Err(Dropped::BodyWait);
        } else if !copy.with_body {
            return Ok(());
        } else if is_over && rule.is_headers_only {
            self.accounts[copy.account].refund(copy.number, copy.body);
            self.count(copy.account, Statistic::BufferedBytes, -(copy.body as i64));
            copy.with_body = false;
            return Ok(());
        } else if is_over {
            return Err(Dropped::BodyTooLarge);
        } else if !is_given {
            return Err(Dropped::BodyUnreadable);
        }
        self.accounts[copy.account].charge(copy.number, size)?;
        self.count(copy.account, Statistic::BufferedBytes, size as i64);
        copy.body += size;
        Ok(())
    }

    /// Returns the copies that leave, with their accounts and the lengths of their bodies.
    pub(super) fn complete(&mut self, request: u64, now: u64) -> Vec<(usize, u64, ModelCopy)> {
        let mut ready = Vec::new();
        for copy in self.end_of(request) {
            match self.launch(&copy, now) {
                Err(reason) => self.lose(&copy, reason),
                Ok(()) => {
                    let body = if copy.with_body { copy.body } else { 0 };
                    ready.push((copy.account, body, ModelCopy(copy)));
                }
            }
        }
        ready
    }

    fn launch(&mut self, copy: &Copy, now: u64) -> Result<(), Dropped> {
        if now > copy.deadline {
            return Err(Dropped::BodyWait);
        }
        let transition = self.accounts[copy.account].launch(copy.number, now)?;
        self.note(copy.account, transition);
        Ok(())
    }

    /// A copy is about to leave. It is charged for its own headers in place of those of the request. Returns why it
    /// cannot leave.
    pub(super) fn leave(&mut self, ModelCopy(copy): &ModelCopy) -> Result<(), Dropped> {
        let more = copy.more_header_bytes();
        let account = &mut self.accounts[copy.account];
        match u64::try_from(more) {
            Ok(more) => account.charge(copy.number, more)?,
            Err(_) => account.refund(copy.number, more.unsigned_abs()),
        }
        self.count(copy.account, Statistic::BufferedBytes, more);
        Ok(())
    }

    pub(super) fn reset(&mut self, request: u64) {
        for copy in self.end_of(request) {
            self.lose(&copy, Dropped::RequestReset);
        }
    }

    fn end_of(&mut self, request: u64) -> Vec<Copy> {
        let request = self.requests.remove(&request);
        request.map_or(Vec::new(), |request| request.copies)
    }

    pub(super) fn sweep(&mut self, now: u64) {
        let mut overdue = Vec::new();
        for request in self.requests.values_mut() {
            overdue.extend(request.copies.extract_if(.., |copy| now > copy.deadline));
        }
        self.requests.retain(|_, request| !request.copies.is_empty());
        for copy in overdue {
            self.lose(&copy, Dropped::BodyWait);
        }
        self.close_breakers(false);
    }

    pub(super) fn send(&mut self, ModelCopy(copy): ModelCopy, token: u32) {
        self.count(copy.account, Statistic::Collecting, -1);
        self.count(copy.account, Statistic::InFlight, 1);
        self.count(copy.account, Statistic::Sent, 1);
        self.in_flight.insert(token, copy);
    }

    pub(super) fn refuse(&mut self, ModelCopy(copy): ModelCopy, reason: Dropped) {
        self.lose(&copy, reason);
    }

    pub(super) fn settle(&mut self, token: u32, outcome: Outcome, now: u64) {
        let Some(copy) = self.in_flight.remove(&token) else {
            return;
        };
        self.release(&copy, Statistic::InFlight);
        let (statistic, failed) = match outcome {
            Outcome::Failed(failure) => {
                let failed = (failure != Failure::Cancelled).then_some(true);
                (Statistic::Failures(failure), failed)
            }
            Outcome::Answered {
                class,
                is_error,
                milliseconds,
            } => {
                let time = milliseconds.map_or(0, |time| time as i64);
                self.count(copy.account, Statistic::ShadowDuration, time);
                (Statistic::Responses(class), Some(is_error))
            }
        };
        self.count(copy.account, statistic, 1);
        self.learn(&copy, failed, now);
    }

    pub(super) fn cancel(&mut self) {
        let requests: Vec<u64> = self.requests.keys().copied().collect();
        requests.into_iter().for_each(|request| self.reset(request));
        let tokens: Vec<u32> = self.in_flight.keys().copied().collect();
        for token in tokens {
            self.settle(token, Outcome::Failed(Failure::Cancelled), 0);
        }
        self.close_breakers(true);
        self.accounts.iter_mut().for_each(Account::retire);
    }

    fn lose(&mut self, copy: &Copy, reason: Dropped) {
        self.release(copy, Statistic::Collecting);
        self.count(copy.account, Statistic::Dropped(reason), 1);
        self.learn(copy, None, 0);
    }

    fn release(&mut self, copy: &Copy, gauge: Statistic) {
        let bytes = self.accounts[copy.account].release(copy.number);
        self.count(copy.account, gauge, -1);
        self.count(copy.account, Statistic::BufferedBytes, -(bytes as i64));
    }

    fn learn(&mut self, copy: &Copy, failed: Option<bool>, now: u64) {
        let transition = self.accounts[copy.account].learn(copy.number, failed, now);
        self.note(copy.account, transition);
    }

    fn close_breakers(&mut self, in_any_case: bool) {
        for account in 0..NAMES.len() {
            let transition = self.accounts[account].close(in_any_case);
            self.note(account, transition);
        }
    }

    fn note(&mut self, account: usize, transition: Option<Transition>) {
        self.transitions
            .extend(transition.map(|transition| (account, transition)));
        let is_open = self.accounts[account].is_open();
        self.counts[account][Statistic::BreakerOpen.index()] = is_open.into();
    }

    fn count(&mut self, account: usize, statistic: Statistic, by: i64) {
        self.counts[account][statistic.index()] += by;
    }
}

/// Why policy leaves a request out, if policy does.
fn skipped(rule: &Rule, head: &Head, wall: Option<Duration>, dice: &mut Dice) -> Option<Skipped> {
    if rule.is_expired(wall) {
        return Some(Skipped::Expired);
    }
    let bucket = match (rule.is_keyed, &head.key) {
        (false, _) => bucket(dice.roll()),
        (true, Some(key)) => key_bucket(b"", key.as_bytes()),
        (true, None) => return Some(Skipped::NoSampleKey),
    };
    if bucket >= rule.ppm {
        Some(Skipped::NotSampled)
    } else if head.is_marked {
        Some(Skipped::Loop)
    } else if head.is_upgrade {
        Some(Skipped::Upgrade)
    } else if !head.is_routed {
        Some(Skipped::NoRoute)
    } else {
        None
    }
}
