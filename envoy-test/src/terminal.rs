//! Colour for people at a terminal, and none for files, pipes and `NO_COLOR`.

use std::io::IsTerminal as _;

/// Paints text, or leaves it.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    colour: bool,
}

// === impl Paint ===

impl Paint {
    /// For standard output.
    pub fn stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colour: std::io::stdout().is_terminal() && !refused,
        }
    }

    /// Never colours.
    pub fn plain() -> Self {
        Self { colour: false }
    }

    pub fn bold(&self, text: &str) -> String {
        self.with("1", text)
    }

    pub fn dim(&self, text: &str) -> String {
        self.with("2", text)
    }

    pub fn red(&self, text: &str) -> String {
        self.with("31", text)
    }

    pub fn green(&self, text: &str) -> String {
        self.with("32", text)
    }

    pub fn yellow(&self, text: &str) -> String {
        self.with("33", text)
    }

    pub fn cyan(&self, text: &str) -> String {
        self.with("36", text)
    }

    fn with(&self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
