//! When requests are due.

use std::time::{Duration, Instant};

/// The starts of a constant rate.
#[derive(Clone, Debug)]
pub struct Starts {
    first: Instant,
    interval: Duration,
    next: u32,
    count: u32,
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
}
