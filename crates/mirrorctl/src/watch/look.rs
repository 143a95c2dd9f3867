//! How a terminal can show things: with colour or without, with Unicode's lines and dots or in ASCII. Primary and
//! shadow differ in form as well as in colour, everywhere.

use ratatui::style::{Color, Modifier, Style};

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether it has colours, and they are wanted.
    pub colour: bool,
    /// Whether it can show Unicode's braille and blocks.
    pub unicode: bool,
}

/// The environment variables that say so, as they are set.
#[derive(Debug, Clone, Copy, Default)]
pub struct Variables<'a> {
    /// `NO_COLOR`.
    pub no_color: Option<&'a str>,
    /// `TERM`.
    pub term: Option<&'a str>,
    /// The first that is set of `LC_ALL`, `LC_CTYPE` and `LANG`.
    pub locale: Option<&'a str>,
}

// Blue, vermilion and purple of the fixed part of the 256 colours, so that no theme changes them: people with any kind
// of colour blindness tell the first two apart (Okabe and Ito, "Color Universal Design"), and all are read on black and
// on white.
const PRIMARY: Color = Color::Indexed(32);
const SHADOW: Color = Color::Indexed(166);
const ALARM: Color = Color::Indexed(162);
const QUIET: Color = Color::Indexed(244);

// === impl Look ===

impl Look {
    /// What a terminal with these variables can show.
    pub fn of(variables: &Variables<'_>) -> Self {
        let is_set = |value: Option<&str>| value.is_some_and(|value| !value.is_empty());
        let term = variables.term.unwrap_or_default();
        let is_plain = term.is_empty() || term == "dumb" || term.starts_with("vt");
        let locale = variables.locale.unwrap_or_default().to_ascii_lowercase();
        Self {
            colour: !is_set(variables.no_color) && !is_plain,
            // The console of Linux has a font of 512 signs, without braille.
            unicode: (locale.contains("utf-8") || locale.contains("utf8")) && term != "linux" && !is_plain,
        }
    }

    fn coloured(self, colour: Color, otherwise: Style) -> Style {
        match self.colour {
            true => Style::new().fg(colour),
            false => otherwise,
        }
    }

    pub(super) fn primary(self) -> Style {
        self.coloured(PRIMARY, Style::new())
    }

    pub(super) fn shadow(self) -> Style {
        self.coloured(SHADOW, Style::new())
    }

    pub(super) fn quiet(self) -> Style {
        self.coloured(QUIET, Style::new())
    }

    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What somebody should look at.
    pub(super) fn alarm(self) -> Style {
        self.coloured(ALARM, Style::new()).patch(self.strong())
    }

    /// What is chosen, or must not be overlooked.
    pub(super) fn marked(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// One of two forms of a sign.
    pub(super) fn sign(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }
}
