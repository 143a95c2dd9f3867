//! The newest views as bytes: each window is written once, however many pages are open, and all of them share the
//! bytes. Who is slow sees fewer views, and the newest next; nothing is kept for anyone.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;

use crate::live::window::Window;

/// The windows that the page can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PageWindow {
    /// Five minutes.
    #[default]
    Short,
    /// Half an hour.
    Long,
}

/// One view of each window.
#[derive(Debug, PartialEq, Eq)]
pub struct Frames {
    short: Frame,
    long: Frame,
}

/// One view, as an event of a stream; what it carries is a part of the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    event: Bytes,
}

/// The newest frames; `None` until the source has been asked once.
pub type Newest = watch::Receiver<Option<Arc<Frames>>>;

const BEGIN: &str = "event: view\ndata: ";

// === impl PageWindow ===

impl PageWindow {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Short, Self::Long];

    /// As a query says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Short => "5m",
            Self::Long => "30m",
        }
    }

    /// As the model knows it.
    pub const fn window(self) -> Window {
        match self {
            Self::Short => Window::SHORT,
            Self::Long => Window::LONG,
        }
    }

    /// Reads a query, in which only `window` may stand, once.
    ///
    /// # Errors
    /// What is allowed.
    pub fn of_query(query: Option<&str>) -> Result<Self, String> {
        let query = query.unwrap_or_default();
        let found = Self::ALL
            .into_iter()
            .find(|span| query.strip_prefix("window=") == Some(span.as_str()));
        match found {
            None if query.is_empty() => Ok(Self::default()),
            None => Err("the query may be window=5m or window=30m, and nothing else".to_owned()),
            Some(span) => Ok(span),
        }
    }
}

// === impl Frames ===

impl Frames {
    /// Writes the views that `view` has.
    pub fn of(view: impl Fn(Window) -> Value) -> Self {
        let frame = |span: PageWindow| Frame::of(&view(span.window()));
        Self {
            short: frame(PageWindow::Short),
            long: frame(PageWindow::Long),
        }
    }

    /// That of one window.
    pub fn get(&self, span: PageWindow) -> &Frame {
        match span {
            PageWindow::Short => &self.short,
            PageWindow::Long => &self.long,
        }
    }
}

// === impl Frame ===

impl Frame {
    fn of(view: &Value) -> Self {
        // JSON as serde writes it has no line breaks, so one line of data carries it.
        Self {
            event: Bytes::from(format!("{BEGIN}{view}\n\n")),
        }
    }

    /// As an event of a stream.
    pub fn event(&self) -> Bytes {
        self.event.clone()
    }

    /// As JSON, with a line break at the end.
    pub fn json(&self) -> Bytes {
        self.event.slice(BEGIN.len()..self.event.len().saturating_sub(1))
    }
}
