//! The files of `deploy/` agree with the filter's vocabulary, with the runbook and with each other. `UPDATE_DOCS=1`
//! writes what is generated anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use clap::Parser as _;
use deploy_test::dashboard::Dashboard;
use deploy_test::deploy;
use deploy_test::recording::Recording;
use deploy_test::rules::Rules;
use mirror_policy::plugin::REFUSED;
use mirror_policy::statistics::{FAMILIES, Statistic};
use mirrorctl::cli::Cli;

fn root() -> PathBuf {
    deploy().join("..")
}

fn alerts() -> Result<Rules> {
    Rules::read(&deploy().join("prometheus/alerts.yaml"))
}

// === the runbook ===

/// The headings of this level.
fn headings(markdown: &str, level: &str) -> Vec<String> {
    let heading = |line: &str| Some(line.strip_prefix(level)?.strip_prefix(' ')?.trim().to_owned());
    markdown.lines().filter_map(heading).collect()
}

#[test]
fn every_alert_has_its_section_and_every_section_its_alert() -> Result<()> {
    let runbook = fs::read_to_string(root().join("docs/runbook.md"))?;
    let sections: Vec<String> = headings(&runbook, "##")
        .into_iter()
        .filter(|one| one.starts_with("TrafficMirror"))
        .collect();
    let rules = alerts()?;
    let alerts: Vec<&str> = rules.alerts().map(|(alert, _)| alert).collect();
    assert_eq!(
        sections, alerts,
        "sections of docs/runbook.md, and alerts, in their order"
    );
    for (alert, rule) in rules.alerts() {
        let (_, section) = runbook.split_once(&format!("\n## {alert}\n")).expect("the section");
        let section = section.split("\n## ").next().unwrap_or_default();
        for part in ["**Means.**", "**See.**", "**Do.**", "**Silence.**"] {
            assert!(section.contains(part), "{alert} has no {part}");
        }
        assert!(
            section.contains(&format!("`{}`", rule.labels["severity"])),
            "{alert}: its severity is not told"
        );
    }
    Ok(())
}

#[test]
fn every_link_of_the_documents_leads_somewhere() -> Result<()> {
    for file in ["docs/runbook.md", "docs/istio-prerequisites.md", "deploy/README.md"] {
        let path = root().join(file);
        let text = fs::read_to_string(&path)?;
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
            if target.starts_with("http") {
                continue;
            }
            let target = if target.is_empty() {
                path.clone()
            } else {
                path.parent().expect("a folder").join(target)
            };
            assert!(target.exists(), "{file}: {link}");
            if !anchor.is_empty() {
                let linked = fs::read_to_string(&target)?;
                let anchors: Vec<String> = ["#", "##", "###"]
                    .iter()
                    .flat_map(|level| headings(&linked, level))
                    .collect();
                let known = anchors.iter().any(|heading| anchor_of(heading) == anchor);
                assert!(known, "{file}: {link} has no such heading");
            }
        }
    }
    Ok(())
}

/// As GitHub does it.
fn anchor_of(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn every_command_of_ours_can_be_typed() -> Result<()> {
    let mut commands = 0;
    for file in ["docs/runbook.md", "docs/istio-prerequisites.md", "deploy/README.md"] {
        let text = fs::read_to_string(root().join(file))?;
        for command in text
            .split(['`', '\n', '|'])
            .filter(|text| text.starts_with("mirrorctl "))
        {
            // What a shell does with the quotes.
            let words = command
                .split('\'')
                .enumerate()
                .flat_map(|(index, part)| match index % 2 {
                    0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
                    _ => vec![part.to_owned()],
                });
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{file}: {command}: {error}");
            }
            commands += 1;
        }
    }
    assert!(commands >= 8, "only {commands} commands were found");
    Ok(())
}

// === one set of rules in two shapes ===

#[test]
fn the_object_for_the_operator_has_the_same_rules() -> Result<()> {
    let rules = fs::read_to_string(deploy().join("prometheus/alerts.yaml"))?;
    let (_, groups) = rules.split_once("groups:\n").expect("groups");
    let mut expected = String::from(
        "# The rules of alerts.yaml for the Prometheus operator, written from that file by `make docs`.\n\
         apiVersion: monitoring.coreos.com/v1\n\
         kind: PrometheusRule\n\
         metadata:\n\
         \x20 name: traffic-mirror\n\
         \x20 labels: {app.kubernetes.io/name: traffic-mirror}\n\
         spec:\n\
         \x20 groups:\n",
    );
    for line in groups.lines() {
        let indent = if line.is_empty() { "" } else { "  " };
        expected.push_str(&format!("{indent}{line}\n"));
    }
    let path = deploy().join("prometheus/prometheusrule.yaml");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected)?;
    }
    let found = fs::read_to_string(&path)?;
    assert!(found == expected, "prometheusrule.yaml is not up to date: make docs");
    let object: serde_json::Value = serde_yaml_ng::from_str(&found)?;
    let rules: serde_json::Value = serde_yaml_ng::from_str(&rules)?;
    assert_eq!(object["spec"]["groups"], rules["groups"]);
    Ok(())
}

