//! The alerts and the dashboard of `deploy/`, in a real Prometheus, and the documents around them.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says by a panic that something is wrong"
)]

mod agreement;

mod alerts;

mod dashboard;

mod documents;
