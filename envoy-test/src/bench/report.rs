//! The results for people: as text for a terminal, as Markdown for the documentation.

use super::results::{PERCENTILES, Run};
use super::statistics::{Estimate, median};
use super::summary::Row;
use super::targets::{self, Target};
use crate::measure::arm::Size;
use crate::measure::table::{Markdown, Style, Text};

const LEGEND: &str = "\
Medians over the rounds in microseconds, in brackets their 95 % intervals. The latency is the primary's, from the moment at which the
request was due; added is what an arm takes more than `none` in the same round. A `~` marks what cannot be told from nothing: the
noise is larger than the effect. Delivered is what the shadow received of what it was to receive.";

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
        let builds: Vec<_> = header.builds.iter().map(Size::shown).collect();
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
    let first = ["arm", "median"].map(str::to_owned);
    let added = PERCENTILES.map(|(name, _)| format!("added {name}"));
    let last = ["delivered", "failed"].map(str::to_owned);
    first.into_iter().chain(added).chain(last).collect()
}

fn row(row: &Row) -> Vec<String> {
    let delivered = match row.delivered {
        Some(share) => format!("{:.1} %", share * 100.0),
        None if row.copies > 0 => format!("{} too many", row.copies),
        None => "–".to_owned(),
    };
    let first = [row.arm.clone(), format!("{:.0}", row.latency[0])];
    let last = [delivered, row.failed.to_string()];
    first
        .into_iter()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_marked() {
        let estimate = |low, high| Some(Estimate { median: 1.0, low, high });
        assert_eq!(shown(estimate(-1.0, 3.0)), "1.0 [−1.0, 3.0] ~");
        assert_eq!(shown(estimate(0.5, 3.0)), "1.0 [0.5, 3.0]");
        assert_eq!(shown(None), "–");
    }
}
