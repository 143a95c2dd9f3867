//! Tables for people: as text for a terminal, as Markdown for the documentation.

/// One way to write a document.
pub trait Style {
    fn title(&self, text: &str) -> String;
    /// The first row is the heading.
    fn table(&self, rows: &[Vec<String>]) -> String;
}

/// Aligned columns.
pub struct Text;

/// Markdown.
pub struct Markdown;

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
}
