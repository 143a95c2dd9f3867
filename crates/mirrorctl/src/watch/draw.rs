//! The screen, as a pure function of the [`Scene`] and an area of cells: header, notices, three charts and the
//! outcomes, footer. It fits itself to any size from 40×10 on.

mod axis;

mod chart;

mod header;

mod help;

mod outcomes;

mod raster;

mod text;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

use super::numbers;
use super::scene::{Moment, Scene};
use super::ui::{PERCENTILES, percentile};
use crate::live::view::MirrorView;
use axis::Axis;
use chart::Chart;
use outcomes::{Outcomes, nothing};

/// With fewer cells nothing can be read: width, height.
pub const LEAST: (u16, u16) = (40, 10);

/// A chart that is not as high as this is no chart.
const CHART_ROWS: u16 = 8;

/// The rows of numbers alone.
const NUMBERS_ROWS: u16 = 2;

/// The rows of outcomes that say something.
const OUTCOMES_ROWS: u16 = 5;

/// Draws a scene.
pub fn draw(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(scene, area, buffer);
        return;
    }
    let margin = if area.width >= 64 { 1 } else { 0 };
    let whole = area;
    let area = Rect {
        x: area.x + margin,
        width: area.width - 2 * margin,
        ..area
    };
    let width = usize::from(area.width);
    let top = header::header(scene, width, area.height);
    let rest = text::lines(&top, area, buffer);
    let rows = match area.height {
        ..16 => 1,
        16..30 => 2,
        _ => 6,
    };
    let rest = text::lines(&header::notices(scene, width, rows), rest, buffer);
    let air = if area.height >= 32 { 1 } else { 0 };
    let rest = text::below(rest, air);
    let body = Rect {
        height: rest.height.saturating_sub(1),
        ..rest
    };
    match scene.mirror() {
        Some((_, mirror)) if !scene.lacks_filter() || mirror.window.seconds > 0.0 => {
            charts(scene, mirror, body, buffer);
        }
        _ => words(scene, body, buffer),
    }
    if scene.ui.help {
        help::render(scene.look, whole, buffer);
    }
    let footer = text::below(area, area.height - 1);
    Line::raw(" ".repeat(width)).render(footer, buffer);
    header::footer(scene, width).render(footer, buffer);
}

fn too_small(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let (width, height) = LEAST;
    let (times, has) = (scene.look.sign("×", "x"), (area.width, area.height));
    let said = format!(
        "terminal too small: {width}{times}{height} needed, it is {}{times}{}",
        has.0, has.1
    );
    let lines = text::wrap(&said, usize::from(area.width), scene.look);
    let lines: Vec<Line<'static>> = lines.into_iter().map(Line::raw).collect();
    text::lines(&lines, area, buffer);
}

/// Instead of charts: what is awaited.
fn words(scene: &Scene<'_>, area: Rect, buffer: &mut Buffer) {
    let has_answered = scene.moment.is_some_and(|moment| moment.has_answered);
    let said = match has_answered {
        false => format!("waiting for {}", scene.who.urls.join(", ")),
        true => format!("{}. Asking on.", scene.who.no_filter.trim_end_matches('.')),
    };
    let area = Rect {
        y: area.y + area.height / 3,
        height: area.height - area.height / 3,
        ..area
    };
    let lines = text::wrap(&said, usize::from(area.width), scene.look);
    let is_one = lines.len() == 1;
    let line = |line: String| {
        if is_one {
            Line::raw(line).centered()
        } else {
            Line::raw(line)
        }
    };
    let lines: Vec<Line<'static>> = lines.into_iter().map(line).collect();
    text::lines(&lines, area, buffer);
}

