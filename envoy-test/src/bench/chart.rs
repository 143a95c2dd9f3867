//! The results as a picture: one panel per cell, bars for what each arm adds, whiskers for the intervals. Colours and
//! grey text that are readable on white and on black; no background.

use super::results::Run;
use super::statistics::Estimate;
use super::summary::{Row, Table};

const LABELS: f64 = 150.0;
const PANEL: f64 = 330.0;
const GAP: f64 = 60.0;
const BAR: f64 = 18.0;
const HEAD: f64 = 46.0;
const GREY: &str = "#80868f";

/// What a column of bars shows.
type Of = fn(&Row) -> Option<Estimate>;

// === impl Run ===

impl Run {
    /// An SVG document.
    pub fn chart(&self) -> String {
        let width = LABELS + 2.0 * (PANEL + GAP);
        let mut body = String::new();
        let mut top = 10.0;
        for table in self.tables() {
            body += &panel(&table, top);
            top += HEAD + BAR * shown(&table).count() as f64 + 20.0;
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {top}\" font-family=\"sans-serif\" \
             font-size=\"12\" fill=\"{GREY}\">\n<title>What mirroring adds</title>\n{body}</svg>\n"
        )
    }
}

/// The rows that add something to the baseline.
fn shown(table: &Table) -> impl Iterator<Item = &Row> {
    table.rows.iter().filter(|row| row.added_latency[0].is_some())
}

fn panel(table: &Table, top: f64) -> String {
    let mut text = label(
        0.0,
        top + 14.0,
        "start",
        &format!("<tspan font-weight=\"bold\">{}</tspan>", table.cell),
    );
    let columns: [(&str, Of); 2] = [
        ("added median latency, µs", |row| row.added_latency[0]),
        ("added p99 latency, µs", |row| row.added_latency[2]),
    ];
    for (number, (title, of)) in columns.into_iter().enumerate() {
        let left = LABELS + (PANEL + GAP) * number as f64;
        text += &label(left, top + 34.0, "start", title);
        let most = shown(table)
            .filter_map(of)
            .map(|found| found.median.max(found.high.min(found.median * 2.0)));
        let scale = PANEL / most.fold(1.0, f64::max);
        for (number, row) in shown(table).enumerate() {
            let y = top + HEAD + BAR * number as f64;
            if left == LABELS {
                text += &label(LABELS - 8.0, y + 11.0, "end", &row.arm);
            }
            if let Some(found) = of(row) {
                text += &bar(left, y, scale, found, colour(&row.kind));
            }
        }
    }
    text
}

fn bar(left: f64, y: f64, scale: f64, found: Estimate, colour: &str) -> String {
    let at = |value: f64| left + (value * scale).clamp(0.0, PANEL);
    let (end, low, high) = (at(found.median), at(found.low), at(found.high));
    let (width, middle) = (end - left, y + 7.0);
    format!(
        "<rect x=\"{left:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"14\" fill=\"{colour}\"/>\n\
         <path d=\"M{low:.1} {middle:.1}H{high:.1}\" stroke=\"{GREY}\" stroke-width=\"2\"/>\n{}",
        label(
            end.max(high) + 6.0,
            y + 11.0,
            "start",
            &format!("{:.1}", found.median).replace('-', "−")
        )
    )
}

fn label(x: f64, y: f64, anchor: &str, text: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>\n")
}

fn colour(kind: &str) -> &'static str {
    match kind.split('-').next() {
        Some("filter") => "#3d8bd4",
        Some("native") => "#d9822b",
        _ => "#9aa0a8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_stays_in_its_panel() {
        let found = Estimate {
            median: 50.0,
            low: -10.0,
            high: 900.0,
        };
        let bar = bar(100.0, 0.0, 2.0, found, "#000");
        assert!(
            bar.contains("width=\"100.0\"") && bar.contains("M100.0 7.0H430.0"),
            "{bar}"
        );
    }
}
