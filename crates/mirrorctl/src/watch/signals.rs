//! The system's signals, as values: what asks the program to end, to give back the terminal, or to take it again.

use std::io;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM, SIGHUP, SIGINT.
    Stop,
    /// SIGTSTP: another program wants the terminal.
    Suspend,
    /// SIGCONT: it is ours again.
    Resume,
}

/// How long the program may take to end by itself.
#[cfg(unix)]
const GRACE: std::time::Duration = std::time::Duration::from_secs(2);

/// Tells what ends the program, and if asked to, what concerns the terminal, until `tell` says that nobody listens. A
/// program that cannot end by itself, because nobody reads what it writes, is ended as the signal does without us.
///
/// # Errors
/// If the system refuses.
#[cfg(unix)]
pub fn listen(has_terminal: bool, tell: impl Fn(Signal) -> bool + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
    let mut wanted = vec![SIGTERM, SIGHUP, SIGINT];
    if has_terminal {
        wanted.extend([SIGTSTP, SIGCONT]);
    }
    let mut signals = signal_hook::iterator::Signals::new(wanted)?;
    let listen = move || {
        for number in signals.forever() {
            let signal = match number {
                SIGTSTP => Signal::Suspend,
                SIGCONT => Signal::Resume,
                _ => Signal::Stop,
            };
            if !tell(signal) {
                return;
            }
            if signal == Signal::Stop {
                std::thread::sleep(GRACE);
                let _ = signal_hook::low_level::emulate_default_handler(number);
            }
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(listen)?;
    Ok(())
}

/// Stops the program as SIGTSTP does, and returns when it goes on.
#[cfg(unix)]
pub fn stop_until_continued() {
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP);
}

/// Without Unix signals there is nothing to tell.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn listen(_: bool, _: impl Fn(Signal) -> bool + Send + 'static) -> io::Result<()> {
    Ok(())
}

/// Without Unix signals a program is not stopped.
#[cfg(not(unix))]
pub fn stop_until_continued() {}
