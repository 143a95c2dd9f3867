//! `mirrorctl watch`: what [`live`](crate::live) knows, drawn in a terminal again and again, or written as lines of
//! JSON.
//!
//! ```text
//! keys ──────▶ ui ──────┐
//! poller ────▶ scene ───┴▶ draw ─▶ screen
//!   (live)        └──────────▶ lines
//! ```
//!
//! `draw` and `ui` are pure: a scene and a size in, cells out; a key in, what was chosen out. `screen` alone knows the
//! terminal, and gives it back as it was however the program ends. `poller` asks in a thread of its own, so that keys
//! are answered at once while a proxy is not.

// What can be typed.
pub mod args;

// What is shown.
pub mod look;

pub mod numbers;

pub mod ui;

pub mod scene;

pub mod draw;

// Who does it.
pub mod poller;

pub mod signals;

pub mod screen;

pub mod lines;

use std::time::{Duration, Instant};

/// How often is asked, and when it is enough.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// From question to question.
    pub interval: Duration,
    /// So many readings; `None`: without end.
    pub count: Option<u64>,
    /// So long; `None`: without end.
    pub lasting: Option<Duration>,
}

// === impl Pace ===

impl Pace {
    /// When it ends, if it begins now.
    fn end(&self, now: Instant) -> Option<Instant> {
        now.checked_add(self.lasting?)
    }

    fn is_reached(&self, readings: u64, end: Option<Instant>) -> bool {
        self.count.is_some_and(|count| readings >= count) || end.is_some_and(|end| Instant::now() >= end)
    }
}
