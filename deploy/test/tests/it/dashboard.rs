//! Every query of the dashboard runs in a real Prometheus on what was recorded of a real Envoy, under both pairs of
//! labels; and so do those of its variables.

use anyhow::{Context as _, Result, ensure};
use deploy_test::dashboard::Panel;
use deploy_test::istio;
use deploy_test::prometheus::{Server, Tools};
use deploy_test::recording::{INTERVAL, Recording, Series};
use deploy_test::stage::{ALL, ONE, assert_close, dashboard, stages, target};

/// What a panel's unit allows.
fn is_plausible(panel: &Panel, value: f64) -> bool {
    let unit = panel.field_config["defaults"]["unit"].as_str().unwrap_or_default();
    match unit {
        "percent" => (0.0..=100.000_001).contains(&value),
        "percentunit" => (0.0..=1.5).contains(&value),
        _ => value >= 0.0,
    }
}

#[test]
fn every_query_answers_with_plausible_numbers() -> Result<()> {
    let dashboard = dashboard()?;
    for stage in stages()? {
        for (row, panel) in dashboard.panels() {
            for target in &panel.targets {
                for choice in [ALL, ONE] {
                    let query = choice.put_into(&target.expr);
                    assert!(
                        !query.contains('$') || query.contains("\"$1\""),
                        "a variable is left in {query}"
                    );
                    let answer = stage.server.query(&query, stage.end)?;
                    let place = format!("{row}, {} {}, {choice:?}", panel.title, target.ref_id);
                    assert!(!answer.is_empty(), "{place}: nothing for {query}");
                    for sample in &answer {
                        let value = sample.value;
                        assert!(
                            value.is_finite() && is_plausible(panel, value),
                            "{place}: {value} for {query}"
                        );
                        if let Some(mirror) = sample.labels.get("mirror") {
                            assert!(choice.mirror == ".*" || choice.mirror == mirror, "{place}: {mirror}");
                        }
                        assert!(!target.legend_format.contains("{{mirror}}") || sample.labels.contains_key("mirror"));
                    }
                }
            }
        }
    }
    Ok(())
}

#[test]
fn without_any_statistics_every_query_is_empty() -> Result<()> {
    let nothing = Recording {
        series: vec![Series {
            name: "up".to_owned(),
            labels: [("job".to_owned(), "other".to_owned())].into(),
            values: vec![Some(1.0); 42],
        }],
    };
    let server = Server::start(Tools::find()?, &[&nothing])?;
    for (row, panel) in dashboard()?.panels() {
        for target in &panel.targets {
            let answer = server.query(&ALL.put_into(&target.expr), nothing.end())?;
            assert!(answer.is_empty(), "{row}, {}: {answer:?}", panel.title);
        }
    }
    Ok(())
}

// === Envoy's own mirroring ===

#[test]
fn envoys_own_mirroring_is_told_by_istios_metrics() -> Result<()> {
    let dashboard = dashboard()?;
    let stage = stages()?.swap_remove(0);
    let ask = |title: &str, reference: &str| -> Result<f64> {
        let target = target(&dashboard, "native", title, reference)?;
        let answer = stage.server.query(&ALL.put_into(&target.expr), stage.end)?;
        ensure!(answer.len() == 1, "{title} {reference}: {answer:?}");
        Ok(answer[0].value)
    };
    for (side, reference) in ["A", "B"].into_iter().enumerate() {
        assert_close(
            "requests",
            ask("Requests", reference)?,
            istio::REQUESTS[side] / INTERVAL as f64,
            0.01,
        );
        let success = istio::ANSWERS[side][0].2;
        assert_close("success", ask("Success", reference)?, success, 0.001);
    }
    // By hand from `istio::DURATIONS`: half of the primary's within 5 ms; 90 % within 10 and 96 % within 25, so 95 %
    // within 22.5.
    for (reference, expected) in [
        ("A", 5.0),
        ("B", 22.5),
        ("C", 50.0),
        ("D", 10.0),
        ("E", 50.0),
        ("F", 100.0),
    ] {
        assert_close(reference, ask("Latency", reference)?, expected, 0.01);
    }
    let answers = target(&dashboard, "native", "Answers of the shadow", "A")?;
    let answers = stage.server.query(&ALL.put_into(&answers.expr), stage.end)?;
    let unavailable = answers.iter().find(|sample| sample.labels["response_code"] == "503");
    let expected = istio::REQUESTS[1] * 0.06 / INTERVAL as f64;
    assert_close("503", unavailable.expect("503").value, expected, 0.01);
    Ok(())
}

// === the variables ===

#[test]
fn the_variables_offer_what_there_is() -> Result<()> {
    let dashboard = dashboard()?;
    for stage in stages()? {
        let in_kubernetes = stage.result == "tag";
        for variable in dashboard
            .templating
            .list
            .iter()
            .filter(|variable| variable.r#type == "query")
        {
            let query = ALL.put_into(variable.query["query"].as_str().context("no query")?);
            let values = if let Some(inner) = query.strip_prefix("label_values(") {
                let (selector, label) = inner.trim_end_matches(')').rsplit_once(", ").context("no label")?;
                stage.server.label_values(label, selector)?
            } else {
                let inner = query
                    .strip_prefix("query_result(")
                    .and_then(|rest| rest.strip_suffix(')'));
                assert_eq!(variable.regex, "/mirror=\"([^\"]+)\"/");
                let answer = stage.server.query(inner.context("an unknown function")?, stage.end)?;
                answer.iter().map(|sample| sample.labels["mirror"].clone()).collect()
            };
            let expected: &[&str] = match variable.name.as_str() {
                "namespace" => &["demo"],
                "pod" if in_kubernetes => &["reviews-v1-7d8f9c6b54-x2x7k"],
                "pod" => &[],
                "mirror" => &["ratings-v3", "reviews-v2"],
                "primary" | "shadow" => &istio::WORKLOADS,
                other => panic!("the variable {other} is not tested"),
            };
            assert_eq!(values, expected, "${}", variable.name);
        }
    }
    Ok(())
}
