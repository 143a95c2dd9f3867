//! What happened when: readings come in, counts in bins of five seconds go out. Restarts, missing series, outages and
//! steps of a clock are dealt with here and nowhere else, so that every chart and every number rests on the same sums.
//!
//! A count is spread evenly over the time between the two readings that it was found between. A proxy's first reading
//! is where counting begins; a mirror that a known proxy did not have before begins at zero, and so does one whose
//! counters are lower than they were. What a proxy counted between its last reading and its restart nobody can know.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use mirror_policy::statistics::{COUNT, Statistic, StatisticKind};

use super::distribution::Distribution;
use super::reading::{Counts, Reading, Uptime};
use super::vocabulary;
use crate::job::Engine;

/// The length of a bin in milliseconds.
pub const BIN: i64 = 5_000;

/// A clock that goes back by more begins a new history.
const STEP_BACK: i64 = 10_000;

/// All readings of a source, as far back as is kept.
#[derive(Debug, Clone)]
pub struct History {
    keep: i64,
    now: i64,
    proxies: BTreeMap<String, Proxy>,
    tracks: BTreeMap<String, Track>,
}

/// One proxy.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Its latest reading.
    pub at: i64,
    /// The mirrors of its latest reading.
    pub loaded: BTreeSet<String>,
    /// The latest that is known of each of its mirrors, even if it no longer says so.
    pub counts: BTreeMap<String, Counts>,
    /// The labels of the plugins whose newest configuration its latest reading says is refused.
    pub refused: BTreeSet<String>,
    uptime: Option<Uptime>,
    /// The shortest time between two of its readings.
    usual: Option<i64>,
}

/// What one mirror did over time.
#[derive(Debug, Clone)]
pub struct Track {
    /// Who makes its copies.
    pub engine: Engine,
    /// The index of the first bin: Unix time in units of [`BIN`].
    first: i64,
    bins: VecDeque<Bin>,
}

/// What happened in some time, in one bin or many.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    counters: Vec<f64>,
    /// Of the primary, of the shadow.
    pub durations: [Distribution; 2],
    /// So many milliseconds lie between readings: the counts are of these.
    pub known: f64,
}

#[derive(Debug, Clone, Default)]
struct Bin {
    /// What happened between readings that followed each other.
    seen: Part,
    /// What happened in an outage: how much is known, when is not.
    unseen: Part,
}

#[derive(Debug, Clone, Default)]
struct Part {
    tally: Tally,
    /// By proxy, the milliseconds that it knows of this bin. The bin knows as much as the best of them.
    known: BTreeMap<String, f64>,
}

// === impl History ===

impl History {
    /// An empty one, which keeps so many seconds.
    pub fn new(seconds: u32) -> Self {
        Self {
            keep: i64::from(seconds) * 1000,
            now: i64::MIN,
            proxies: BTreeMap::new(),
            tracks: BTreeMap::new(),
        }
    }

    /// Tells the source's time, in Unix milliseconds. True if its clock went back so far that all was forgotten: what
    /// was before cannot be put beside what comes.
    pub fn advance(&mut self, now: i64) -> bool {
        let went_back = now < self.now.saturating_sub(STEP_BACK);
        if went_back {
            *self = Self::new(u32::try_from(self.keep / 1000).unwrap_or(u32::MAX));
        }
        self.now = self.now.max(now);
        for track in self.tracks.values_mut() {
            track.forget((self.now - self.keep).div_euclid(BIN));
        }
        went_back
    }

