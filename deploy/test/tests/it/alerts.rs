//! Every alert fires when it must and is silent when it must not, whatever the labels are called: `promtool test rules`
//! runs all cases.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use deploy_test::deploy;
use deploy_test::prometheus::Tools;
use deploy_test::rules::{Case, Inputs, Naming, Rules};
use deploy_test::stage::recordings;
use serde_json::json;

fn rules() -> PathBuf {
    deploy().join("prometheus/alerts.yaml")
}

/// The cases by the name of their file.
fn cases() -> Result<Vec<(String, Vec<Case>)>> {
    let mut all = Vec::new();
    for file in std::fs::read_dir(deploy().join("test/cases"))? {
        let path = file?.path();
        let name = path.file_stem().expect("a file").to_string_lossy().into_owned();
        all.push((name, Case::read(&path)?));
    }
    all.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(all)
}

#[test]
fn prometheus_accepts_the_rules() -> Result<()> {
    let said = Tools::find()?.promtool(&["check", "rules", "--lint-fatal", &rules().to_string_lossy()])?;
    assert!(said.contains("SUCCESS"), "{said}");
    Ok(())
}

#[test]
fn alerts_fire_when_they_must_and_only_then() -> Result<()> {
    let tools = Tools::find()?;
    let healthy: Inputs = serde_yaml_ng::from_str(&std::fs::read_to_string(deploy().join("test/healthy.yaml"))?)?;
    let parsed = Rules::read(&rules())?;
    let run = |naming: Naming| -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut files = Vec::new();
        for (name, cases) in cases()? {
            let tests = cases.iter().map(|case| case.unit_test(&healthy, &parsed, naming));
            let tests = tests.collect::<Result<Vec<_>>>()?;
            let file = folder.path().join(format!("{name}.yaml"));
            let content = json!({
                "rule_files": [rules().canonicalize()?],
                "evaluation_interval": "1m",
                "tests": tests,
            });
            std::fs::write(&file, serde_yaml_ng::to_string(&content)?)?;
            files.push(file.to_string_lossy().into_owned());
        }
        let mut arguments = vec!["test", "rules"];
        arguments.extend(files.iter().map(String::as_str));
        tools.promtool(&arguments)?;
        Ok(())
    };
    std::thread::scope(|scope| {
        let runs = Naming::ALL.map(|naming| scope.spawn(move || run(naming)));
        runs.into_iter().try_for_each(|one| one.join().expect("a thread"))
    })
}

#[test]
fn what_was_recorded_fires_what_was_done() -> Result<()> {
    // `reviews-v2` has a limit of four copies in flight and lost some to it; to `ratings-v3` nothing happened. Envoy
    // restarted half-way.
    for (result, recording) in recordings()? {
        let place = if result == "tag" { ",namespace=\"demo\"" } else { "" };
        let fired = "ALERTS{alertname=\"TrafficMirrorLosingCopies\",alertstate=\"firing\",severity=\"warning\"";
        let inputs = recording.inputs().into_iter();
        let inputs = inputs.map(|(series, values)| json!({"series": series, "values": values}));
        let content = json!({
            "rule_files": [rules().canonicalize()?],
            "evaluation_interval": "1m",
            "tests": [{
                "interval": "15s",
                "input_series": inputs.collect::<Vec<_>>(),
                "promql_expr_test": [{
                    "expr": "ALERTS{alertstate=\"firing\"}",
                    "eval_time": "10m",
                    "exp_samples": [{"labels": format!("{fired},mirror=\"reviews-v2\"{place}}}"), "value": 1}],
                }],
            }],
        });
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("recorded.yaml");
        std::fs::write(&file, serde_yaml_ng::to_string(&content)?)?;
        Tools::find()?.promtool(&["test", "rules", &file.to_string_lossy()])?;
    }
    Ok(())
}

#[test]
fn each_alert_has_cases_in_which_it_fires_speaks_and_is_silent() -> Result<()> {
    let rules = Rules::read(&rules())?;
    let cases = cases()?;
    for (alert, _) in rules.alerts() {
        let own = cases.iter().find(|(name, _)| name == alert);
        let (_, own) = own.unwrap_or_else(|| panic!("cases/{alert}.yaml is missing"));
        let fires = |case: &&Case| case.firing.contains_key(alert);
        assert!(
            own.iter().any(|case| fires(&case) && case.says.is_some()),
            "{alert} never speaks"
        );
        assert!(
            own.iter().filter(|case| !fires(case)).count() >= 2,
            "{alert} is never silent"
        );
    }
    let known: BTreeSet<&str> = rules.alerts().map(|(alert, _)| alert).collect();
    for (name, _) in &cases {
        assert!(
            name == "Healthy" || known.contains(name.as_str()),
            "cases/{name}.yaml has no alert"
        );
    }
    Ok(())
}

#[test]
fn each_alert_says_what_it_is_and_where_to_read_on() -> Result<()> {
    for (alert, rule) in Rules::read(&rules())?.alerts() {
        assert!(
            ["info", "warning"].contains(&rule.labels["severity"].as_str()),
            "{alert}"
        );
        let url = format!("docs/runbook.md#{}", alert.to_lowercase());
        assert_eq!(rule.annotations["runbook_url"], url, "{alert}");
        for key in ["summary", "description"] {
            // A configuration belongs to a plugin, everything else to a mirror.
            let label = if alert == "TrafficMirrorRefused" {
                "$labels.plugin"
            } else {
                "$labels.mirror"
            };
            assert!(rule.annotations[key].contains(label), "{alert}: {key} lacks {label}");
        }
    }
    Ok(())
}
