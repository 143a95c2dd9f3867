//! What the policy has to do, said once more in the plainest way: every copy is a record with a number of its own, every
//! rule is looked up in it, and time is whole milliseconds. It shares no code with the policy but the vocabulary and the dice.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use mirror_policy::breaker::Transition;
use mirror_policy::reason::{Dropped, Failure, Outcome, Skipped};
use mirror_policy::sample::{Dice, bucket};
use mirror_policy::stats::{COUNT, Statistic};

use super::rules::{self, NAMES, Rules};

/// All statistics of all accounts.
pub type Counts = [[i64; COUNT]; NAMES.len()];

/// The world as it should be.
pub struct Model {
    pub counts: Counts,
    /// What breakers did in this step.
    pub transitions: Vec<(usize, Transition)>,
    accounts: [Account; NAMES.len()],
    /// By a number of the storm's own.
    requests: BTreeMap<u64, Request>,
    in_flight: BTreeMap<u32, Copy>,
    copies: u64,
}

#[derive(Default)]
struct Account {
    max_copies: u64,
    max_bytes: u64,
    /// The bytes of each copy that is held, by its number.
    held: BTreeMap<u64, u64>,
    rate: Option<u64>,
    /// In millionths; a millisecond at a thousandth per second brings one.
    tokens: u128,
    counted: u64,
    rule: Option<rules::Breaker>,
    state: State,
    /// The copies that were admitted since the breaker came into its state.
    members: BTreeSet<u64>,
    /// What ended while it is closed: how many buckets ago, and whether it failed.
    ended: Vec<(u64, bool)>,
    latest: u64,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum State {
    #[default]
    Closed,
    OpenSince(u64),
    HalfOpen(Option<u64>),
}

struct Request {
    rules: Rc<Rules>,
    copies: Vec<Copy>,
}

struct Copy {
    number: u64,
    account: usize,
    /// Its place in the rules.
    place: usize,
    deadline: u64,
    with_body: bool,
    body: u64,
}

/// A request as it arrives.
pub struct Head {
    pub is_post: bool,
    pub is_marked: bool,
    pub is_routed: bool,
    pub length: Option<u64>,
    pub bytes: u64,
}

// === impl Model ===

impl Model {
    pub fn new() -> Self {
        Self {
            counts: [[0; COUNT]; NAMES.len()],
            transitions: Vec::new(),
            accounts: std::array::from_fn(|_| Account {
                tokens: u128::MAX,
                ..Account::default()
            }),
            requests: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            copies: 0,
        }
    }

