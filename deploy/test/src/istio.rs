//! Istio's standard metrics of two workloads, as their sidecars report them: `reviews-v1` serves, `reviews-v2` gets
//! what Envoy's own mirroring sends. Made by arithmetic, since a sidecar's statistics filter is not in a plain Envoy.

use crate::recording::{Labels, Recording, Series};

/// The primary's workload and its shadow's.
pub const WORKLOADS: [&str; 2] = ["reviews-v1", "reviews-v2"];
/// Requests between two scrapes: at the primary, at the shadow.
pub const REQUESTS: [f64; 2] = [300.0, 150.0];
/// Of these the answers, by response code and grpc-status, in percent: at the primary, at the shadow.
pub const ANSWERS: [[(&str, &str, f64); 4]; 2] = [
    [
        ("200", "", 98.0),
        ("404", "", 1.0),
        ("503", "", 0.0),
        ("200", "13", 1.0),
    ],
    [
        ("200", "", 90.0),
        ("404", "", 2.0),
        ("503", "", 6.0),
        ("200", "13", 2.0),
    ],
];
/// The bounds of Envoy's histograms that matter here, in milliseconds, and the share of requests up to each, in
/// percent.
pub const DURATIONS: [[(&str, f64); 6]; 2] = [
    [
        ("5", 50.0),
        ("10", 90.0),
        ("25", 96.0),
        ("50", 99.0),
        ("100", 100.0),
        ("+Inf", 100.0),
    ],
    [
        ("5", 10.0),
        ("10", 50.0),
        ("25", 90.0),
        ("50", 95.0),
        ("100", 99.0),
        ("+Inf", 100.0),
    ],
];

/// So many scrapes of both sidecars.
pub fn standard_metrics(scrapes: usize) -> Recording {
    let mut recording = Recording::default();
    let tables = WORKLOADS.iter().zip(REQUESTS).zip(ANSWERS).zip(DURATIONS);
    for (((workload, requests), answers), durations) in tables {
        let counter = |name: &str, share: f64, more: &[(&str, &str)]| {
            let grown = |scrape: usize| Some(requests * share / 100.0 * scrape as f64);
            let mut labels = identity(workload);
            labels.extend(
                more.iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
            );
            Series {
                name: name.to_owned(),
                labels,
                values: (0..scrapes).map(grown).collect(),
            }
        };
        for (code, status, share) in answers {
            let labels = [("response_code", code), ("grpc_response_status", status)];
            recording.series.push(counter("istio_requests_total", share, &labels));
        }
        for (bound, share) in durations {
            let labels = [("response_code", "200"), ("le", bound)];
            let name = "istio_request_duration_milliseconds_bucket";
            recording.series.push(counter(name, share, &labels));
        }
    }
    recording
}

fn identity(workload: &str) -> Labels {
    let version = workload.trim_start_matches("reviews-");
    let pod = format!("{workload}-7d8f9c6b54-x2x7k");
    let labels = [
        ("job", "kubernetes-pods"),
        (
            "instance",
            if version == "v1" {
                "10.0.0.1:15020"
            } else {
                "10.0.0.2:15020"
            },
        ),
        ("namespace", "demo"),
        ("pod", &pod),
        ("reporter", "destination"),
        ("source_workload", "productpage-v1"),
        ("source_workload_namespace", "demo"),
        ("destination_workload", workload),
        ("destination_workload_namespace", "demo"),
        ("destination_app", "reviews"),
        ("destination_version", version),
        ("destination_service", "reviews.demo.svc.cluster.local"),
        ("destination_service_name", "reviews"),
        ("destination_service_namespace", "demo"),
        ("request_protocol", "http"),
        ("response_flags", "-"),
        ("connection_security_policy", "mutual_tls"),
    ];
    labels
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
