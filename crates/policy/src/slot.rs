//! A value that many parts share, and that one step at a time changes. Borrowing it cannot fail: a step takes the value
//! out and puts it back. Inside a step on the same slot, the slot would have a default value; no code nests such steps.

use std::cell::Cell;
use std::fmt;

/// A shared value. It lies on the heap, so a step moves a pointer only.
pub struct Slot<T>(Cell<Option<Box<T>>>);

impl<T: Default> Slot<T> {
    /// A slot with a value.
    pub fn new(value: T) -> Self {
        Self(Cell::new(Some(Box::new(value))))
    }

    /// Does one step with the value.
    pub fn with<R>(&self, step: impl FnOnce(&mut T) -> R) -> R {
        let mut value = self.0.take().unwrap_or_default();
        let result = step(&mut value);
        self.0.set(Some(value));
        result
    }
}

impl<T: Default + fmt::Debug> fmt::Debug for Slot<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|value| value.fmt(formatter))
    }
}
