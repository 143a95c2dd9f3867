//! What the dashboard shows agrees with what was recorded of a real Envoy, under both pairs of labels: rates, shares,
//! quantiles, the ledger across a restart, the gauges.

use std::collections::BTreeSet;

use anyhow::Result;
use deploy_test::prometheus::{Server, Tools};
use deploy_test::recording::INTERVAL;
use deploy_test::stage::{RANGE_SCRAPES, RATE_SCRAPES, Stage, assert_close, dashboard, stages};

/// A quantile of a histogram, in milliseconds, by the same interpolation as Prometheus'.
fn quantile_of(stage: &Stage, name: &str, quantile: f64) -> f64 {
    let mut buckets: Vec<(f64, f64)> = stage
        .of_mirror(name)
        .into_iter()
        .map(|series| {
            let bound = series.labels["le"].replace("+Inf", "inf");
            (bound.parse().expect("a bound"), series.increase(RATE_SCRAPES))
        })
        .collect();
    buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
    let rank = quantile * buckets.last().expect("buckets").1;
    let place = buckets.iter().position(|bucket| bucket.1 >= rank).expect("a bucket");
    let (bound, count) = buckets[place];
    let (start, before) = if place == 0 { (0.0, 0.0) } else { buckets[place - 1] };
    start + (bound - start) * (rank - before) / (count - before)
}

/// No errors.
const OK: [&str; 3] = ["2xx", "3xx", "grpc_ok"];

#[test]
fn rates_agree_with_the_recording() -> Result<()> {
    let dashboard = dashboard()?;
    for stage in stages()? {
        let seconds = (INTERVAL * (RATE_SCRAPES as u64 - 1)) as f64;
        for (reference, name) in [
            ("A", "traffic_mirror_matched_total"),
            ("B", "traffic_mirror_sent_total"),
        ] {
            let expected = stage.grown(name, &[], RATE_SCRAPES) / seconds;
            assert!(expected > 0.5, "{name} hardly grew");
            assert_close(name, stage.one(&dashboard, "Requests", reference)?, expected, 0.06);
        }
        let by_reason = [
            ("Skipped", "A", "traffic_mirror_skipped_total"),
            ("Dropped", "A", "traffic_mirror_dropped_total"),
            ("The shadow's answers", "A", "traffic_mirror_responses_total"),
            ("The shadow's answers", "B", "traffic_mirror_failures_total"),
        ];
        for (title, reference, name) in by_reason {
            let answer = stage.ask(&dashboard, title, reference)?;
            let mut total = 0.0;
            for sample in &answer {
                let result = sample.labels["result"].as_str();
                let expected = stage.grown(name, &[result], RATE_SCRAPES) / seconds;
                assert_close(&format!("{name} {result}"), sample.value, expected, 0.11);
                total += expected;
            }
            assert_close(name, total, stage.grown(name, &[], RATE_SCRAPES) / seconds, 1e-6);
        }
    }
    Ok(())
}

#[test]
fn success_and_latency_agree_with_the_recording() -> Result<()> {
    let dashboard = dashboard()?;
    for stage in stages()? {
        let grown = |name: &str, results: &[&str]| stage.grown(name, results, RATE_SCRAPES);
        let primary = 100.0 * grown("traffic_mirror_primary_responses_total", &OK)
            / grown("traffic_mirror_primary_responses_total", &[]);
        assert_close("primary", stage.one(&dashboard, "Success", "A")?, primary, 0.01);
        let failures = grown(
            "traffic_mirror_failures_total",
            &["connect", "timeout", "protocol", "reset"],
        );
        let shadow = 100.0 * grown("traffic_mirror_responses_total", &OK)
            / (grown("traffic_mirror_responses_total", &[]) + failures);
        assert!(
            shadow < primary - 5.0 && failures > 1.0,
            "the recording tells the two apart"
        );
        assert_close("shadow", stage.one(&dashboard, "Success", "B")?, shadow, 0.02);

        for (reference, side, quantile) in [
            ("A", "primary", 0.5),
            ("B", "primary", 0.95),
            ("C", "primary", 0.99),
            ("D", "shadow", 0.5),
            ("E", "shadow", 0.95),
            ("F", "shadow", 0.99),
        ] {
            let name = format!("traffic_mirror_{side}_duration_milliseconds_bucket");
            let expected = quantile_of(&stage, &name, quantile);
            let what = format!("{side} {quantile}");
            assert_close(&what, stage.one(&dashboard, "Latency", reference)?, expected, 0.05);
        }
    }
    Ok(())
}