fn charts(scene: &Scene<'_>, mirror: &MirrorView, area: Rect, buffer: &mut Buffer) {
    let series = &mirror.series;
    let (primary, shadow) = (&mirror.window.primary, &mirror.window.shadow);
    let seconds = scene.view().map_or(0.0, |view| {
        f64::from(view.window.seconds.saturating_sub(view.window.step))
    });
    let window = header::window_name(scene.ui.is_long);
    let nothing = nothing(mirror);
    let empty = match mirror.window.seconds > 0.0 {
        true => "no answers in this time",
        false => nothing,
    };
    let chart = |title: String| Chart {
        title,
        primary: &[],
        shadow: &[],
        whole: [None; 2],
        window,
        seconds,
        say: numbers::rate,
        tick: numbers::plain,
        scale: |values, rows| Axis::from_zero(values, rows),
        empty,
    };
    let rate = Chart {
        primary: &series.primary.rate,
        shadow: &series.shadow.rate,
        whole: [primary.per_second, shadow.per_second],
        empty: nothing,
        ..chart("Requests".to_owned())
    };
    let success = Chart {
        primary: &series.primary.success,
        shadow: &series.shadow.success,
        whole: [primary.success_percentage, shadow.success_percentage],
        say: numbers::percent,
        tick: |value| format!("{}%", numbers::plain(value)),
        scale: |values, rows| Axis::of_percentages(values, rows),
        ..chart("Success".to_owned())
    };
    let index = scene.ui.percentile % PERCENTILES.len();
    let points = |lines: &'_ [Vec<Option<f64>>; 3]| lines.get(index).cloned().unwrap_or_default();
    let (of_primary, of_shadow) = (points(&series.primary.latency), points(&series.shadow.latency));
    let whole = [primary, shadow].map(|side| side.latency.get(index).copied().flatten());
    let latency = Chart {
        primary: &of_primary,
        shadow: &of_shadow,
        whole,
        say: numbers::milliseconds,
        ..chart(format!("Latency {}", percentile(index)))
    };
    let places = places(area);
    for (chart, place) in [rate, success, latency].iter().zip(&places) {
        chart.render(scene.look, *place, buffer);
    }
    if let Some(place) = places.get(3) {
        let seconds = scene.view().map_or(0, |view| view.window.seconds);
        let outcomes = Outcomes {
            mirror,
            window,
            seconds,
        };
        outcomes.render(scene.look, *place, buffer);
    }
}

/// Where the four parts stand: beside each other, two by two, or below each other.
fn places(area: Rect) -> Vec<Rect> {
    let columns = match (area.width, area.height) {
        (160.., ..24) => 4,
        (64.., ..14) => return beside(area),
        (64.., _) => 2,
        _ => return stacked(area),
    };
    let rows = 4 / columns;
    let place = |index: u16| {
        let (column, row) = (index % columns, index / columns);
        let part = |size: u16, parts: u16, part: u16| {
            let end = |part: u32| (u32::from(size) * part / u32::from(parts)) as u16;
            (end(u32::from(part)), end(u32::from(part) + 1))
        };
        let (left, right) = part(area.width, columns, column);
        let (top, bottom) = part(area.height, rows, row);
        // Two cells of air between columns.
        let air = if column + 1 < columns { 2 } else { 0 };
        Rect::new(
            area.x + left,
            area.y + top,
            (right - left).saturating_sub(air),
            bottom - top,
        )
    };
    (0..4).map(place).collect()
}

/// The first chart has the left side, numbers and the outcomes the right one.
fn beside(area: Rect) -> Vec<Rect> {
    let half = area.width / 2;
    let right = Rect::new(area.x + half, area.y, area.width - half, area.height);
    let mut places = column(right, [0, NUMBERS_ROWS, NUMBERS_ROWS]);
    if let Some(first) = places.first_mut() {
        *first = Rect::new(area.x, area.y, half - 2, area.height);
    }
    places
}

/// As many charts as fit, the others as numbers alone; the outcomes have the rest.
fn stacked(area: Rect) -> Vec<Rect> {
    let least = |charts: u16| charts * CHART_ROWS + (3 - charts) * NUMBERS_ROWS + OUTCOMES_ROWS;
    let fits = |charts: &u16| least(*charts) <= area.height;
    let charts = (0..=3).rev().find(fits).unwrap_or_default();
    // What is left over is shared by the charts and the outcomes.
    let high = CHART_ROWS + area.height.saturating_sub(least(charts)) / (charts + 1);
    let height = |index: u16| if index < charts { high } else { NUMBERS_ROWS };
    column(area, [height(0), height(1), height(2)])
}

/// Three parts of these heights below each other, and the rest.
fn column(area: Rect, heights: [u16; 3]) -> Vec<Rect> {
    let mut rest = area;
    let mut places = Vec::new();
    for height in heights {
        let height = height.min(rest.height);
        places.push(Rect { height, ..rest });
        rest = text::below(rest, height);
    }
    places.push(rest);
    places
}
