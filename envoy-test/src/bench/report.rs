//! The results for people: as text for a terminal, as Markdown for the documentation.

use super::results::{PERCENTILES, Run};
use super::statistics::{Estimate, median};
use super::summary::Row;
use super::targets::{self, Target};

const LEGEND: &str = "\
Medians over the rounds, in brackets their 95 % intervals. CPU is processor time of the whole proxy per request, added is what an
arm takes more than `none` in the same round, latency is the primary's from the moment at which the request was due; both in
microseconds. A `~` marks what cannot be told from nothing: the noise is larger than the effect. Delivered is what the shadow
received of what it was to receive.";

/// One way to write a document.
trait Style {
    fn title(&self, text: &str) -> String;
    fn table(&self, rows: &[Vec<String>]) -> String;
}

struct Text;

struct Markdown;

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
        let mut sections = vec![style.table(&self.machine())];
        let targets = targets::all(self);
        sections.push(style.title("Targets") + &style.table(&target_rows(&targets)));
        sections.push(format!("{LEGEND}\n"));
        for table in self.tables() {
            let mut rows = vec![columns()];
            rows.extend(table.rows.iter().map(row));
            sections.push(style.title(&table.cell.to_string()) + &style.table(&rows));
        }
        if let Some(rows) = self.builds() {
            sections.push(style.title("Builds, part by part") + &style.table(&rows));
        }
        if !self.alone.is_empty() {
            sections.push(style.title("An Envoy of its own: start and memory") + &style.table(&self.alone_rows()));
        }
        if !self.uploads.is_empty() {
            sections.push(style.title("Large uploads, the shadow reads nothing") + &style.table(&self.upload_rows()));
        }
        sections.join("\n")
    }

    fn machine(&self) -> Vec<Vec<String>> {
        let header = &self.header;
        let build = |build: &super::results::Module| {
            let label = if build.label.is_empty() { "filter" } else { &build.label };
            format!("{label} {} bytes", build.bytes)
        };
        let builds: Vec<_> = header.builds.iter().map(build).collect();
        let [before, after] = header.load_average;
        [
            ("measured on", header.processor.clone()),
            ("cores", header.cores.clone()),
            ("kernel", format!("{}, scheduling {}", header.kernel, header.scheduling)),
            ("load average", format!("{before:.1} before, {after:.1} after")),
            (
                "stolen by the host",
                format!("{:.2} % of the cores' time", header.stolen * 100.0),
            ),
            ("Envoy", header.envoy.clone()),
            ("modules", builds.join(", ")),
            (
                "rounds",
                format!("{}, in each {} s of load per arm", header.rounds, header.turn),
            ),
        ]
        .map(|(name, value)| vec![name.to_owned(), value])
        .to_vec()
    }

    /// Each further build against the first, arm by arm and part by part: no baseline in between, so less noise.
    fn builds(&self) -> Option<Vec<Vec<String>>> {
        let [first, others @ ..] = self.header.builds.as_slice() else {
            return None;
        };
        let mut rows = vec![
            vec!["", "arm", "CPU more than", ""]
                .into_iter()
                .map(str::to_owned)
                .collect(),
        ];
        for table in self.tables() {
            for row in &table.rows {
                let Some(build) = others
                    .iter()
                    .find(|build| row.arm == format!("{}:{}", build.label, row.kind))
                else {
                    continue;
                };
                let other = format!("{}:{}", first.label, row.kind);
                let more = self.differences(&row.arm, &other, table.cell, super::results::Sample::more_cpu);
                rows.push(vec![
                    table.cell.to_string(),
                    format!("{}:{}", build.label, row.kind),
                    other,
                    shown(Estimate::of(&more)),
                ]);
            }
        }
        (rows.len() > 1).then_some(rows)
    }

    fn alone_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![
            ["arm", "start ms", "idle MiB", "after load MiB", "not the binary's MiB"]
                .map(str::to_owned)
                .to_vec(),
        ];
        let mib = |kib: u64| format!("{:.1}", kib as f64 / 1024.0);
        rows.extend(self.alone.iter().map(|alone| {
            let start = format!("{:.0}", alone.start);
            vec![
                alone.arm.clone(),
                start,
                mib(alone.idle),
                mib(alone.resident),
                mib(alone.own),
            ]
        }));
        rows
    }

    fn upload_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![["arm", "upload", "answered", "median ms"].map(str::to_owned).to_vec()];
        rows.extend(self.uploads.iter().map(|upload| {
            let count = upload.answered.len() as u64;
            vec![
                upload.arm.clone(),
                format!("{} MiB", upload.bytes >> 20),
                format!("{count} of {} within {} s", count + upload.failed, upload.patience),
                median(upload.answered.clone()).map_or_else(|| "–".to_owned(), |middle| format!("{middle:.0}")),
            ]
        }));
        rows
    }
}