#[test]
fn copies_that_were_cancelled_are_nobodys_failure() -> Result<()> {
    let dashboard = dashboard()?;
    for mut stage in stages()? {
        let before = stage.one(&dashboard, "Success", "B")?;
        let mut cancelled = stage.recording.clone();
        for series in &mut cancelled.series {
            if series
                .labels
                .get(stage.result)
                .is_some_and(|result| result == "cancelled")
            {
                series.values = (0..stage.recording.scrapes())
                    .map(|scrape| Some(50.0 * scrape as f64))
                    .collect();
            }
        }
        stage.server = Server::start(Tools::find()?, &[&cancelled])?;
        assert_close("success", stage.one(&dashboard, "Success", "B")?, before, 0.0);
        let failures = stage.ask(&dashboard, "The shadow's answers", "B")?;
        assert!(failures.iter().any(|sample| sample.labels["result"] == "cancelled"));
    }
    Ok(())
}

#[test]
fn the_ledger_goes_on_across_a_restart_and_balances() -> Result<()> {
    let dashboard = dashboard()?;
    for stage in stages()? {
        let answer = stage.ask(&dashboard, "Ledger", "A")?;
        let row = |counted: &str| {
            let found = answer.iter().find(|sample| sample.labels["counted"].contains(counted));
            found.unwrap_or_else(|| panic!("no {counted} in {answer:?}")).value
        };
        for (counted, name) in [
            ("1 matched", "traffic_mirror_matched_total"),
            ("2 skipped", "traffic_mirror_skipped_total"),
            ("3 dropped", "traffic_mirror_dropped_total"),
            ("4 sent", "traffic_mirror_sent_total"),
            ("5 responses", "traffic_mirror_responses_total"),
            ("6 failures", "traffic_mirror_failures_total"),
            ("7 primary responses", "traffic_mirror_primary_responses_total"),
        ] {
            let expected = stage.grown(name, &[], RANGE_SCRAPES);
            assert!(expected > 10.0, "{name} hardly grew");
            assert_close(counted, row(counted), expected, 0.08);
        }
        assert_close("matched", row("1"), row("2") + row("3") + row("4"), 0.01);
        assert_close("sent", row("4"), row("5") + row("6"), 0.02);
        let share = 100.0 * stage.grown("traffic_mirror_sent_total", &[], RANGE_SCRAPES)
            / stage.grown("traffic_mirror_matched_total", &[], RANGE_SCRAPES);
        assert_close("share", stage.one(&dashboard, "Percentage copied", "A")?, share, 0.02);

        let reasons = stage.ask(&dashboard, "Reasons", "A")?;
        let kinds: BTreeSet<&str> = reasons.iter().map(|sample| sample.labels["kind"].as_str()).collect();
        assert_eq!(kinds.len(), 5, "{kinds:?}");
        let sampled = reasons.iter().find(|sample| sample.labels["result"] == "not_sampled");
        let expected = stage.grown("traffic_mirror_skipped_total", &["not_sampled"], RANGE_SCRAPES);
        assert_close("not_sampled", sampled.expect("not_sampled").value, expected, 0.08);
    }
    Ok(())
}

#[test]
fn the_present_is_what_the_last_scrape_said() -> Result<()> {
    let dashboard = dashboard()?;
    for stage in stages()? {
        let one = |title: &str, reference: &str| stage.one(&dashboard, title, reference);
        assert_close("proxies", one("Proxies", "A")?, 1.0, 0.0);
        let percentage = stage.gauge("traffic_mirror_percentage_ppm") / 10_000.0;
        assert_close("percentage", one("Percentage set", "A")?, percentage, 0.0);
        let held = stage.gauge("traffic_mirror_in_flight") + stage.gauge("traffic_mirror_collecting");
        assert_close("in flight", one("In flight", "A")?, held, 0.0);
        let workers = stage.recording.select("envoy_server_concurrency", &[]);
        let workers = workers
            .first()
            .and_then(|series| series.last())
            .expect("the workers are recorded");
        let in_flight = stage.gauge("traffic_mirror_in_flight");
        let used = in_flight / (stage.gauge("traffic_mirror_in_flight_limit") * workers);
        assert_close("budget", one("Budget used", "A")?, used, 1e-9);
        let bytes = stage.gauge("traffic_mirror_buffered_bytes");
        let used = bytes / (stage.gauge("traffic_mirror_buffered_bytes_limit") * workers);
        assert_close("bytes", one("Budget used", "B")?, used, 1e-9);
        let expiry = stage.gauge("traffic_mirror_expiry_timestamp_seconds") * 1000.0;
        assert_close("expiry", one("Expires", "A")?, expiry, 0.0);
        assert_close("breakers", one("Breakers open", "A")?, 0.0, 0.0);
        let unaccounted = one("Unaccounted", "A")?;
        assert!(unaccounted <= 2.0, "{unaccounted} are not accounted for");
    }
    Ok(())
}
