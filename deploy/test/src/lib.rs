//! A real Prometheus runs the alerts and the dashboard of `deploy/` on what was recorded of a real Envoy.
//!
//! [`recording`] reads what `envoy-test record` wrote, [`istio`] writes what Istio's sidecars would report of the same
//! traffic, [`prometheus`] stores both and answers queries. [`dashboard`] finds the queries of a Grafana dashboard,
//! [`stage`] asks them; [`rules`] turns cases into unit tests for `promtool`.

#![forbid(unsafe_code)]

pub mod recording;

pub mod istio;

pub mod prometheus;

pub mod dashboard;

pub mod rules;

pub mod stage;

use std::path::{Path, PathBuf};

/// The folder `deploy/` of this repository.
pub fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
