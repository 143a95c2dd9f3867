//! How a command waits that looks at something for a while: the time that passes, the person who may have seen enough,
//! and what that person is told meanwhile. `main.rs` brings the real one, a test one that takes no time.

use std::time::Duration;

/// Time, and the person at the terminal.
pub trait Wait {
    /// How long the command has been running.
    fn elapsed(&self) -> Duration;

    /// Waits so long. False: the user had enough, and [asked to be asked](Self::catch_interrupt) for it.
    fn sleep(&mut self, span: Duration) -> bool;

    /// From now on Ctrl-C ends the waiting and not the command; a second one ends the command.
    fn catch_interrupt(&mut self);

    /// Tells in one line what is waited for. It is seen at a terminal alone, and each line takes the place of the one
    /// before.
    fn say(&mut self, line: &str);
}
