//! Statistics as Envoy keeps them: one store for the process, shared by all its VMs, and in each VM the ids under which
//! the filter knows them. Defining a name again gives another id of the same statistic.

use std::collections::BTreeMap;

use super::abi::Status;

/// The statistics of one process, by their raw names without Envoy's `wasmcustom.`.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    counters: BTreeMap<String, u64>,
    gauges: BTreeMap<String, i64>,
    histograms: BTreeMap<String, Vec<u64>>,
    /// Gauges that were below zero at some time. Envoy would have shown them as numbers near 2^64.
    below_zero: Vec<String>,
}

/// The ids that one VM was given. An id tells the kind by its last two bits.
#[derive(Debug, Default)]
pub(crate) struct MetricIds(BTreeMap<u32, String>);

const KIND_MASK: u32 = 0b11;
const COUNTER: u32 = 0;
const GAUGE: u32 = 1;
const HISTOGRAM: u32 = 2;

// === impl Stats ===

impl Stats {
    pub(crate) fn counter(&self, name: &str) -> u64 {
        self.counters.get(name).copied().unwrap_or_default()
    }

    pub(crate) fn gauge(&self, name: &str) -> i64 {
        self.gauges.get(name).copied().unwrap_or_default()
    }

    pub(crate) fn histogram(&self, name: &str) -> &[u64] {
        self.histograms.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The sum of all counters whose name begins and ends like this.
    pub(crate) fn counters(&self, prefix: &str, suffix: &str) -> u64 {
        let from_prefix = self.counters.range(prefix.to_owned()..);
        let with_prefix = from_prefix.take_while(|(name, _)| name.starts_with(prefix));
        with_prefix
            .filter(|(name, _)| name.ends_with(suffix))
            .map(|(_, value)| value)
            .sum()
    }

    /// All gauges with their values.
    pub(crate) fn gauges(&self) -> &BTreeMap<String, i64> {
        &self.gauges
    }

    /// The names of everything that was ever defined.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.counters
            .keys()
            .chain(self.gauges.keys())
            .chain(self.histograms.keys())
    }

    pub(crate) fn below_zero(&self) -> &[String] {
        &self.below_zero
    }

    fn step_gauge(&mut self, name: &str, offset: i64) {
        let value = self.gauges.entry(name.to_owned()).or_default();
        *value += offset;
        if *value < 0 {
            self.below_zero.push(name.to_owned());
        }
    }
}

// === impl MetricIds ===

impl MetricIds {
    pub(crate) fn define(&mut self, stats: &mut Stats, kind: u32, name: &str) -> Result<u32, Status> {
        match kind {
            COUNTER => drop(stats.counters.entry(name.to_owned()).or_default()),
            GAUGE => drop(stats.gauges.entry(name.to_owned()).or_default()),
            HISTOGRAM => drop(stats.histograms.entry(name.to_owned()).or_default()),
            _ => return Err(Status::BadArgument),
        }
        let id = (self.0.len() as u32 + 1) << 2 | kind;
        self.0.insert(id, name.to_owned());
        Ok(id)
    }

    pub(crate) fn name(&self, id: u32) -> &str {
        self.0.get(&id).map_or("unknown", String::as_str)
    }

    pub(crate) fn increment(&self, stats: &mut Stats, id: u32, offset: i64) -> Result<(), Status> {
        if id & KIND_MASK > GAUGE {
            return Err(Status::BadArgument);
        }
        let name = self.0.get(&id).ok_or(Status::NotFound)?;
        match (id & KIND_MASK, u64::try_from(offset)) {
            (GAUGE, _) => stats.step_gauge(name, offset),
            (_, Ok(step)) if step > 0 => *stats.counters.entry(name.clone()).or_default() += step,
            _ => return Err(Status::BadArgument),
        }
        Ok(())
    }

    pub(crate) fn record(&self, stats: &mut Stats, id: u32, value: u64) -> Result<(), Status> {
        let name = self.0.get(&id).ok_or(Status::NotFound)?.clone();
        match id & KIND_MASK {
            COUNTER => *stats.counters.entry(name).or_default() += value,
            GAUGE => drop(stats.gauges.insert(name, value as i64)),
            _ => stats.histograms.entry(name).or_default().push(value),
        }
        Ok(())
    }

    pub(crate) fn value(&self, stats: &Stats, id: u32) -> Result<u64, Status> {
        let name = self.0.get(&id).ok_or(Status::NotFound)?;
        match id & KIND_MASK {
            COUNTER => Ok(stats.counter(name)),
            GAUGE => Ok(stats.gauge(name) as u64),
            _ => Err(Status::BadArgument),
        }
    }
}