    /// Takes what a proxy says. A reading that is not later than the proxy's last one is not news.
    pub fn push(&mut self, reading: Reading) {
        self.now = self.now.max(reading.at);
        let Some(proxy) = self.proxies.get_mut(&reading.proxy) else {
            self.begin(reading);
            return;
        };
        let span = proxy.at..reading.at;
        if span.is_empty() {
            return;
        }
        let has_gap = proxy.is_silent_at(reading.at);
        let is_new_process = is_new_process(proxy.uptime, reading.uptime);
        for (name, now) in &reading.mirrors {
            let known = proxy.counts.get(name);
            let restarted = is_new_process || known.is_none_or(|then| now.is_behind(then));
            let zero = Counts::zero(now.engine);
            let then = known.filter(|_| !restarted).unwrap_or(&zero);
            let tally = Tally::between(then, now, &span);
            let oldest = (self.now - self.keep).div_euclid(BIN);
            let track = self
                .tracks
                .entry(name.clone())
                .or_insert_with(|| Track::new(now.engine));
            track.spread(&reading.proxy, &span, &tally, oldest, has_gap);
        }
        proxy.take(reading, is_new_process);
    }

    /// The source's time.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// The newest reading; `None` before the first one.
    pub fn newest(&self) -> Option<i64> {
        self.proxies.values().map(|proxy| proxy.at).max()
    }

    /// The proxies, by name.
    pub fn proxies(&self) -> &BTreeMap<String, Proxy> {
        &self.proxies
    }

    /// The proxies whose latest reading is not too long ago.
    pub fn answering(&self) -> impl Iterator<Item = &Proxy> {
        self.proxies.values().filter(|proxy| !proxy.is_silent_at(self.now))
    }

    /// The mirrors, by name.
    pub fn tracks(&self) -> &BTreeMap<String, Track> {
        &self.tracks
    }

    fn begin(&mut self, reading: Reading) {
        for (name, counts) in &reading.mirrors {
            let track = || Track::new(counts.engine);
            self.tracks.entry(name.clone()).or_insert_with(track);
        }
        let proxy = Proxy {
            at: reading.at,
            loaded: reading.mirrors.keys().cloned().collect(),
            counts: reading.mirrors,
            refused: reading.refused,
            uptime: reading.uptime,
            usual: None,
        };
        self.proxies.insert(reading.proxy, proxy);
    }
}

/// A process that has been running for less time than the one before is another one; of a higher epoch, it has taken
/// over the counters.
fn is_new_process(then: Option<Uptime>, now: Option<Uptime>) -> bool {
    then.zip(now)
        .is_some_and(|(then, now)| now.seconds < then.seconds && now.epoch <= then.epoch)
}

// === impl Proxy ===

impl Proxy {
    /// Whether a proxy that has not been heard of until then is out of reach, or out of use: four times the usual time
    /// between two readings, and the five seconds that one may take.
    pub fn is_silent_at(&self, now: i64) -> bool {
        let usual = self.usual.unwrap_or(60_000).max(1_000);
        now.saturating_sub(self.at) > usual * 4 + 5_000
    }

    fn take(&mut self, reading: Reading, is_new_process: bool) {
        let span = reading.at - self.at;
        self.usual = Some(self.usual.map_or(span, |usual| usual.min(span)));
        self.at = reading.at;
        self.uptime = reading.uptime.or(self.uptime);
        self.loaded = reading.mirrors.keys().cloned().collect();
        self.refused = reading.refused;
        if is_new_process {
            self.counts.clear();
        }
        for (name, mut counts) in reading.mirrors {
            if let Some(known) = self.counts.get(&name).filter(|known| !counts.is_behind(known)) {
                counts.fill(known);
            }
            self.counts.insert(name, counts);
        }
    }
}

// === impl Track ===

impl Track {
    fn new(engine: Engine) -> Self {
        Self {
            engine,
            first: 0,
            bins: VecDeque::new(),
        }
    }

    /// What happened in these bins, outages and all.
    pub fn sum(&self, bins: Range<i64>) -> Tally {
        self.add_up(bins, |bin| {
            let seen = |proxy: &str| bin.seen.known.get(proxy).copied().unwrap_or_default();
            let both = bin.unseen.known.iter().map(|(proxy, unseen)| unseen + seen(proxy));
            (
                vec![&bin.seen.tally, &bin.unseen.tally],
                both.fold(bin.seen.best(), f64::max),
            )
        })
    }

