//! What is to be drawn: what the source said last, what the person at the keyboard chose, the time, and what the
//! terminal can show. All that is on the screen follows from it.

use super::look::Look;
use super::ui::Ui;
use crate::live::args::Asked;
use crate::live::feed::{Feed, SourceEndpoint};
use crate::live::source::{Source, SourceKind, Url};
use crate::live::view::{MirrorView, View};
use crate::live::window::Window;

/// Who is asked, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// What kind of source it is.
    pub kind: SourceKind,
    /// Its URLs.
    pub urls: Vec<String>,
    /// What is said if nobody has a statistic.
    pub no_filter: String,
}

/// What is known after everyone was asked once more.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// The source's time, in Unix milliseconds.
    pub at: i64,
    /// The last five minutes.
    pub short: View,
    /// The last half hour.
    pub long: View,
    /// Everyone who is asked.
    pub endpoints: Vec<SourceEndpoint>,
    /// Whether anyone has ever answered.
    pub has_answered: bool,
}

/// All that is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// Who is asked.
    pub who: &'a Who,
    /// What is known; `None` before everyone was asked once.
    pub moment: Option<&'a Moment>,
    /// What was chosen.
    pub ui: &'a Ui,
    /// The source's time, in Unix milliseconds.
    pub now: i64,
    /// What the terminal can show.
    pub look: Look,
}

// === impl Who ===

impl Who {
    /// Of a source.
    pub fn of(source: &Source) -> Self {
        Self {
            kind: source.kind(),
            urls: source.urls().iter().map(Url::to_string).collect(),
            no_filter: source.no_filter(),
        }
    }
}

// === impl Moment ===

impl Moment {
    /// What a feed knows now.
    pub fn of(asked: &Asked, feed: &Feed) -> Self {
        Self {
            at: feed.history().now(),
            short: asked.view(feed, Window::SHORT),
            long: asked.view(feed, Window::LONG),
            endpoints: feed.endpoints().to_vec(),
            has_answered: feed.has_answered(),
        }
    }

    /// The mirrors' names, in their order.
    pub fn names(&self) -> Vec<&str> {
        self.short.mirrors.iter().map(|mirror| mirror.name.as_str()).collect()
    }

    /// Whether nobody answers.
    pub fn is_outage(&self) -> bool {
        self.endpoints.iter().all(|endpoint| endpoint.problem.is_some())
    }
}

// === impl Scene ===

impl<'a> Scene<'a> {
    /// The view of the window that was chosen.
    pub fn view(&self) -> Option<&'a View> {
        let moment = self.moment?;
        Some(match self.ui.is_long {
            true => &moment.long,
            false => &moment.short,
        })
    }

    /// The mirror that was chosen, and its place among all.
    pub fn mirror(&self) -> Option<(usize, &'a MirrorView)> {
        let mirrors = &self.view()?.mirrors;
        let names: Vec<&str> = mirrors.iter().map(|mirror| mirror.name.as_str()).collect();
        let place = self.ui.place(&names);
        Some((place, mirrors.get(place)?))
    }

    /// Whether someone answers, and nobody who does has a statistic of any mirror.
    pub fn lacks_filter(&self) -> bool {
        let has_none = self.view().is_some_and(|view| view.proxies == 0);
        has_none
            && self
                .moment
                .is_some_and(|moment| moment.has_answered && !moment.is_outage())
    }
}
