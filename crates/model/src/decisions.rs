//! Where random choices come from.

use mirror_policy::sample::Dice;

/// A source of choices. The same source makes the same choices again.
pub trait Decisions {
    /// A number from 0 to `end` - 1; `end` is at least 1.
    fn below(&mut self, end: u64) -> u64;

    /// Yes, once in so many times.
    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// Yes, so many times in a hundred.
    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// An index of a list of this length; the list is not empty.
    fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// One of these, which are not empty.
    fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.index(choices.len())]
    }

    /// Any bytes: none up to `most`.
    fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.below(256) as u8).collect()
    }
}

impl Decisions for Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }
}
