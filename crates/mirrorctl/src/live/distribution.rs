//! Latencies as buckets: what a proxy counts up to each bound, the difference of two such counts, and the quantiles of
//! a difference, by the rule of Prometheus' `histogram_quantile`, so that a chart here and one in Grafana tell the
//! same.

/// How many durations fell below each bound and above the one before it, in milliseconds; the bounds ascend, and the
/// last may be infinite.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Distribution {
    buckets: Vec<(f64, f64)>,
}

// === impl Distribution ===

impl Distribution {
    /// From cumulative counts, as Envoy and Prometheus give them, in any order. What is no number is left out, and a
    /// count below the one before it, which the two give while they are counting, is taken for the same.
    pub fn from_cumulative(cumulative: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut cumulative: Vec<(f64, f64)> = cumulative
            .into_iter()
            .filter(|(bound, count)| !bound.is_nan() && count.is_finite())
            .collect();
        cumulative.sort_by(|one, other| one.0.total_cmp(&other.0));
        cumulative.dedup_by(|later, earlier| later.0 == earlier.0);
        let mut below = 0.0_f64;
        let buckets = cumulative.into_iter().map(|(bound, count)| {
            let own = (count - below).max(0.0);
            below = below.max(count);
            (bound, own)
        });
        Self {
            buckets: buckets.collect(),
        }
    }

    /// How many durations it holds.
    pub fn count(&self) -> f64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// What came since `earlier`; all of it if the counting began anew in between, nothing if the bounds have changed,
    /// for then nobody knows.
    pub fn since(&self, earlier: &Self) -> Self {
        let bounds = |one: &Self| -> Vec<f64> { one.buckets.iter().map(|(bound, _)| *bound).collect() };
        if bounds(self) != bounds(earlier) {
            return Self::default();
        }
        let pairs = self.buckets.iter().zip(&earlier.buckets);
        if pairs.clone().any(|(now, then)| now.1 < then.1) {
            return self.clone();
        }
        Self {
            buckets: pairs.map(|(now, then)| (now.0, now.1 - then.1)).collect(),
        }
    }

    /// Adds a share of another one, whose bounds may differ.
    pub fn add(&mut self, other: &Self, share: f64) {
        for &(bound, count) in other.buckets.iter().filter(|(_, count)| *count > 0.0) {
            match self.buckets.binary_search_by(|(own, _)| own.total_cmp(&bound)) {
                Ok(place) => {
                    if let Some((_, own)) = self.buckets.get_mut(place) {
                        *own += count * share;
                    }
                }
                Err(place) => {
                    // An empty bucket below tells where this one begins.
                    let floor = other.buckets.iter().rev().find(|(other, _)| *other < bound);
                    self.buckets.insert(place, (bound, count * share));
                    if let Some(&(floor, _)) = floor
                        && let Err(place) = self.buckets.binary_search_by(|(own, _)| own.total_cmp(&floor))
                    {
                        self.buckets.insert(place, (floor, 0.0));
                    }
                }
            }
        }
    }

    /// The duration below which this share of all lies, from 0 to 1: linear within its bucket, the highest finite bound
    /// if it lies beyond; `None` without durations.
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        let total = self.count();
        if total <= 0.0 {
            return None;
        }
        let rank = quantile.clamp(0.0, 1.0) * total;
        let (mut below, mut lower) = (0.0, 0.0);
        for &(upper, count) in &self.buckets {
            if count > 0.0 && below + count >= rank {
                let within = (rank - below) / count;
                return Some(if upper.is_finite() {
                    lower + (upper - lower) * within.clamp(0.0, 1.0)
                } else {
                    lower
                });
            }
            below += count;
            if upper.is_finite() {
                lower = upper;
            }
        }
        // Sums of shares may fall short of the whole by a rounding error.
        Some(lower)
    }
}
