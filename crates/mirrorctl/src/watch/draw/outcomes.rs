//! What became of the requests: the sums, and a bar for each reason for which a copy was not sent, or not answered.
//! What was lost comes first, then what failed, then what policy left out.

use mirror_policy::reasons::Class;
use mirror_policy::statistics::Statistic;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::text;
use crate::job::Engine;
use crate::live::balances::{Balances, ReasonCount};
use crate::live::view::MirrorView;
use crate::watch::look::Look;
use crate::watch::numbers;

/// What became of the requests that met the match of a mirror.
pub struct Outcomes<'a> {
    /// The mirror.
    pub mirror: &'a MirrorView,
    /// What the window is called.
    pub window: &'a str,
    /// How long it is.
    pub seconds: u32,
}

/// One bar.
struct Bar {
    /// What is shown first.
    rank: u8,
    kind: &'static str,
    style: Style,
    result: &'static str,
    count: f64,
    /// Of the requests that met the match, or of the copies that were sent.
    share: Option<f64>,
}

/// From this width on the kinds are written out.
const WIDE: u16 = 52;

/// The answers by class need so many rows.
const ANSWER_ROWS: usize = 4;

/// The longest class is `grpc_error`.
const CLASS_CELLS: usize = 10;

// === impl Outcomes ===

impl Outcomes<'_> {
    /// Draws it.
    pub fn render(&self, look: Look, area: Rect, buffer: &mut Buffer) {
        let balances = &self.mirror.window.balances;
        let rest = text::lines(&self.heading(look, usize::from(area.width)), area, buffer);
        let mut lines = self.bars(look, rest);
        let spare = usize::from(rest.height).saturating_sub(lines.len() + 1);
        if spare >= ANSWER_ROWS {
            let answers = answers(look, balances, area.width);
            if answers.len() <= spare {
                lines.push(Line::default());
                lines.extend(answers);
            }
        }
        text::lines(&lines, rest, buffer);
    }

    /// The title, and the sums.
    fn heading(&self, look: Look, width: usize) -> Vec<Line<'static>> {
        let balances = &self.mirror.window.balances;
        let of_filter = self.mirror.engine == Engine::Wasm;
        let mut title = Line::styled(format!("Copies in the last {}", self.window), look.strong());
        let (known, whole) = (self.mirror.window.seconds, f64::from(self.seconds));
        if known > 0.0 && known < whole * 0.9 {
            title.push_span(Span::styled(
                format!(" ({} known)", numbers::span(known as i64)),
                look.quiet(),
            ));
        }
        let sums = [
            ("matched", balances.matched, Style::new(), of_filter),
            ("sent", balances.sent, Style::new(), true),
            ("dropped", balances.dropped, look.alarm(), of_filter),
            ("skipped", balances.skipped, Style::new(), of_filter),
            ("answered", balances.responses, Style::new(), true),
            ("failed", balances.failures, look.alarm(), true),
        ];
        let is_known = self.mirror.window.seconds > 0.0;
        let sum = |(name, count, style, _): (&str, f64, Style, bool)| {
            let (count, style) = match (is_known, count > 0.0) {
                (true, true) => (numbers::count(count), style),
                (true, false) => ("0".to_owned(), Style::new()),
                (false, _) => (look.sign("–", "-").to_owned(), Style::new()),
            };
            vec![
                Span::styled(format!("{name} "), look.quiet()),
                Span::styled(count, style),
            ]
        };
        let sums = sums.into_iter().filter(|(.., is_counted)| *is_counted).map(sum);
        [vec![title], text::flow(sums.collect(), 2, width)].concat()
    }

    /// A line for each reason that occurred, and if there are more than fit, how many.
    fn bars(&self, look: Look, area: Rect) -> Vec<Line<'static>> {
        let balances = &self.mirror.window.balances;
        let bars = bars(look, balances);
        if bars.is_empty() {
            let said = match (self.mirror.window.seconds > 0.0, self.mirror.engine) {
                (false, _) => nothing(self.mirror),
                (true, Engine::Wasm) => "none skipped, dropped or failed",
                (true, Engine::Native) => "engine native counts no reasons",
            };
            let said = text::clip(said, usize::from(area.width), look);
            return vec![Line::styled(said, look.quiet())];
        }
        let rows = usize::from(area.height);
        let shown = if bars.len() > rows {
            rows.saturating_sub(1)
        } else {
            bars.len()
        };
        let most = bars.iter().filter_map(|bar| bar.share).fold(0.0, f64::max);
        let mut lines: Vec<Line<'static>> = bars
            .iter()
            .take(shown)
            .map(|bar| bar.line(look, area.width, most))
            .collect();
        let more = bars.len() - shown;
        if more > 0 {
            lines.push(Line::styled(format!("and {more} more"), look.quiet()));
        }
        lines
    }
}

