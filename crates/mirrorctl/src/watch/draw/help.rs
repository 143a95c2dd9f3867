//! The help: the keys, and how to read the charts, in a box over everything.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::text;
use crate::watch::look::Look;
use crate::watch::ui::KEYS;

/// How to read what is shown.
const READING: [&str; 5] = [
    "A gap in a line is time that nobody knows: an outage, or no answer to tell of. It is not zero.",
    "Success is every answer but 4xx, 5xx and gRPC errors. Copies that the shadow did not answer are no success.",
    "In a window of 5 min, success and latency of a point are those of its last 15 s.",
    "The share of what was dropped or skipped is of the matched requests, of what failed it is of the copies sent.",
    "Numbers in brackets are those of the whole window.",
];

/// Draws the box in the middle.
pub fn render(look: Look, area: Rect, buffer: &mut Buffer) {
    let width = area.width.min(76);
    let inner_width = usize::from(width.saturating_sub(4));
    let lines = lines(look, inner_width);
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(place, buffer);
    frame(look, place, buffer);
    let inner = Rect {
        x: place.x.saturating_add(2),
        y: place.y.saturating_add(1),
        width: place.width.saturating_sub(4),
        height: place.height.saturating_sub(2),
    };
    text::lines(&lines, inner, buffer);
}

fn lines(look: Look, width: usize) -> Vec<Line<'static>> {
    let key = |(keys, does): &(&'static str, &'static str)| {
        Line::from(vec![
            Span::styled(format!("{keys:20}"), look.strong()),
            Span::raw(*does),
        ])
    };
    let mut lines: Vec<Line<'static>> = KEYS.iter().map(key).collect();
    lines.push(Line::default());
    lines.push(Line::from(vec![
        Span::styled(look.sign("━━━━ ", "**** "), look.primary()),
        Span::raw("primary   "),
        Span::styled(look.sign("╍╍╍╍ ", "oooo "), look.shadow()),
        Span::raw("shadow"),
        Span::raw(look.sign("", "   #### both")),
    ]));
    for reading in READING {
        let wrapped = text::wrap(reading, width, look);
        lines.extend(wrapped.into_iter().map(Line::raw));
    }
    lines
}

fn frame(look: Look, place: Rect, buffer: &mut Buffer) {
    let inner = usize::from(place.width.saturating_sub(2));
    let [across, down] = [look.sign("─", "-"), look.sign("│", "|")];
    let edge = |left: &str, right: &str, title: &str| {
        let rest = inner.saturating_sub(text::width(title));
        Line::styled(format!("{left}{title}{}{right}", across.repeat(rest)), look.quiet())
    };
    let title = text::clip(" Help ", inner, look);
    let mut lines = vec![edge(look.sign("┌", "+"), look.sign("┐", "+"), &title)];
    let side = || Line::styled(format!("{down}{}{down}", " ".repeat(inner)), look.quiet());
    lines.extend((2..place.height).map(|_| side()));
    lines.push(edge(look.sign("└", "+"), look.sign("┘", "+"), ""));
    text::lines(&lines, place, buffer);
}
