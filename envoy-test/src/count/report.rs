//! The counts for people.

use super::results::{Line, Run};
use crate::measure::arm::Size;
use crate::measure::table::{Markdown, Style, Text};

// === impl Run ===

impl Run {
    /// For a terminal.
    pub fn text(&self) -> String {
        self.written(&Text)
    }

    /// For the documentation.
    pub fn markdown(&self) -> String {
        self.written(&Markdown)
    }

    fn written(&self, style: &dyn Style) -> String {
        let mut sections = vec![style.table(&self.circumstances())];
        for request in self.requests() {
            let mut rows = vec![
                ["arm", "instructions", "added", "× native", "spread"]
                    .map(str::to_owned)
                    .to_vec(),
            ];
            rows.extend(self.lines(request).iter().map(row));
            sections.push(style.title(&request.to_string()) + &style.table(&rows));
        }
        sections.join("\n")
    }

    fn circumstances(&self) -> Vec<Vec<String>> {
        let header = &self.header;
        let builds: Vec<_> = header.builds.iter().map(Size::shown).collect();
        [
            ("counted on", header.processor.clone()),
            ("Envoy", header.envoy.clone()),
            ("by", header.valgrind.clone()),
            ("modules", builds.join(", ")),
            (
                "requests",
                format!(
                    "{} of each arm in each of {} rounds, after {}",
                    header.requests, header.rounds, header.warm_up
                ),
            ),
            ("took", format!("{:.0} s", header.seconds)),
        ]
        .map(|(name, value)| vec![name.to_owned(), value])
        .to_vec()
    }
}

fn row(line: &Line) -> Vec<String> {
    let whole = |value: f64| format!("{value:.0}").replace('-', "−");
    let none = || "–".to_owned();
    vec![
        line.arm.clone(),
        line.least.map_or_else(none, whole),
        whole(line.added),
        line.ratio
            .map_or_else(none, |ratio| format!("{ratio:.3}").replace('-', "−")),
        line.least.map_or_else(none, |_| whole(line.spread)),
    ]
}
