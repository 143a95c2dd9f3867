//! Lines of text in cells: how wide they are, cut to a width, broken into several.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::watch::look::Look;

/// The cells that a text takes.
pub fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// A text in so many cells at most; what was cut off is told by an ellipsis.
pub fn clip(text: &str, cells: usize, look: Look) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut buffer = [0; 4];
    let mut used = 0;
    for character in text.chars() {
        used += width(character.encode_utf8(&mut buffer));
        if used >= cells {
            break;
        }
        kept.push(character);
    }
    if cells > 0 {
        kept.push_str(look.sign("…", "~"));
    }
    kept
}

/// A text of words in lines of so many cells; a longer word is cut.
pub fn wrap(text: &str, cells: usize, look: Look) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = clip(word, cells, look);
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(&word) <= cells => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// Puts pieces beside each other, as many lines as it takes. No piece is broken.
pub fn flow(pieces: Vec<Vec<Span<'static>>>, gap: usize, cells: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    for piece in pieces {
        let wide: usize = piece.iter().map(Span::width).sum();
        match lines.last_mut() {
            Some(line) if line.width() + gap + wide <= cells => {
                line.push_span(Span::raw(" ".repeat(gap)));
                line.spans.extend(piece);
            }
            _ => lines.push(Line::from(piece)),
        }
    }
    lines
}

/// Draws lines from the top, as many as there is room for, and gives back what is left of the area.
pub fn lines(lines: &[Line<'static>], area: Rect, buffer: &mut Buffer) -> Rect {
    let mut rest = area;
    for line in lines.iter().take(usize::from(area.height)) {
        let row = Rect { height: 1, ..rest };
        line.render(row, buffer);
        rest = below(rest, 1);
    }
    rest
}

/// What is below the first rows of an area.
pub fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.y.saturating_add(rows),
        height: area.height - rows,
        ..area
    }
}