// === the vocabulary ===

/// The filter's statistics that a text names, without what histograms add.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
    let ours = words.filter(|word| word.starts_with("traffic_mirror_"));
    let family = |word: &str| {
        ["_bucket", "_sum", "_count"]
            .iter()
            .fold(word.to_owned(), |word, end| word.replace(end, ""))
    };
    ours.map(family).collect()
}

#[test]
fn only_statistics_that_exist_are_asked_for() -> Result<()> {
    let families = FAMILIES.iter().chain([&REFUSED]);
    let known: BTreeSet<String> = families.map(|family| family.name.to_owned()).collect();
    let mut asked = BTreeSet::new();
    for group in alerts()?.groups {
        asked.extend(group.rules.iter().flat_map(|rule| named(&rule.expr)));
    }
    let dashboard = Dashboard::read(&deploy().join("grafana/traffic-mirror.json"))?;
    for (_, panel) in dashboard.panels() {
        asked.extend(panel.targets.iter().flat_map(|target| named(&target.expr)));
    }
    let unknown: Vec<_> = asked.difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let unused: Vec<_> = known.difference(&asked).collect();
    assert!(unused.is_empty(), "neither the dashboard nor an alert shows {unused:?}");
    Ok(())
}

#[test]
fn the_recordings_have_every_statistic() -> Result<()> {
    for (file, mirror, result) in [
        ("istio.series", "wasm_filter", "tag"),
        ("envoy.series", "mirror", "result"),
    ] {
        let recording = Recording::read(&deploy().join("test/recorded").join(file), &[])?;
        for statistic in Statistic::all() {
            let suffixes = if statistic.name().ends_with("_milliseconds") {
                &["_bucket", "_count"][..]
            } else {
                &[""]
            };
            for suffix in suffixes {
                let name = format!("{}{suffix}", statistic.name());
                let mut labels = vec![(mirror, "reviews-v2")];
                labels.extend(statistic.result().map(|value| (result, value)));
                assert!(
                    !recording.select(&name, &labels).is_empty(),
                    "{file} has no {name} {labels:?}: record anew, see deploy/README.md"
                );
            }
        }
    }
    Ok(())
}

// === what Grafana wants ===

#[test]
fn the_dashboard_can_be_imported_anywhere() -> Result<()> {
    let path = deploy().join("grafana/traffic-mirror.json");
    let dashboard = Dashboard::read(&path)?;
    assert_eq!((dashboard.id, dashboard.uid.as_str()), (None, "traffic-mirror"));
    assert!(dashboard.schema_version >= 39, "the format of Grafana 10.4 and 11");
    let text = fs::read_to_string(&path)?;
    for source in text
        .split("\"uid\": \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(
            ["${datasource}", "-- Grafana --", "traffic-mirror"].contains(&source),
            "{source}"
        );
    }
    let first = &dashboard.templating.list[0];
    assert_eq!(
        (first.name.as_str(), first.r#type.as_str()),
        ("datasource", "datasource")
    );
    for variable in &dashboard.templating.list {
        let all = ["namespace", "pod", "mirror"].contains(&variable.name.as_str());
        assert_eq!(variable.all_value.as_deref(), all.then_some(".*"), "{}", variable.name);
    }
    Ok(())
}

#[test]
fn every_panel_has_a_unit_a_legend_and_words() -> Result<()> {
    let dashboard = Dashboard::read(&deploy().join("grafana/traffic-mirror.json"))?;
    let mut ids = BTreeSet::new();
    for panel in dashboard
        .panels
        .iter()
        .flat_map(|row| std::iter::once(row).chain(&row.panels))
    {
        assert!(ids.insert(panel.id), "the id of {} is taken", panel.title);
        assert!(panel.grid_pos.x + panel.grid_pos.w <= 24, "{} is too wide", panel.title);
    }
    let panels = dashboard.panels();
    for (row, panel) in &panels {
        let title = &panel.title;
        assert!(panel.description.ends_with('.'), "{row}: {title} has no description");
        assert!(!panel.targets.is_empty(), "{row}: {title}");
        let defaults = &panel.field_config["defaults"];
        for key in ["unit", "noValue", "thresholds"] {
            assert!(!defaults[key].is_null(), "{row}: {title} has no {key}");
        }
        for target in &panel.targets {
            let named = panel.r#type == "table" || !target.legend_format.is_empty();
            assert!(named, "{row}: {title} {} has no legend", target.ref_id);
        }
        for (_, other) in panels.iter().filter(|(_, other)| other.id != panel.id) {
            let (one, two) = (panel.grid_pos, other.grid_pos);
            let beside = one.x + one.w <= two.x || two.x + two.w <= one.x;
            let above = one.y + one.h <= two.y || two.y + two.h <= one.y;
            assert!(beside || above, "{title} and {} overlap", other.title);
        }
    }
    Ok(())
}