    /// Copies and bytes that an account holds.
    pub fn held(&self, account: usize) -> (u64, u64) {
        let held = &self.accounts[account].held;
        (held.len() as u64, held.values().sum())
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether the end of the copy with this token must have its time.
    pub fn is_timed(&self, token: u32) -> bool {
        let copy = self.in_flight.get(&token);
        copy.is_some_and(|copy| self.accounts[copy.account].rule.is_some())
    }

    pub fn update(&mut self, rules: &Rules) {
        for rule in &rules.mirrors {
            let account = &mut self.accounts[rule.account];
            (account.max_copies, account.max_bytes) = (rule.max_copies, rule.max_bytes);
            (account.rate, account.rule) = (rule.rate, rule.breaker);
        }
    }

    /// No configuration names these any more.
    pub fn retire(&mut self, accounts: &[usize]) {
        for &account in accounts {
            self.accounts[account].rule = None;
        }
        self.close_breakers(false);
    }

    /// Whether anything is collected for the request.
    pub fn begin(
        &mut self,
        request: u64,
        rules: &Rc<Rules>,
        head: &Head,
        now: u64,
        wall: Duration,
        dice: &mut Dice,
    ) -> bool {
        let mut copies = Vec::new();
        for (place, rule) in rules.mirrors.iter().enumerate() {
            if !rules.is_enabled || !rule.is_enabled || (rule.only_posts && !head.is_post) {
                continue;
            }
            self.count(rule.account, Statistic::Matched, 1);
            let skipped = if head.is_marked {
                Some(Skipped::Loop)
            } else if !head.is_routed {
                Some(Skipped::NoRoute)
            } else if rule.is_over(wall) {
                Some(Skipped::Expired)
            } else {
                (bucket(dice.roll()) >= rule.ppm).then_some(Skipped::NotSampled)
            };
            if let Some(reason) = skipped {
                self.count(rule.account, Statistic::Skipped(reason), 1);
                continue;
            }
            let is_larger = head.length.is_some_and(|length| length > rule.max_body);
            let number = self.copies;
            match self.admit(
                rule.account,
                number,
                is_larger && !rule.is_headers_only,
                head.bytes,
                now,
            ) {
                Err(reason) => self.count(rule.account, Statistic::Dropped(reason), 1),
                Ok(()) => {
                    self.copies += 1;
                    self.count(rule.account, Statistic::Collecting, 1);
                    self.count(rule.account, Statistic::BufferedBytes, head.bytes as i64);
                    copies.push(Copy {
                        number,
                        account: rule.account,
                        place,
                        deadline: now + rule.max_wait,
                        with_body: !is_larger,
                        body: 0,
                    });
                }
            }
        }
        let is_collected = !copies.is_empty();
        if is_collected {
            let rules = Rc::clone(rules);
            self.requests.insert(request, Request { rules, copies });
        }
        is_collected
    }

    fn admit(&mut self, index: usize, number: u64, is_too_large: bool, bytes: u64, now: u64) -> Result<(), Dropped> {
        let account = &mut self.accounts[index];
        let may_pass = match (account.rule, account.state) {
            (Some(rule), State::OpenSince(since)) => now >= since + rule.open_for,
            (Some(_), State::HalfOpen(probe)) => probe.is_none(),
            _ => true,
        };
        let held: u64 = account.held.values().sum();
        if !may_pass {
            return Err(Dropped::BreakerOpen);
        } else if is_too_large {
            return Err(Dropped::BodyTooLarge);
        } else if account.held.len() as u64 >= account.max_copies {
            return Err(Dropped::InFlight);
        } else if held + bytes > account.max_bytes {
            return Err(Dropped::Bytes);
        }
        if let Some(rate) = account.rate {
            let gained = u128::from(now - account.counted) * u128::from(rate);
            let burst = (u128::from(rate) * 1_000).max(1_000_000);
            account.counted = now;
            account.tokens = account.tokens.saturating_add(gained).min(burst);
            account.tokens = account.tokens.checked_sub(1_000_000).ok_or(Dropped::Rate)?;
        }
        account.held.insert(number, bytes);
        match (account.rule, account.state) {
            (_, State::Closed) => {}
            (None, _) => self.turn(index, State::Closed, Some(Transition::Closed)),
            (Some(_), State::OpenSince(_)) => {
                self.turn(index, State::HalfOpen(Some(number)), Some(Transition::HalfOpened));
            }
            (Some(_), State::HalfOpen(_)) => self.turn(index, State::HalfOpen(Some(number)), None),
        }
        self.accounts[index].members.insert(number);
        Ok(())
    }

    /// Whether anything is still collected for the request.
    pub fn body(&mut self, request: u64, size: u64, now: u64) -> bool {
        let Some(mut request_) = self.requests.remove(&request) else {
            return false;
        };
        if size > 0 {
            let rules = Rc::clone(&request_.rules);
            for mut copy in std::mem::take(&mut request_.copies) {
                let rule = &rules.mirrors[copy.place];
                let account = &mut self.accounts[copy.account];
                let is_over = copy.body + size > rule.max_body;
                if now > copy.deadline {
                    self.lose(&copy, Dropped::BodyWait);
                } else if !copy.with_body {
                    request_.copies.push(copy);
                } else if is_over && rule.is_headers_only {
                    *account.held.get_mut(&copy.number).expect("held") -= copy.body;
                    self.count(copy.account, Statistic::BufferedBytes, -(copy.body as i64));
                    copy.with_body = false;
                    request_.copies.push(copy);
                } else if is_over {
                    self.lose(&copy, Dropped::BodyTooLarge);
                } else if account.held.values().sum::<u64>() + size > account.max_bytes {
                    self.lose(&copy, Dropped::Bytes);
                } else {
                    *account.held.get_mut(&copy.number).expect("held") += size;
                    self.count(copy.account, Statistic::BufferedBytes, size as i64);
                    copy.body += size;
                    request_.copies.push(copy);
                }
            }
        }
        let goes_on = !request_.copies.is_empty();
        if goes_on {
            self.requests.insert(request, request_);
        }
        goes_on
    }

    /// The copies that leave, told by account and body.
    pub fn complete(&mut self, request: u64, now: u64) -> Vec<(usize, u64, Outgoing)> {
        let copies = self
            .requests
            .remove(&request)
            .map_or(Vec::new(), |request| request.copies);
        let mut outgoing = Vec::new();
        for copy in copies {
            if now > copy.deadline {
                self.lose(&copy, Dropped::BodyWait);
            } else {
                let body = if copy.with_body { copy.body } else { 0 };
                outgoing.push((copy.account, body, Outgoing(copy)));
            }
        }
        outgoing
    }

    pub fn reset(&mut self, request: u64) {
        for copy in self
            .requests
            .remove(&request)
            .map_or(Vec::new(), |request| request.copies)
        {
            self.lose(&copy, Dropped::RequestReset);
        }
    }

    pub fn sweep(&mut self, now: u64) {
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

    pub fn sent(&mut self, Outgoing(copy): Outgoing, token: u32) {
        self.count(copy.account, Statistic::Collecting, -1);
        self.count(copy.account, Statistic::InFlight, 1);
        self.count(copy.account, Statistic::Sent, 1);
        self.in_flight.insert(token, copy);
    }

    pub fn refused(&mut self, Outgoing(copy): Outgoing, reason: Dropped) {
        self.lose(&copy, reason);
    }

    pub fn settle(&mut self, token: u32, outcome: Outcome, now: u64) {
        let Some(copy) = self.in_flight.remove(&token) else {
            return;
        };
        self.release(&copy, Statistic::InFlight);
        let statistic = match outcome {
            Outcome::Failed(failure) => Statistic::Failures(failure),
            Outcome::Answered {
                class, milliseconds, ..
            } => {
                let time = milliseconds.expect("given") as i64;
                self.count(copy.account, Statistic::ShadowDuration, time);
                Statistic::Responses(class)
            }
        };
        self.count(copy.account, statistic, 1);
        let failed = match outcome {
            Outcome::Failed(Failure::Cancelled) => None,
            Outcome::Failed(_) => Some(true),
            Outcome::Answered { is_error, .. } => Some(is_error),
        };
        self.learn(&copy, failed, now);
    }

    pub fn cancel(&mut self) {
        let requests: Vec<u64> = self.requests.keys().copied().collect();
        requests.into_iter().for_each(|request| self.reset(request));
        let tokens: Vec<u32> = self.in_flight.keys().copied().collect();
        for token in tokens {
            self.settle(token, Outcome::Failed(Failure::Cancelled), 0);
        }
        self.close_breakers(true);
    }

    fn lose(&mut self, copy: &Copy, reason: Dropped) {
        self.release(copy, Statistic::Collecting);
        self.count(copy.account, Statistic::Dropped(reason), 1);
        self.learn(copy, None, 0);
    }

    fn release(&mut self, copy: &Copy, held_as: Statistic) {
        let bytes = self.accounts[copy.account]
            .held
            .remove(&copy.number)
            .expect("held once");
        self.count(copy.account, held_as, -1);
        self.count(copy.account, Statistic::BufferedBytes, -(bytes as i64));
    }

    /// What the breaker makes of a copy's end; `None` tells nothing about the shadow.
    fn learn(&mut self, copy: &Copy, failed: Option<bool>, now: u64) {
        let account = &mut self.accounts[copy.account];
        if !account.members.contains(&copy.number) {
            return;
        }
        match (account.state, account.rule.zip(failed)) {
            (State::Closed, Some((rule, failed))) => {
                // A tenth of the window, in microseconds.
                let bucket = |time: u64| time * 1_000 / (rule.window * 100);
                let passed = bucket(now).saturating_sub(bucket(account.latest));
                account.latest = now;
                account.ended.iter_mut().for_each(|(age, _)| *age += passed);
                account.ended.retain(|(age, _)| *age < 10);
                account.ended.push((0, failed));
                let ended = account.ended.len() as u64;
                let failures = account.ended.iter().filter(|(_, failed)| *failed).count() as u64;
                if ended >= rule.min_requests && failures * 1_000_000 >= rule.ppm * ended {
                    let (failures, ended) = (failures as u32, ended as u32);
                    let opened = Transition::Opened { failures, ended };
                    self.turn(copy.account, State::OpenSince(now), Some(opened));
                }
            }
            (State::HalfOpen(_), Some((_, true))) => {
                self.turn(copy.account, State::OpenSince(now), Some(Transition::Reopened));
            }
            (State::HalfOpen(_), Some((_, false))) => {
                self.turn(copy.account, State::Closed, Some(Transition::Closed));
            }
            (State::HalfOpen(_), None) => account.state = State::HalfOpen(None),
            _ => {}
        }
    }

    fn close_breakers(&mut self, all: bool) {
        for index in 0..NAMES.len() {
            let account = &self.accounts[index];
            if account.state != State::Closed && (all || account.rule.is_none()) {
                self.turn(index, State::Closed, Some(Transition::Closed));
            }
        }
    }

    fn turn(&mut self, index: usize, state: State, transition: Option<Transition>) {
        let account = &mut self.accounts[index];
        account.state = state;
        account.members.clear();
        account.ended.clear();
        account.latest = 0;
        if let Some(transition) = transition {
            self.transitions.push((index, transition));
        }
        let open = i64::from(state != State::Closed);
        self.counts[index][Statistic::BreakerOpen.index()] = open;
    }

    fn count(&mut self, account: usize, statistic: Statistic, by: i64) {
        self.counts[account][statistic.index()] += by;
    }
}

/// A copy that leaves.
pub struct Outgoing(Copy);