    /// What is known to have happened in these bins and in no other: without what came in an outage, for a chart.
    pub fn seen(&self, bins: Range<i64>) -> Tally {
        self.add_up(bins, |bin| (vec![&bin.seen.tally], bin.seen.best()))
    }

    fn add_up<'a>(&'a self, bins: Range<i64>, of: impl Fn(&'a Bin) -> (Vec<&'a Tally>, f64)) -> Tally {
        let mut sum = Tally::default();
        let those = (self.first..).zip(&self.bins).filter(|(index, _)| bins.contains(index));
        for (tallies, known) in those.map(|(_, bin)| of(bin)) {
            tallies.into_iter().for_each(|tally| sum.add(tally, 1.0));
            sum.known += known;
        }
        sum
    }

    fn spread(&mut self, proxy: &str, span: &Range<i64>, tally: &Tally, oldest: i64, has_gap: bool) {
        let length = (span.end - span.start) as f64;
        let bins = span.start.div_euclid(BIN).max(oldest)..=(span.end - 1).div_euclid(BIN);
        for index in bins {
            let overlap = span.end.min((index + 1) * BIN) - span.start.max(index * BIN);
            let share = overlap as f64 / length;
            let Some(bin) = self.bin(index) else { continue };
            let part = if has_gap { &mut bin.unseen } else { &mut bin.seen };
            part.tally.add(tally, share);
            *part.known.entry(proxy.to_owned()).or_default() += overlap as f64;
        }
    }

    fn bin(&mut self, index: i64) -> Option<&mut Bin> {
        if self.bins.is_empty() {
            self.first = index;
        }
        while index < self.first {
            self.bins.push_front(Bin::default());
            self.first -= 1;
        }
        let place = usize::try_from(index - self.first).ok()?;
        while self.bins.len() <= place {
            self.bins.push_back(Bin::default());
        }
        self.bins.get_mut(place)
    }

    fn forget(&mut self, oldest: i64) {
        while self.first < oldest && self.bins.pop_front().is_some() {
            self.first += 1;
        }
    }
}

// === impl Part ===

impl Part {
    fn best(&self) -> f64 {
        self.known.values().copied().fold(0.0, f64::max)
    }
}

// === impl Tally ===

impl Tally {
    /// How much a counter grew. Parts of counts add up to whole ones, but for what floating point loses on the way.
    pub fn get(&self, counter: Statistic) -> f64 {
        let count = self.counters.get(counter.index()).copied().unwrap_or_default();
        (count * 1000.0).round() / 1000.0
    }

    /// The sum of a counter over all its results, or over some.
    pub fn total(&self, of: impl Fn(Statistic) -> bool) -> f64 {
        let counters = vocabulary::all()
            .iter()
            .filter(|one| one.kind() == StatisticKind::Counter);
        counters.filter(|&&one| of(one)).map(|&one| self.get(one)).sum()
    }

    fn between(then: &Counts, now: &Counts, span: &Range<i64>) -> Self {
        let growth = |&statistic: &Statistic| match (statistic.kind(), now.get(statistic)) {
            (StatisticKind::Counter, Some(now)) => (now - then.get(statistic).unwrap_or_default()).max(0.0),
            _ => 0.0,
        };
        let durations = [Statistic::PrimaryDuration, Statistic::ShadowDuration].map(|statistic| {
            match (then.distribution(statistic), now.distribution(statistic)) {
                (_, None) => Distribution::default(),
                (None, Some(now)) => now.clone(),
                (Some(then), Some(now)) => now.since(then),
            }
        });
        Self {
            counters: vocabulary::all().iter().map(growth).collect(),
            durations,
            known: (span.end - span.start) as f64,
        }
    }

    /// Adds a share of what happened. How much of the time is known is not a matter of adding: proxies know the same
    /// time.
    fn add(&mut self, other: &Self, share: f64) {
        self.counters.resize(COUNT, 0.0);
        for (own, other) in self.counters.iter_mut().zip(&other.counters) {
            *own += other * share;
        }
        for (own, other) in self.durations.iter_mut().zip(&other.durations) {
            own.add(other, share);
        }
    }
}
