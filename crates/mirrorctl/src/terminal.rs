//! Waiting for real: the machine's clock, Ctrl-C, and a line on standard error if that is a terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use mirrorctl::error::Exit;
use mirrorctl::wait::Wait;
use ratatui::crossterm::terminal::size;

/// The process, as it waits.
pub struct Terminal {
    start: Instant,
    interrupts: Option<Receiver<()>>,
    is_line_open: bool,
}

// === impl Terminal ===

impl Terminal {
    /// The command begins now.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            interrupts: None,
            is_line_open: false,
        }
    }

    /// Makes room for what is printed next.
    pub fn clear(&mut self) {
        if std::mem::take(&mut self.is_line_open) {
            // Nobody reads what cannot be written to standard error either.
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

impl Wait for Terminal {
    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&mut self, span: Duration) -> bool {
        let Some(interrupts) = &self.interrupts else {
            std::thread::sleep(span);
            return true;
        };
        interrupts.recv_timeout(span) == Err(RecvTimeoutError::Timeout)
    }

    fn catch_interrupt(&mut self) {
        let (sender, receiver) = channel();
        let mut is_first = true;
        let caught = ctrlc::set_handler(move || {
            // The first is the command's to act on, if it still waits.
            if !std::mem::take(&mut is_first) || sender.send(()).is_err() {
                std::process::exit(Exit::Interrupted as i32);
            }
        });
        // Without a handler Ctrl-C ends the command, as it does anyway.
        self.interrupts = caught.is_ok().then_some(receiver);
    }

    fn say(&mut self, line: &str) {
        if io::stderr().is_terminal() {
            self.is_line_open = true;
            // A line that is wrapped is more than one, and would stay.
            let width = size().map_or(80, |(columns, _)| usize::from(columns)).saturating_sub(1);
            let line: String = line.chars().take(width).collect();
            let _ = write!(io::stderr(), "\r\u{1b}[K{line}").and_then(|()| io::stderr().flush());
        }
    }
}
