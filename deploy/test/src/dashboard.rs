//! A Grafana dashboard: its panels, their queries, and the variables that Grafana would put into them.

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::Value;

/// A dashboard, as Grafana exports and imports it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dashboard {
    /// `null`, so that an import makes a new one.
    pub id: Option<u64>,
    /// By which links find it.
    pub uid: String,
    /// The version of the format.
    pub schema_version: u64,
    /// Panels; a row that is folded has its own inside.
    pub panels: Vec<Panel>,
    /// The variables.
    pub templating: Templating,
}

/// A panel, or a row.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Panel {
    /// Unique in the dashboard.
    pub id: u64,
    /// `row`, `timeseries`, `stat`, `table`.
    pub r#type: String,
    /// Its heading.
    #[serde(default)]
    pub title: String,
    /// The words behind the `i`.
    #[serde(default)]
    pub description: String,
    /// Where it is.
    pub grid_pos: GridPos,
    /// Its queries.
    #[serde(default)]
    pub targets: Vec<Target>,
    /// Of a folded row.
    #[serde(default)]
    pub panels: Vec<Panel>,
    /// Units, thresholds, what to show without a value.
    #[serde(default)]
    pub field_config: Value,
    /// From which data source.
    #[serde(default)]
    pub datasource: Value,
}

/// A place on the grid of 24 columns.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct GridPos {
    /// Column.
    pub x: u64,
    /// Row.
    pub y: u64,
    /// Width.
    pub w: u64,
    /// Height.
    pub h: u64,
}

/// A query.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// PromQL with variables.
    pub expr: String,
    /// Its name in the panel.
    pub ref_id: String,
    /// How a series is called.
    #[serde(default)]
    pub legend_format: String,
}

/// The variables.
#[derive(Debug, Deserialize)]
pub struct Templating {
    /// In the order in which they are asked for.
    pub list: Vec<Variable>,
}

/// A variable.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// Without the `$`.
    pub name: String,
    /// `datasource` or `query`.
    pub r#type: String,
    /// What stands for "All".
    pub all_value: Option<String>,
    /// Where its values come from.
    pub query: Value,
    /// What of an answer is the value.
    #[serde(default)]
    pub regex: String,
}

/// What is put into the queries.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// `$mirror`, a regular expression.
    pub mirror: &'a str,
    /// `$namespace`, a regular expression.
    pub namespace: &'a str,
    /// `$__range`.
    pub range: &'a str,
    /// `$__rate_interval`.
    pub rate_interval: &'a str,
}

// === impl Dashboard ===

impl Dashboard {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))
    }

    /// All panels with queries, folded or not, with the title of their row.
    pub fn panels(&self) -> Vec<(String, &Panel)> {
        let mut found = Vec::new();
        let mut row = String::new();
        for panel in &self.panels {
            if panel.r#type == "row" {
                row.clone_from(&panel.title);
                found.extend(panel.panels.iter().map(|inner| (row.clone(), inner)));
            } else {
                found.push((row.clone(), panel));
            }
        }
        found
    }
}

// === impl Choice ===

impl Choice<'_> {
    /// The query as Grafana would send it.
    pub fn put_into(&self, query: &str) -> String {
        let values = [
            ("$__rate_interval", self.rate_interval),
            ("$__range", self.range),
            ("$namespace", self.namespace),
            ("$primary", "reviews-v1"),
            ("$shadow", "reviews-v2"),
            ("$mirror", self.mirror),
            ("$pod", ".*"),
        ];
        let put = |query: String, (name, value): &(&str, &str)| query.replace(name, value);
        values.iter().fold(query.to_owned(), put)
    }
}
