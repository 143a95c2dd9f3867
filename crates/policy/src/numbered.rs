//! Maps by numbers that this VM or its host counts up. No client chooses such a number, so they need no keyed hash; the
//! standard library's asks the host for random bytes and brings 6 KB of messages about its failures into the filter.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map whose keys hash as one number.
pub(crate) type Numbered<K, V> = HashMap<K, V, BuildHasherDefault<NumberHasher>>;

/// Spreads a number over 64 bits: Fibonacci hashing.
#[derive(Default)]
pub(crate) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    // The map takes the lowest bits for the place; a product's upper half depends on all bits of the number.
    fn finish(&self) -> u64 {
        self.0.rotate_left(32)
    }
}