fn bars(look: Look, balances: &Balances) -> Vec<Bar> {
    let bar = |reason: &ReasonCount| {
        let (rank, kind, style, of) = match reason.statistic {
            Statistic::Dropped(_) => (0, "dropped", look.alarm(), balances.matched),
            Statistic::Failures(_) => (1, "failed", look.alarm(), balances.sent),
            Statistic::Skipped(_) => (2, "skipped", look.quiet(), balances.matched),
            _ => return None,
        };
        (reason.count > 0.0).then(|| Bar {
            rank,
            kind,
            style,
            result: reason.statistic.result().unwrap_or_default(),
            count: reason.count,
            share: (of > 0.0).then(|| 100.0 * reason.count / of),
        })
    };
    let mut bars: Vec<Bar> = balances.reasons.iter().filter_map(bar).collect();
    // Stable: equals stay in the order of the table.
    bars.sort_by(|one, other| one.rank.cmp(&other.rank).then(other.count.total_cmp(&one.count)));
    bars
}

// === impl Bar ===

impl Bar {
    /// `dropped in_flight ███▌ 1,234 5.6%`, in columns.
    fn line(&self, look: Look, width: u16, most: f64) -> Line<'static> {
        let (kind_width, result_width) = if width >= WIDE { (8, 18) } else { (5, 14) };
        let kind: String = self.kind.chars().take(kind_width - 1).collect();
        let result = text::clip(self.result, result_width, look);
        let count = numbers::count(self.count);
        let share = self.share.map_or_else(String::new, numbers::percent);
        let numbers = format!(" {count:>7} {share:>6}");
        let used = kind_width + result_width + 1 + text::width(&numbers);
        let room = usize::from(width).saturating_sub(used).min(60);
        let part = self
            .share
            .map_or(0.0, |share| if most > 0.0 { share / most } else { 0.0 });
        let bar = bar(look, part, room);
        Line::from(vec![
            Span::styled(format!("{kind:kind_width$}"), self.style),
            Span::raw(format!("{result:result_width$} ")),
            Span::styled(bar, self.style),
            Span::raw(numbers),
        ])
    }
}

/// A bar of a part of the room, padded to the whole; what is not zero is seen.
fn bar(look: Look, part: f64, room: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (part.clamp(0.0, 1.0) * room as f64 * 8.0).round().max(1.0) as usize;
    let bar = if look.unicode {
        let rest = EIGHTHS.get(eighths % 8).copied().unwrap_or_default();
        format!("{}{rest}", "█".repeat(eighths / 8))
    } else {
        "=".repeat(eighths.div_ceil(8))
    };
    let bar = text::clip(&bar, room, look);
    format!("{bar:room$}")
}

/// How both versions answered, by class.
fn answers(look: Look, balances: &Balances, width: u16) -> Vec<Line<'static>> {
    let count = |wanted: Statistic| balances.count_of(wanted);
    let column = (usize::from(width).saturating_sub(CLASS_CELLS) / 2).min(22);
    let cell = |count: f64, of: f64| {
        let share = if of > 0.0 {
            numbers::percent(100.0 * count / of)
        } else {
            String::new()
        };
        format!("{:>column$}", format!("{} {share:>6}", numbers::count(count)))
    };
    let line = |class: &Class| {
        let (primary, shadow) = (
            count(Statistic::PrimaryResponses(*class)),
            count(Statistic::Responses(*class)),
        );
        (primary > 0.0 || shadow > 0.0).then(|| {
            Line::from(vec![
                Span::raw(format!("{:CLASS_CELLS$}", class.as_str())),
                Span::styled(cell(primary, balances.primary_responses), look.primary()),
                Span::styled(cell(shadow, balances.responses), look.shadow()),
            ])
        })
    };
    let lines: Vec<Line<'static>> = Class::ALL.iter().filter_map(line).collect();
    if lines.is_empty() {
        return lines;
    }
    let heading = Line::from(vec![
        Span::styled(format!("{:CLASS_CELLS$}", "Answers"), look.strong()),
        Span::styled(format!("{:>column$}", "primary"), look.primary()),
        Span::styled(format!("{:>column$}", "shadow"), look.shadow()),
    ]);
    [vec![heading], lines].concat()
}

/// Why nothing is known of a mirror.
pub fn nothing(mirror: &MirrorView) -> &'static str {
    match mirror.proxies {
        (0, 0) => "nobody answers",
        (0, _) => "no proxy has the mirror",
        _ => "waiting for a second reading",
    }
}
