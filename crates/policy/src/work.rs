//! The work for one request: how many bytes the filter examines, and the limit. The unit is the work of reading one
//! byte of JSON. Each part charges before it acts, so work over a limit is never done.
//!
//! What counts:
//!
//! | part | bytes |
//! |---|---|
//! | a body that is redacted as JSON or as a form | the length of the body |
//! | the headers that are redacted | the length of all headers |
//! | a value that becomes a token | [`TOKEN`] and the length of the value |
//! | a comparison with a regular expression | the length of the text × the cost of the expression for one byte |
//! | a condition on a query parameter | the length of the path with its query |
//! | a condition on a header that stands more than once | the length of all headers |

use std::cell::Cell;

use crate::reasons::Dropped;

/// The work of a token, besides the bytes of its value.
pub const TOKEN: u64 = 64;

/// The work that is done, and its limit.
#[derive(Debug)]
pub struct Work {
    limit: Cell<u64>,
    examined: Cell<u64>,
    is_over: Cell<bool>,
    steps: Cell<u64>,
}

// === impl Work ===

impl Work {
    /// No work yet, with a limit in bytes.
    pub const fn new(limit: u64) -> Self {
        Self {
            limit: Cell::new(limit),
            examined: Cell::new(0),
            is_over: Cell::new(false),
            steps: Cell::new(0),
        }
    }

    /// Charges bytes before they are examined.
    ///
    /// # Errors
    /// The bytes would be over the limit. Then nothing is charged, and the work stays over its limit.
    #[inline]
    pub fn charge(&self, bytes: u64) -> Result<(), Dropped> {
        let examined = self.examined.get().saturating_add(bytes);
        if self.is_over.get() || examined > self.limit.get() {
            self.is_over.set(true);
            return Err(Dropped::TooCostly);
        }
        self.examined.set(examined);
        Ok(())
    }

    /// The bytes that were charged.
    pub const fn examined(&self) -> u64 {
        self.examined.get()
    }

    /// Whether a charge was over the limit.
    pub const fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// Goes on with another limit, in bytes. What was charged stays charged.
    pub fn go_on(&self, limit: u64) {
        self.limit.set(limit);
        self.is_over.set(false);
    }

    /// Notes steps that were done, for the tests that compare the steps with the bytes. A build without debug
    /// assertions notes nothing.
    #[inline]
    pub(crate) fn step(&self, steps: usize) {
        if cfg!(debug_assertions) {
            self.steps.set(self.steps.get().saturating_add(steps as u64));
        }
    }

    /// The steps that were noted: 0 in a build without debug assertions.
    pub const fn steps(&self) -> u64 {
        self.steps.get()
    }
}
