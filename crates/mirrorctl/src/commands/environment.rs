//! What `main` brings to a command: the clock, the streams, the terminal.

use std::io::Write;

use crate::cluster::{Kubeconfigs, Sources};
use crate::input::Stdin;
use crate::module::Logins;
use crate::time::Time;
use crate::wait::Wait;
use crate::watch::look::Look;

/// What a command may know of the world besides its arguments.
pub struct Environment<'a> {
    /// Standard input.
    pub stdin: Stdin<'a>,
    /// Where kubeconfigs are.
    pub kubeconfigs: Kubeconfigs,
    /// Where credentials for registries are.
    pub logins: Logins,
    /// The clock.
    pub now: Time,
    /// Whether standard output is a terminal that wants colour.
    pub colour: bool,
    /// Time that passes.
    pub wait: &'a mut dyn Wait,
    /// What the terminal can show; `None` if standard output is none.
    pub look: Option<Look>,
    /// Standard output, for what goes on until it is told to stop. All else is an answer.
    pub stdout: &'a mut dyn Write,
}

impl<'a> Environment<'a> {
    /// Where objects can be read from.
    pub fn sources(&mut self) -> Sources<'_, 'a> {
        Sources {
            stdin: &mut self.stdin,
            kubeconfigs: &self.kubeconfigs,
            wait: &mut *self.wait,
        }
    }
}
