//! One chart: a title, the legend with the values of now, two lines, and the axes of values and times.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::axis::{Axis, TimeTick};
use super::raster::{Raster, Whose};
use super::text;
use crate::watch::look::Look;

/// What is charted: the same measure of both versions.
pub struct Chart<'a> {
    /// What it is.
    pub title: String,
    /// The primary's points, from the oldest.
    pub primary: &'a [Option<f64>],
    /// The shadow's points.
    pub shadow: &'a [Option<f64>],
    /// The numbers of the whole window: primary, shadow.
    pub whole: [Option<f64>; 2],
    /// What they are called: `5 min`.
    pub window: &'a str,
    /// The seconds between the first and the last point.
    pub seconds: f64,
    /// A value in words.
    pub say: fn(f64) -> String,
    /// A value on the axis.
    pub tick: fn(f64) -> String,
    /// The scale for values on so many rows.
    pub scale: fn(&mut dyn Iterator<Item = f64>, u16) -> Axis,
    /// What is said if there is no point.
    pub empty: &'static str,
}

/// With fewer rows for lines and axes the numbers stand alone.
const LEAST_ROWS: u16 = 4;

/// With fewer rows the times stand in their axis, with more below it.
const ROOMY: u16 = 10;

/// From this width on the legend stands beside the title.
const ONE_LINE: usize = 54;

// === impl Chart ===

