//! Counts the instructions of each arm in turn, in one Envoy, and makes sure that each arm did its work.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::runtime::Handle;

use super::arms::Case;
use super::callgrind::Callgrind;
use super::results::Count;
use crate::ledger::{self, Statistics};
use crate::measure::traffic::{Load, Traffic};
use crate::measure::{Arm, Proxy, Request, Setup};

/// V8 compiles the modules while everything is fifty times slower.
const START: Duration = Duration::from_secs(900);
/// How long a load may take.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a request and a copy may take.
const TIMEOUT: &str = "60s";
/// How long the last copies of a load may take.
const LAST_COPIES: Duration = Duration::from_secs(20);
/// Until Envoy has seen the answers to the last copies.
const LAST_ANSWERS: Duration = Duration::from_millis(150);
/// The longest time in which the filter's statistics are behind.
const STATISTICS: Duration = Duration::from_secs(20);
/// How long Envoy is watched without a request.
const IDLE: Duration = Duration::from_secs(10);
/// How many deviations chance is granted.
const DEVIATIONS: f64 = 6.0;

/// How much is counted.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    /// Requests of each arm before anything is counted, so that V8 has optimised its code.
    pub warm_up: u32,
    /// Requests of each arm in each round.
    pub requests: u32,
    pub rounds: u32,
}

/// Which cases are counted for which kind of request.
pub type Schedule = Vec<(Request, Vec<Case>)>;

/// An Envoy under callgrind, with its load.
pub struct Counter<'a> {
    cases: &'a [Case],
    amount: Amount,
    callgrind: Callgrind,
    proxy: Proxy,
    traffic: Traffic,
    runtime: &'a Handle,
    /// Requests sent and copies received, by arm.
    seen: BTreeMap<String, Seen>,
    /// The last count.
    counted: Option<Instant>,
}

/// The thread that serves the requests, and what it does by the clock: above all the ticks of all filters.
#[derive(Clone, Copy, Debug)]
struct Worker {
    thread: u32,
    /// Instructions a second without a request.
    idle: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    requests: u64,
    copies: u64,
}

// === impl Amount ===

impl Amount {
    /// How much is counted of this kind of request.
    fn of(self, request: Request) -> Self {
        // A large request is the work of hundreds of small ones, and V8 has optimised the code after a few.
        let part = |requests: u32| {
            if request.is_large() {
                requests.div_ceil(15)
            } else {
                requests
            }
        };
        Self {
            warm_up: part(self.warm_up),
            requests: part(self.requests),
            rounds: self.rounds,
        }
    }
}

// === impl Counter ===

impl<'a> Counter<'a> {
    /// Starts Envoy, and waits until it serves.
    ///
    /// # Errors
    /// Envoy does not start under callgrind.
    pub fn start(
        envoy: &Path,
        cases: &'a [Case],
        amount: Amount,
        callgrind: Callgrind,
        runtime: &'a Handle,
    ) -> Result<Self> {
        let mut traffic = Traffic::new()?;
        let arms: Vec<Arm> = cases.iter().map(|case| case.arm.clone()).collect();
        let proxy = runtime.block_on(Proxy::start(&Setup {
            envoy,
            under: &callgrind.command(),
            arms: &arms,
            backends: traffic.backends()?,
            core: None,
            patience: START,
            timeout: TIMEOUT,
        }))?;
        for arm in &arms {
            traffic.connect(proxy.listener(arm)?, 1)?;
        }
        Ok(Self {
            cases,
            amount,
            callgrind,
            proxy,
            traffic,
            runtime,
            seen: BTreeMap::new(),
            counted: None,
        })
    }

    /// Counts what the schedule says.
    ///
    /// # Errors
    /// A request was not answered with 200, a copy is missing or too many, the filter's statistics tell of something
    /// else, or callgrind gives no count.
    pub fn count(mut self, schedule: &Schedule) -> Result<Vec<Count>> {
        let mut all = Vec::new();
        for (request, cases) in schedule {
            let begin = Instant::now();
            let amount = self.amount.of(*request);
            // What came before, such as the compilation of the modules, is not counted.
            self.callgrind.instructions(self.proxy.id())?;
            for case in cases {
                self.load(case, *request, amount.warm_up)?;
            }
            let worker = self.worker(cases)?;
            let warm = begin.elapsed().as_secs_f64();
            let mut counts: Vec<_> = cases.iter().map(|case| Count::new(&case.arm, *request)).collect();
            for _ in 0..amount.rounds {
                for (case, count) in cases.iter().zip(&mut counts) {
                    self.load(case, *request, amount.requests)?;
                    let instructions = self.instructions(worker)?;
                    count.instructions.push(instructions / f64::from(amount.requests));
                }
            }
            let total = begin.elapsed().as_secs_f64();
            eprintln!(
                "{request}: {} arms in {total:.0} s, {warm:.0} of them to warm up; {:.0} instructions a second without a request",
                cases.len(),
                worker.idle
            );
            all.extend(counts);
        }
        self.check()?;
        Ok(all)
    }

