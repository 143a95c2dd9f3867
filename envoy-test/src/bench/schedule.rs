//! When requests are due, and in which order the arms take their turns.

use std::time::{Duration, Instant};

/// The starts of a constant rate.
#[derive(Clone, Debug)]
pub struct Starts {
    first: Instant,
    interval: Duration,
    next: u32,
    count: u32,
}

/// A small generator: the same seed, the same order (xorshift64*).
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

// === impl Starts ===

impl Starts {
    /// `rate` per second for `duration`, the first at `first`.
    pub fn new(first: Instant, rate: f64, duration: Duration) -> Self {
        Self {
            first,
            interval: Duration::from_secs_f64(1.0 / rate.max(1e-3)),
            next: 0,
            count: (duration.as_secs_f64() * rate).round() as u32,
        }
    }

    /// When the next one is due.
    pub fn peek(&self) -> Option<Instant> {
        (self.next < self.count).then(|| self.first + self.interval * self.next)
    }

    /// The next one, if it is due by now.
    pub fn next_until(&mut self, now: Instant) -> Option<Instant> {
        let due = self.peek().filter(|due| *due <= now)?;
        self.next += 1;
        Some(due)
    }

    /// Whether all have been due.
    pub fn is_over(&self) -> bool {
        self.next >= self.count
    }
}

// === impl Random ===

impl Random {
    /// Any seed will do.
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
        }
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        let high = self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
        ((high * bound as u64) >> 32) as usize
    }

    /// Every order equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_due_at_their_time_and_all_of_them() {
        let first = Instant::now();
        let mut starts = Starts::new(first, 1000.0, Duration::from_millis(10));
        assert_eq!(starts.next_until(first), Some(first));
        assert_eq!(starts.next_until(first), None);
        assert_eq!(starts.peek(), Some(first + Duration::from_millis(1)));
        let late = first + Duration::from_secs(1);
        let rest: Vec<_> = std::iter::from_fn(|| starts.next_until(late)).collect();
        assert_eq!(rest.len(), 9);
        assert_eq!(rest.last(), Some(&(first + Duration::from_millis(9))));
        assert!(starts.is_over() && starts.peek().is_none());
    }

    #[test]
    fn a_shuffle_keeps_all_and_starts_with_each_about_equally() {
        let mut random = Random::new(7);
        let mut firsts = [0; 4];
        for _ in 0..4000 {
            let mut items = [0, 1, 2, 3];
            random.shuffle(&mut items);
            firsts[items[0]] += 1;
            items.sort_unstable();
            assert_eq!(items, [0, 1, 2, 3]);
        }
        assert!(firsts.iter().all(|count| (850..1150).contains(count)), "{firsts:?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_order() {
        let draw = |seed| {
            let mut random = Random::new(seed);
            (0..8).map(|_| random.below(100)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