impl Chart<'_> {
    /// Draws it.
    pub fn render(&self, look: Look, area: Rect, buffer: &mut Buffer) {
        let heading = self.heading(look, usize::from(area.width));
        let rest = text::lines(&heading, area, buffer);
        if rest.height < LEAST_ROWS {
            return;
        }
        let times = if rest.height >= ROOMY { 2 } else { 1 };
        let rows = rest.height.saturating_sub(times);
        let values = || self.primary.iter().chain(self.shadow).filter_map(|value| *value);
        let axis = (self.scale)(&mut values(), rows);
        let slack = rows - axis.rows(rows);
        let rest = text::below(rest, slack);
        let plot = Rect {
            height: rows - slack,
            ..rest
        };
        let labels: Vec<String> = axis.ticks.iter().map(|tick| (self.tick)(*tick)).collect();
        let labels_width = labels.iter().map(|label| text::width(label)).max().unwrap_or_default();
        let labels_width = u16::try_from(labels_width + 1).unwrap_or(plot.width).min(plot.width);
        let inner = Rect {
            x: plot.x + labels_width,
            width: plot.width - labels_width,
            ..plot
        };
        self.values_axis(look, &axis, &labels, plot, labels_width, buffer);
        if values().next().is_some() {
            self.lines(look, &axis, inner, buffer);
        } else {
            self.nothing(look, inner, buffer);
        }
        let below = text::below(rest, plot.height);
        self.times_axis(look, below, labels_width, buffer);
    }

    /// The title and the values of now, on one line if they fit, on two otherwise.
    fn heading(&self, look: Look, width: usize) -> Vec<Line<'static>> {
        let side = |name, sign, style, points: &[Option<f64>], whole: Option<f64>, with_whole: bool| {
            let value = match newest(points) {
                Some(value) => (self.say)(value),
                None => look.sign("–", "-").to_owned(),
            };
            let mut spans = vec![
                Span::styled(format!("{sign} {name} "), style),
                Span::styled(value, look.strong()),
            ];
            if let (Some(whole), true) = (whole, with_whole) {
                spans.push(Span::styled(
                    format!(" ({} {})", self.window, (self.say)(whole)),
                    look.quiet(),
                ));
            }
            spans
        };
        let legend = |with_whole| {
            let [primary, shadow] = self.whole;
            vec![
                side(
                    "primary",
                    look.sign("━━", "**"),
                    look.primary(),
                    self.primary,
                    primary,
                    with_whole,
                ),
                side(
                    "shadow",
                    look.sign("╍╍", "oo"),
                    look.shadow(),
                    self.shadow,
                    shadow,
                    with_whole,
                ),
            ]
        };
        let title = || vec![Span::styled(self.title.clone(), look.strong())];
        // Charts beside each other have their legends on the same row.
        for with_whole in [true, false] {
            let pieces = [vec![title()], legend(with_whole)].concat();
            match text::flow(pieces, 3, width).as_slice() {
                [line] if width >= ONE_LINE => return vec![line.clone()],
                _ => {}
            }
        }
        [vec![Line::from(title())], text::flow(legend(false), 2, width)].concat()
    }

    fn lines(&self, look: Look, axis: &Axis, area: Rect, buffer: &mut Buffer) {
        let mut raster = Raster::new(area.width, area.height, look);
        for (whose, points) in [(Whose::Primary, self.primary), (Whose::Shadow, self.shadow)] {
            let last = points.len().saturating_sub(1).max(1) as f64;
            let place = |(index, value): (usize, &Option<f64>)| {
                let value = value.filter(|value| value.is_finite())?;
                Some((index as f64 / last, axis.place(value)))
            };
            raster.line(whose, points.iter().enumerate().map(place));
        }
        raster.render(area, buffer);
    }

    fn nothing(&self, look: Look, area: Rect, buffer: &mut Buffer) {
        let row = Rect {
            y: area.y + area.height / 2,
            height: area.height.min(1),
            ..area
        };
        let said = text::clip(self.empty, usize::from(row.width), look);
        Line::styled(said, look.quiet()).centered().render(row, buffer);
    }

    fn values_axis(&self, look: Look, axis: &Axis, labels: &[String], plot: Rect, width: u16, buffer: &mut Buffer) {
        for row in plot.y..plot.bottom() {
            put(buffer, plot.x + width.saturating_sub(1), row, look.sign("│", "|"), look);
        }
        for (value, label) in axis.ticks.iter().zip(labels) {
            let row = (axis.place(*value) * f64::from(plot.height.saturating_sub(1))).round() as u16;
            let place = Rect {
                y: plot.y + row,
                width: width.saturating_sub(1),
                height: 1,
                ..plot
            };
            Line::styled(label.clone(), look.quiet())
                .right_aligned()
                .render(place, buffer);
            put(
                buffer,
                plot.x + width.saturating_sub(1),
                plot.y + row,
                look.sign("┤", "+"),
                look,
            );
        }
    }

    fn times_axis(&self, look: Look, area: Rect, labels_width: u16, buffer: &mut Buffer) {
        let left = area.x + labels_width.saturating_sub(1);
        for column in left..area.right() {
            put(buffer, column, area.y, look.sign("─", "-"), look);
        }
        put(buffer, left, area.y, look.sign("└", "+"), look);
        let width = area.right().saturating_sub(left + 1);
        let is_roomy = area.height > 1;
        let labels = Rect {
            y: area.y + u16::from(is_roomy),
            ..Rect { height: 1, ..area }
        };
        let now = Rect {
            x: area.right().saturating_sub(3).max(area.x),
            width: area.width.min(3),
            ..labels
        };
        let mut free = now.x;
        let mark = |column: u16, buffer: &mut Buffer| {
            if is_roomy {
                put(buffer, column, area.y, look.sign("┴", "+"), look);
            }
        };
        mark(area.right().saturating_sub(1), buffer);
        Line::styled("now", look.quiet()).render(now, buffer);
        for tick in TimeTick::all(self.seconds, width) {
            let column = left + 1 + (tick.place * f64::from(width.saturating_sub(1))).round() as u16;
            let wide = u16::try_from(text::width(&tick.label)).unwrap_or(u16::MAX);
            let begin = column
                .saturating_sub(wide / 2)
                .max(if is_roomy { area.x } else { left + 1 });
            if begin.saturating_add(wide) >= free {
                continue;
            }
            mark(column, buffer);
            let place = Rect {
                x: begin,
                width: wide,
                ..labels
            };
            Line::styled(tick.label, look.quiet()).render(place, buffer);
            free = begin;
        }
    }
}

/// The value of now: that of the last step, or of the one before, since the last may have just begun.
fn newest(points: &[Option<f64>]) -> Option<f64> {
    points.iter().rev().take(2).find_map(|point| *point)
}

fn put(buffer: &mut Buffer, x: u16, y: u16, sign: &str, look: Look) {
    if let Some(cell) = buffer.cell_mut((x, y)) {
        cell.set_symbol(sign).set_style(look.quiet());
    }
}
