//! One random sequence: what can happen next, and the audit after each step.

use std::time::Duration;

use mirror_model::decisions::Decisions as _;
use mirror_policy::sample::Dice;

use super::{Results, Weather, arbitrary};
use crate::host::abi;
use crate::host::callouts::{Callout, Cluster};
use crate::host::faults::Chaos;
use crate::host::plugins::RootId;
use crate::host::streams::StreamId;
use crate::host::world::Plugin;
use crate::host::{FakeHost, SHADOW};

/// One sequence as it runs.
pub(super) struct Sequence {
    host: FakeHost,
    random: Dice,
    weather: Weather,
    /// The root of each plugin that serves now.
    serving: Vec<RootId>,
    /// Streams, and how far each has come.
    streams: Vec<(StreamId, Progress)>,
}

/// How far a stream has come, if all is in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    RequestOpen,
    RequestDone,
    ResponseOpen,
    ResponseDone,
}

/// All mirrors that the configurations name.
const MIRRORS: &[&str] = &["shadow", "half", "small", "keyed"];

/// The longest `body.maxWait` among the configurations, and a tick.
const LONGEST_WAIT: Duration = Duration::from_secs(31);

// === impl Sequence ===

impl Sequence {
    pub(super) fn new(seed: u64, weather: Weather) -> Self {
        let mut sequence = Self {
            host: FakeHost::with_seed(seed),
            random: Dice::new(seed),
            weather,
            serving: Vec::new(),
            streams: Vec::new(),
        };
        sequence.host.set_cluster("other", Some(Cluster::Ready));
        // The last two have no name.
        for name in ["plugin-a", "plugin-b", "", ""]
            .into_iter()
            .skip(sequence.random.below(3) as usize)
            .take(1 + sequence.random.below(2) as usize)
        {
            let configuration = sequence.random.pick(&arbitrary::configurations()).clone();
            sequence
                .serving
                .push(sequence.host.start_plugin(Plugin::new(name, configuration)));
        }
        let chaos = Chaos {
            random: Dice::new(seed ^ 0xBAD),
            percent: 10,
            functions: weather.lies,
        };
        sequence.host.world_mut().faults.chaos = Some(chaos);
        sequence
    }

    /// Runs it to its end, and says what was counted.
    pub(super) fn run(mut self) -> Results {
        for _ in 0..20 + self.random.below(60) {
            self.step();
            // An audit ticks, and an overdue copy may also meet another event first.
            if self.random.percent(50) {
                self.audit();
            }
        }
        for (stream, _) in std::mem::take(&mut self.streams) {
            self.host.close(stream);
        }
        self.audit();
        if self.random.percent(50) {
            let reply = arbitrary::reply(&mut self.random);
            self.host.reply_to_all(&reply);
        }
        self.host.shut_down();
        if self.weather.audited {
            for mirror in MIRRORS {
                let books = self.host.books_of(mirror);
                books.assert_settled();
                assert!(
                    !books.exist() || books.gauge("breaker_open") == 0,
                    "{mirror}: an open breaker is left"
                );
            }
        }
        self.results()
    }

    fn step(&mut self) {
        match self.random.below(100) {
            0..20 => self.open(),
            20..65 => self.advance(),
            65..80 => self.answer(),
            80..86 => self.close(),
            86..92 => self.let_time_pass(),
            92..96 => self.change_a_cluster(),
            96..99 => self.update(),
            _ => drop(self.host.canary(self.random.pick(&arbitrary::configurations()))),
        }
    }

    /// Both balances of each mirror, and its gauges against what the host holds.
    fn audit(&mut self) {
        if !self.weather.audited {
            return;
        }
        for mirror in MIRRORS {
            let books = self.host.books_of(mirror);
            if !books.exist() {
                continue;
            }
            let calls = &books.host.world().callouts;
            books.assert_balanced();
            let is_mine = |call: &&Callout| call.values("x-mirrored-by") == [mirror.as_bytes()];
            let mine: Vec<_> = books.host.sent().iter().filter(is_mine).collect();
            let pending = || mine.iter().filter(|call| calls.pending.contains_key(&call.token));
            let charged = |call: &&&Callout| (abi::encode(&call.headers).len() + call.body.len()) as i64;
            let bytes: i64 = pending().map(|call| charged(&call)).sum();
            assert_eq!(books.sent(), mine.len() as u64, "{mirror}: sent");
            assert_eq!(books.in_flight(), pending().count() as i64, "{mirror}: in flight");
            assert!(
                books.collecting() <= self.streams.len() as i64,
                "{mirror}: collecting without a stream"
            );
            // What is being collected comes on top.
            match books.collecting() {
                0 => assert_eq!(books.buffered_bytes(), bytes, "{mirror}: buffered bytes"),
                _ => assert!(books.buffered_bytes() >= bytes, "{mirror}: buffered bytes"),
            }
            let holds = books.in_flight() + books.collecting() > 0;
            assert!(holds || books.buffered_bytes() == 0, "{mirror}: bytes without a copy");
        }
    }

