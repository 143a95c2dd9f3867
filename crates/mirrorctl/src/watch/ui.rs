//! The keyboard: what was chosen, and what a key changes of it. A state machine without a terminal.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ui {
    /// The mirror; `None` before there is one.
    pub mirror: Option<String>,
    /// Whether the window is the long one.
    pub is_long: bool,
    /// Which percentile of latency: 0 to 2 of [`PERCENTILES`].
    pub percentile: usize,
    /// Whether the help is shown.
    pub help: bool,
    /// Whether the display stands still.
    pub paused: bool,
}

/// What a key asks of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    Nothing,
    /// Draw what was chosen.
    Draw,
    /// End.
    Quit,
    /// Give the terminal back to the shell until it says to go on.
    Suspend,
}

/// The percentiles of latency, as the series have them.
pub const PERCENTILES: [&str; 3] = ["p50", "p95", "p99"];

/// The keys and what they do, as help and documentation tell it.
pub const KEYS: [(&str, &str); 7] = [
    ("Tab  n  Right", "next mirror"),
    ("Shift-Tab  p  Left", "previous mirror"),
    ("w", "window: 5 min, 30 min"),
    ("l", "latency: p50, p95, p99"),
    ("Space", "pause the display; data goes on being collected"),
    ("?", "this help"),
    ("q  Esc  Ctrl-C", "quit"),
];

// === impl Ui ===

impl Default for Ui {
    fn default() -> Self {
        Self {
            mirror: None,
            is_long: false,
            percentile: 1,
            help: false,
            paused: false,
        }
    }
}

impl Ui {
    /// Takes a key. `names` are the mirrors on display.
    pub fn press(&mut self, key: KeyEvent, names: &[&str]) -> Wish {
        if key.kind == KeyEventKind::Release {
            return Wish::Nothing;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c' | 'd') => Wish::Quit,
                KeyCode::Char('z') => Wish::Suspend,
                KeyCode::Char('l') => Wish::Draw,
                _ => Wish::Nothing,
            };
        }
        match key.code {
            // The key that closes a window closes the help first.
            KeyCode::Char('q') | KeyCode::Esc if self.help => self.help = false,
            KeyCode::Char('q') | KeyCode::Esc => return Wish::Quit,
            KeyCode::Char('?' | 'h') | KeyCode::F(1) => self.help = !self.help,
            KeyCode::Char(' ') => self.paused = !self.paused,
            KeyCode::Char('w') => self.is_long = !self.is_long,
            KeyCode::Char('l') => self.percentile = (self.percentile + 1) % PERCENTILES.len(),
            KeyCode::Tab | KeyCode::Right | KeyCode::Down | KeyCode::Char('n') => self.step(names, 1),
            KeyCode::BackTab | KeyCode::Left | KeyCode::Up | KeyCode::Char('p') => {
                self.step(names, names.len().saturating_sub(1));
            }
            _ => return Wish::Nothing,
        }
        Wish::Draw
    }

    /// Takes notice of the mirrors on display: the first that was ever there stays chosen when others come before it.
    pub fn meet(&mut self, names: &[&str]) {
        if self.mirror.is_none() {
            self.mirror = names.first().map(|&name| name.to_owned());
        }
    }

    /// The place of the chosen mirror among these; the first if it is gone.
    pub fn place(&self, names: &[&str]) -> usize {
        let chosen = self.mirror.as_deref();
        names.iter().position(|name| Some(*name) == chosen).unwrap_or_default()
    }

    fn step(&mut self, names: &[&str], steps: usize) {
        if let Some(place) = (self.place(names) + steps).checked_rem(names.len()) {
            self.mirror = names.get(place).map(|&name| name.to_owned());
        }
    }
}

/// The name of a percentile; after the last comes the first.
pub fn percentile(index: usize) -> &'static str {
    PERCENTILES.get(index % PERCENTILES.len()).copied().unwrap_or_default()
}