fn columns() -> Vec<String> {
    let first = ["arm", "CPU", "added CPU", "× native", "median"].map(str::to_owned);
    let added = PERCENTILES.map(|(name, _)| format!("added {name}"));
    let last = ["delivered", "failed"].map(str::to_owned);
    first.into_iter().chain(added).chain(last).collect()
}

fn row(row: &Row) -> Vec<String> {
    let ratio = row.to_native.map_or_else(|| "–".to_owned(), |ratio| ratio.to_string());
    let delivered = match row.delivered {
        Some(share) => format!("{:.1} %", share * 100.0),
        None if row.copies > 0 => format!("{} too many", row.copies),
        None => "–".to_owned(),
    };
    let first = [row.arm.clone(), format!("{:.1}", row.cpu), shown(row.added_cpu), ratio];
    let median = format!("{:.0}", row.latency[0]);
    let last = [delivered, row.failed.to_string()];
    first
        .into_iter()
        .chain([median])
        .chain(row.added_latency.map(shown))
        .chain(last)
        .collect()
}

fn shown(estimate: Option<Estimate>) -> String {
    match estimate {
        None => "–".to_owned(),
        Some(estimate) if estimate.is_noise() => format!("{estimate} ~"),
        Some(estimate) => estimate.to_string(),
    }
}

fn target_rows(targets: &[Target]) -> Vec<Vec<String>> {
    let mut rows = vec![["target", "found", "verdict"].map(str::to_owned).to_vec()];
    rows.extend(
        targets
            .iter()
            .map(|target| vec![target.what.clone(), target.found.clone(), target.verdict.to_string()]),
    );
    rows
}

// === impl Text ===

impl Style for Text {
    fn title(&self, text: &str) -> String {
        format!("{text}\n")
    }

    fn table(&self, rows: &[Vec<String>]) -> String {
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..rows.iter().map(Vec::len).max().unwrap_or(0)).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            format!("  {}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
        };
        rows.iter().map(line).collect()
    }
}

// === impl Markdown ===

impl Style for Markdown {
    fn title(&self, text: &str) -> String {
        format!("### {text}\n\n")
    }

    fn table(&self, rows: &[Vec<String>]) -> String {
        let line = |row: &Vec<String>| format!("| {} |\n", row.join(" | "));
        let mut lines = rows.iter().map(line);
        let columns = rows.first().map_or(0, Vec::len);
        let rule = format!("|{}\n", "---|".repeat(columns));
        lines.next().unwrap_or_default() + &rule + &lines.collect::<String>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned_as_text_and_ruled_as_markdown() {
        let rows = [
            vec!["arm".to_owned(), "µs".to_owned()],
            vec!["native".to_owned(), "1".to_owned()],
        ];
        assert_eq!(Text.table(&rows), "  arm     µs\n  native  1\n");
        assert_eq!(Markdown.table(&rows), "| arm | µs |\n|---|---|\n| native | 1 |\n");
    }

    #[test]
    fn noise_is_marked() {
        let estimate = |low, high| Some(Estimate { median: 1.0, low, high });
        assert_eq!(shown(estimate(-1.0, 3.0)), "1.0 [−1.0, 3.0] ~");
        assert_eq!(shown(estimate(0.5, 3.0)), "1.0 [0.5, 3.0]");
        assert_eq!(shown(None), "–");
    }
}