    /// The counters with a result, by `RESULT;.FAMILY`: the mirror is left out of their names.
    fn results(&mut self) -> Results {
        let stats = self.host.stats();
        let named = stats.names().filter_map(|name| {
            let (result, rest) = name.strip_prefix("tag.")?.split_once(";.wasm_filter.")?;
            Some((name, format!("{result};.{}", rest.split_once('.')?.1)))
        });
        named.fold(Results::new(), |mut results, (name, result)| {
            *results.entry(result).or_default() += stats.counter(name);
            results
        })
    }

    /// A request begins; out of order, with any callback.
    fn open(&mut self) {
        let root = *self.random.pick(&self.serving);
        let request = arbitrary::request(&mut self.random);
        let stream = self.host.open(root, &request);
        let end = self.random.percent(40);
        if !self.weather.disorder || self.random.percent(80) {
            self.host.request_headers(stream, &request.headers, end);
        }
        self.streams.push((stream, Progress::of_request(end)));
    }

    /// The next piece of some stream, or just any piece.
    fn advance(&mut self) {
        if self.streams.is_empty() {
            return self.open();
        }
        let place = self.random.below(self.streams.len() as u64) as usize;
        let (stream, progress) = self.streams[place];
        let step = match (self.weather.disorder, progress) {
            (true, _) => self.random.below(7),
            (false, Progress::RequestOpen) => *self.random.pick(&[1, 1, 1, 2, 3]),
            (false, Progress::RequestDone) => 3,
            (false, Progress::ResponseOpen) => *self.random.pick(&[4, 4, 5]),
            (false, Progress::ResponseDone) => 6,
        };
        let end = self.random.percent(30);
        let next = match step {
            0 => {
                let headers = arbitrary::request(&mut self.random).headers;
                self.host.request_headers(stream, &headers, end);
                Progress::of_request(end)
            }
            1 => {
                // Some bodies are JSON.
                let chunk = match self.random.percent(10) {
                    true => b"{}".to_vec(),
                    false => self.random.bytes(400),
                };
                self.host.request_body(stream, &chunk, end);
                if end { Progress::RequestDone } else { progress }
            }
            2 => {
                let trailers = arbitrary::headers(&mut self.random, 3);
                self.host.request_trailers(stream, &trailers);
                Progress::RequestDone
            }
            3 => {
                let headers = arbitrary::reply(&mut self.random).headers;
                self.host.response_headers(stream, &headers, end);
                Progress::of_response(end)
            }
            4 => {
                let chunk = self.random.bytes(400);
                self.host.response_body(stream, &chunk, end);
                if end { Progress::ResponseDone } else { progress }
            }
            5 => {
                let trailers = arbitrary::reply(&mut self.random).trailers;
                self.host.response_trailers(stream, &trailers);
                Progress::ResponseDone
            }
            _ => {
                self.host.log(stream);
                progress
            }
        };
        self.streams[place].1 = next;
    }

    fn answer(&mut self) {
        let pending = self.host.pending();
        if !pending.is_empty() {
            let token = *self.random.pick(&pending);
            let reply = arbitrary::reply(&mut self.random);
            self.host.reply(token, reply);
        }
    }

    fn close(&mut self) {
        if !self.streams.is_empty() {
            let place = self.random.below(self.streams.len() as u64) as usize;
            let (stream, _) = self.streams.swap_remove(place);
            if self.random.percent(80) {
                self.host.log(stream);
            }
            self.host.destroy(stream);
        }
    }

    fn let_time_pass(&mut self) {
        let time = Duration::from_millis(*self.random.pick(&[0, 1, 10, 500, 3000, 40_000]));
        if self.random.percent(30) {
            return self.host.jump(time);
        }
        self.host.pass(time);
        if time > LONGEST_WAIT && self.weather.lies.is_empty() {
            let collecting: Vec<_> = MIRRORS
                .iter()
                .filter(|name| self.host.books_of(name).collecting() > 0)
                .collect();
            assert_eq!(collecting, [] as [&&str; 0], "copies that are overdue");
        }
    }

    fn change_a_cluster(&mut self) {
        let cluster = *self
            .random
            .pick(&[None, Some(Cluster::Full), Some(Cluster::Ready), Some(Cluster::Ready)]);
        let name = *self.random.pick(&[SHADOW, "other"]);
        self.host.set_cluster(name, cluster);
    }

    /// A new configuration of a plugin, good or bad. The root of a bad one serves too.
    fn update(&mut self) {
        let place = self.random.below(self.serving.len() as u64) as usize;
        let old = self.serving[place];
        let name = self.host.world_mut().root(old.0).plugin.name;
        let mut configuration = self.random.pick(&arbitrary::configurations()).to_string();
        if self.random.percent(20) {
            configuration.truncate(self.random.below(configuration.len() as u64) as usize);
        }
        let (new, _) = self.host.try_start(Plugin::new(name, configuration));
        let retired = std::mem::replace(&mut self.serving[place], new);
        self.host.retire(retired);
    }
}

// === impl Progress ===

impl Progress {
    const fn of_request(end: bool) -> Self {
        if end { Self::RequestDone } else { Self::RequestOpen }
    }

    const fn of_response(end: bool) -> Self {
        if end { Self::ResponseDone } else { Self::ResponseOpen }
    }
}
