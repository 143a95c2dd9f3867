//! Percentiles, medians, and how sure one can be of them after so few rounds.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::random::Random;

/// How often the rounds are drawn anew for an interval.
const RESAMPLES: usize = 4000;

/// A median over the rounds, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

// === impl Estimate ===

impl Estimate {
    /// The median of one number per round, with its percentiles over rounds that are drawn with replacement
    /// (bootstrap).
    pub fn of(rounds: &[f64]) -> Option<Self> {
        let whole = median(rounds.to_vec())?;
        let mut random = Random::new(rounds.len() as u64);
        let mut drawn = Vec::with_capacity(RESAMPLES);
        for _ in 0..RESAMPLES {
            let picked = rounds.iter().map(|_| rounds[random.below(rounds.len())]);
            drawn.push(median(picked.collect())?);
        }
        drawn.sort_unstable_by(f64::total_cmp);
        Some(Self {
            median: whole,
            low: drawn[RESAMPLES / 40],
            high: drawn[RESAMPLES - 1 - RESAMPLES / 40],
        })
    }

    /// Whether zero may well be the truth.
    pub fn is_noise(&self) -> bool {
        self.low <= 0.0 && self.high >= 0.0
    }
}

impl std::fmt::Display for Estimate {
    /// With as many digits as the interval can bear.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = match (self.high - self.low).abs() {
            width if width < 2.0 => 2,
            width if width < 20.0 => 1,
            _ => 0,
        };
        let one = |value: f64| format!("{value:.digits$}").replace('-', "−");
        f.pad(&format!("{} [{}, {}]", one(self.median), one(self.low), one(self.high)))
    }
}

/// The middle one, or the mean of the two.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len().is_multiple_of(2) {
        Some((values[middle - 1] + upper) / 2.0)
    } else {
        Some(upper)
    }
}

/// The smallest value that is not below `share` of them all (nearest rank), in microseconds. The values must be sorted.
pub fn percentile(sorted: &[Duration], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted
        .get(rank.saturating_sub(1))
        .map_or(f64::NAN, |value| value.as_secs_f64() * 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let values: Vec<_> = (1..=1000).map(Duration::from_micros).collect();
        let at = |share| percentile(&values, share).round();
        assert_eq!(
            [at(0.5), at(0.9), at(0.99), at(0.999), at(1.0)],
            [500.0, 900.0, 990.0, 999.0, 1000.0]
        );
        assert_eq!(percentile(&values[..1], 0.999).round(), 1.0);
        assert!(percentile(&[], 0.5).is_nan());
    }

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn an_interval_holds_the_median_and_shrinks_with_the_spread() {
        let wide = Estimate::of(&[1.0, 5.0, 9.0, 2.0, 7.0, 4.0, 6.0]).expect("rounds");
        assert_eq!(wide.median, 5.0);
        assert!(wide.low < 5.0 && wide.high > 5.0 && wide.low >= 1.0 && wide.high <= 9.0);
        assert!(!wide.is_noise());
        let exact = Estimate::of(&[5.0; 7]).expect("rounds");
        assert_eq!((exact.low, exact.high), (5.0, 5.0));
        assert!(Estimate::of(&[-1.0, 1.0, -2.0, 2.0, 0.5]).expect("rounds").is_noise());
        assert_eq!(Estimate::of(&[]), None);
    }

    #[test]
    fn an_estimate_shows_no_more_digits_than_it_knows() {
        let show = |low, median, high| Estimate { median, low, high }.to_string();
        assert_eq!(show(0.911, 1.006, 1.1), "1.01 [0.91, 1.10]");
        assert_eq!(show(-3.21, 4.56, 8.0), "4.6 [−3.2, 8.0]");
        assert_eq!(show(100.4, 150.0, 190.0), "150 [100, 190]");
    }
}