    /// The thread that has worked most so far, watched while there is nothing to do.
    fn worker(&mut self, cases: &[Case]) -> Result<Worker> {
        let threads = self.callgrind.instructions(self.proxy.id())?;
        let most = threads.into_iter().max_by_key(|(_, instructions)| *instructions);
        let (thread, _) = most.context("Envoy has no thread")?;
        self.counted = Some(Instant::now());
        if let Some(case) = cases.first() {
            let target = self.proxy.listener(&case.arm)?;
            self.traffic.run(&Load::pause(target, IDLE))?;
        }
        let idle = self.instructions(Worker { thread, idle: 0.0 })? / IDLE.as_secs_f64();
        Ok(Worker { thread, idle })
    }

    /// The worker's instructions since the last call, without those that the clock alone causes.
    fn instructions(&mut self, worker: Worker) -> Result<f64> {
        let seconds = self.counted.map_or(0.0, |last| last.elapsed().as_secs_f64());
        let threads = self.callgrind.instructions(self.proxy.id())?;
        self.counted = Some(Instant::now());
        let instructions = threads.get(&worker.thread).context("Envoy's worker is gone")?;
        Ok(*instructions as f64 - worker.idle * seconds)
    }

    /// Sends so many requests, one after the other, and waits for the end of their copies.
    fn load(&mut self, case: &Case, request: Request, requests: u32) -> Result<()> {
        let name = &case.arm.name;
        let target = self.proxy.listener(&case.arm)?;
        let load = Load::back_to_back(target, request.bytes(), requests, PATIENCE);
        let outcome = self.traffic.run(&load)?;
        ensure!(
            outcome.failed == 0 && outcome.sent == u64::from(requests),
            "arm {name}, {request}: {} of {} requests were not answered with 200; {}",
            outcome.failed,
            outcome.sent,
            self.trouble()
        );
        let expected = f64::from(requests) * case.arm.copies;
        let mut copies = outcome.copies;
        let deadline = Instant::now() + LAST_COPIES;
        while !case.is_by_chance() && (copies as f64) < expected && Instant::now() < deadline {
            copies += self.pause(target)?;
        }
        copies += self.pause(target)?;
        let chance = if case.is_by_chance() {
            DEVIATIONS * (expected * (1.0 - case.arm.copies)).sqrt()
        } else {
            0.0
        };
        ensure!(
            (copies as f64 - expected).abs() <= chance,
            "arm {name}, {request}: the shadow received {copies} copies of {expected}, so the count is void; {}",
            self.trouble()
        );
        let seen = self.seen.entry(name.clone()).or_default();
        seen.requests += u64::from(requests);
        seen.copies += copies;
        Ok(())
    }

    /// The copies that arrive in a moment without requests.
    fn pause(&mut self, target: std::net::SocketAddr) -> Result<u64> {
        Ok(self.traffic.run(&Load::pause(target, LAST_ANSWERS))?.copies)
    }

    /// Envoy's log and the filter's statistics must tell that every arm did its work.
    fn check(&self) -> Result<()> {
        self.proxy.check()?;
        let deadline = Instant::now() + STATISTICS;
        loop {
            let statistics = self.runtime.block_on(self.proxy.admin().statistics(ledger::FILTER))?;
            let statistics = Statistics::parse(&statistics)?;
            let wrong = self.cases.iter().find_map(|case| self.deviation(case, &statistics));
            match wrong {
                None => return Ok(()),
                Some(wrong) if Instant::now() > deadline => {
                    bail!("{wrong}, so the count is void; {}", self.trouble())
                }
                Some(_) => std::thread::sleep(Duration::from_secs(1)),
            }
        }
    }

    /// What the statistics of an arm's mirrors say, if that is not what was seen of the arm.
    fn deviation(&self, case: &Case, statistics: &Statistics) -> Option<String> {
        let seen = self.seen.get(&case.arm.name).copied().unwrap_or_default();
        let expected = if case.matches { seen.requests } else { 0 };
        let mut sent = 0;
        for name in &case.mirrors {
            let Ok(mirror) = statistics.mirror(name) else {
                return Some(format!("mirror {name} has no statistics"));
            };
            if mirror.matched != expected {
                return Some(format!(
                    "mirror {name} matched {} of {expected} requests",
                    mirror.matched
                ));
            }
            sent += mirror.sent;
        }
        let is_same = case.mirrors.is_empty() || sent == seen.copies;
        (!is_same).then(|| format!("arm {} sent {sent} copies of {}", case.arm.name, seen.copies))
    }

    /// What Envoy says about it, and what is most likely the reason.
    fn trouble(&self) -> String {
        let log = match self.proxy.check() {
            Ok(()) => "Envoy's log tells nothing".to_owned(),
            Err(error) => error.to_string(),
        };
        format!(
            "{log}. Too many different modules exhaust V8's address space under valgrind: try fewer --wasm or --arms"
        )
    }
}
