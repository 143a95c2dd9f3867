//! Every code, once where it is found and once where it is not: a folder that is in order has none of it, and one
//! change of it has that code. The documentation of the codes is generated from their table; `UPDATE_DOCS=1` writes it
//! anew.

mod cases;

mod exported;

mod good;

mod order;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::common::{goldens, run};
use cases::{Case, cases, near};
use clap::Parser;
use mirror_policy::statistics::Statistic;
use mirrorctl::cli::Cli;
use mirrorctl::findings::{CODES, Severity};
use serde_json::Value;

/// What is reckoned with as now.
const NOW: &str = "2026-12-01T12:00:00Z";

/// The findings in a text, as `validate` prints them.
fn validate(text: &str) -> Vec<Value> {
    let ran = run(
        Path::new("."),
        &[
            "validate",
            "-",
            "-o",
            "json",
            "--now",
            NOW,
            "--fail-on",
            "never",
            "-n",
            "demo",
        ],
        text.as_bytes(),
    );
    assert_eq!(ran.exit, 0, "{}\n{text}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    document["findings"].as_array().expect("findings").clone()
}

/// What a finding says: its code, its path and its message.
fn told(finding: &Value) -> String {
    let text = |key: &str| finding[key].as_str().expect(key);
    format!("{} {}: {}", text("code"), text("path"), text("message"))
}

#[test]
fn what_is_in_order_has_no_finding() {
    for (name, text) in good::ALL {
        let found: Vec<String> = validate(text).iter().map(told).collect();
        assert_eq!(found, Vec::<String>::new(), "{name}");
    }
}

/// What is in order, changed.
fn changed(case: &Case) -> String {
    let mut text = case.good.to_owned();
    for (from, to) in case.changes {
        let finding = case.finding;
        assert!(text.contains(from), "{finding}: {from} is not in what is changed");
        text = text.replacen(from, to, 1);
    }
    text
}

#[test]
fn every_case_has_its_finding() {
    let mut missing = Vec::new();
    for case in cases() {
        let text = changed(case);
        let found: Vec<String> = validate(&text).iter().map(told).collect();
        if !found.iter().any(|found| found == case.finding) {
            missing.push(format!("wanted: {}\nfound: {found:#?}\n{text}", case.finding));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n===\n"));
}

#[test]
fn what_only_looks_like_a_case_is_none() {
    for case in near() {
        let text = changed(case);
        let found: Vec<String> = validate(&text).iter().map(told).collect();
        let code = case.finding.split(' ').next().expect("a code");
        assert!(
            !found.iter().any(|found| found.starts_with(code)),
            "{}: {found:#?}\n{text}",
            case.finding
        );
    }
}

#[test]
fn every_code_has_a_case() {
    let tried: BTreeSet<&str> = cases().filter_map(|case| case.finding.split(' ').next()).collect();
    let all: BTreeSet<&str> = CODES.iter().map(|code| code.id).collect();
    assert_eq!(tried, all);
    assert_eq!(all.len(), CODES.len(), "a code stands twice");
}

#[test]
fn the_codes_are_in_order_and_say_what_to_do() {
    assert!(CODES.is_sorted_by_key(|code| code.id));
    for code in CODES {
        assert!(code.id.len() == 5 && code.id.starts_with("TM"), "{}", code.id);
        for text in [code.meaning, code.advice] {
            assert!(text.ends_with('.') && text.len() > 10, "{}: {text}", code.id);
        }
    }
}

/// What `generate` says itself of the objects that exist, and leaves to the user.
const ANNOUNCED: &[(&str, &str)] = &[("restricted_sidecar", "TM038")];

/// What we write ourselves has no error.
#[test]
fn everything_that_is_generated_passes() {
    let mut tried = 0;
    for golden in goldens() {
        let expected = golden.expected();
        if golden.objects().is_empty() {
            continue;
        }
        let expected = expected.file_name().unwrap().to_str().unwrap().to_owned();
        let mut args = vec!["validate".to_owned(), expected];
        let objects = golden.args.iter().zip(golden.args.iter().skip(1));
        for (_, file) in objects.filter(|(flag, _)| *flag == "--objects") {
            args.extend(["--objects".to_owned(), file.clone()]);
        }
        args.extend(["-o", "json", "--now", NOW].map(str::to_owned));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ran = run(&golden.folder, &args, b"");
        let document: Value =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}: {}", golden.name, ran.stderr));
        let findings = document["findings"].as_array().expect("findings");
        let is_announced = |finding: &Value| {
            let announced = ANNOUNCED
                .iter()
                .any(|(name, code)| *name == golden.name && finding["code"] == *code);
            announced && !golden.held().stderr.is_empty()
        };
        let errors: Vec<String> = findings
            .iter()
            .filter(|finding| finding["severity"] == "error" && !is_announced(finding))
            .map(told)
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", golden.name);
        tried += 1;
    }
    assert!(tried > 3);
}

/// What the repository ships has no error either.
#[test]
fn everything_that_is_shipped_passes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for file in ["wasm-plugin.yaml", "envoy-test/envoy.yaml", "envoy-test/filter.yaml"] {
        let ran = run(&root, &["validate", file, "--now", NOW], b"");
        assert_eq!(ran.exit, 0, "{file}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn the_exit_code_is_that_of_the_level() {
    let warning = good::FILTER.replace("        expiresAt: \"2027-01-01T00:00:00Z\"\n", "");
    let error = good::FILTER.replace("    failStrategy: FAIL_OPEN\n", "");
    for (text, level, exit) in [
        (good::FILTER, "warning", 0),
        (&warning, "error", 0),
        (&warning, "warning", 3),
        (&warning, "never", 0),
        (&error, "error", 3),
        (&error, "warning", 3),
        (&error, "never", 0),
    ] {
        let ran = run(
            Path::new("."),
            &["validate", "-", "--now", NOW, "--fail-on", level],
            text.as_bytes(),
        );
        assert_eq!(ran.exit, exit, "{level}: {}{text}", ran.stdout);
    }
}

#[test]
fn a_finding_has_its_place_in_every_form() {
    let text = "# the filter alone\nmirrors:\n- name: a\n  cluster: b\n  percentage: 140\n";
    let object = "the plugin configuration";
    let finding = "mirrors[0].percentage: 140 is not between 0 and 100";
    let printed = |form: &str| run(Path::new("."), &["validate", "-", "-o", form], text.as_bytes());
    let table = printed("table");
    assert_eq!(
        table.stdout,
        format!("SEVERITY  CODE   PLACE             FINDING\nerror     TM006  standard input:5  {object}: {finding}\n")
    );
    assert_eq!(
        (table.exit, table.stderr.as_str()),
        (3, "1 document: 1 error, 0 warnings, 0 notes\n")
    );
    assert_eq!(
        printed("github").stdout,
        format!(
            "::error file=standard input,line=5,col=3,title=TM006 The filter refuses its configuration::{object}: {finding}\n"
        )
    );
    let json: Value = serde_json::from_str(&printed("json").stdout).expect("JSON");
    let finding = &json["findings"][0];
    let number = |value: &Value| value.as_u64().expect("a number");
    assert_eq!(
        (
            number(&json["errors"]),
            number(&finding["line"]),
            number(&finding["column"])
        ),
        (1, 5, 3)
    );
    let yaml = mirrorctl::yaml::read(&printed("yaml").stdout).expect("YAML");
    assert_eq!(yaml, [json]);
}

#[test]
fn a_finding_in_a_list_or_in_json_has_its_line() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n- apiVersion: networking.istio.io/v1\n  kind: Sidecar\n  metadata: {name: b}\n  spec:\n    ingres: []\n";
    let json = "{\"mirrors\": [\n  {\"name\": \"a\",\n   \"clusters\": \"b\"}]}";
    for (text, line, object) in [
        (list, 11, "the Sidecar b of namespace demo"),
        (json, 3, "the plugin configuration"),
    ] {
        let found = validate(text);
        assert_eq!(
            (&found[0]["line"], &found[0]["object"]),
            (&Value::from(line), &Value::from(object)),
            "{found:?}"
        );
    }
}

#[test]
fn what_is_not_read_is_counted() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: mirrors}\n";
    let text = format!("{secret}---\n{}---\na: 1\n", secret.replace("name: ", "name: other-"));
    let printed = |form: &str| {
        let args = ["validate", "-", "-o", form, "--fail-on", "never"];
        run(Path::new("."), &args, text.as_bytes())
    };
    assert_eq!(
        printed("table").stderr,
        "3 documents, 2 of them not read (2 Secret): 1 error, 0 warnings, 0 notes\n"
    );
    let json: Value = serde_json::from_str(&printed("json").stdout).expect("JSON");
    assert_eq!(json["notRead"], serde_json::json!({"Secret": 2}));
}

#[test]
fn a_template_says_what_it_is() {
    let block = "# {{ a comment }}\n{{- if .Values.mirror.enabled }}\napiVersion: v1\nkind: Service\n{{- end }}\n";
    let value =
        "apiVersion: v1\nkind: Service\nmetadata: {name: \"{{ a text }}\"}\nspec:\n  hosts: [{{ .Values.host }}]\n";
    for (text, line) in [(block, 2), (value, 5)] {
        let ran = run(Path::new("."), &["validate", "-"], text.as_bytes());
        let message =
            "this looks like a Helm template ({{ … }}); render it first: helm template RELEASE CHART > rendered.yaml";
        assert_eq!(
            (ran.exit, ran.stderr),
            (2, format!("error: standard input: line {line}: {message}\n"))
        );
    }
    // What is only broken is no template.
    let ran = run(Path::new("."), &["validate", "-"], b"{\"mirrors\": [\"{{ a }}\"");
    assert!(ran.stderr.contains("is not JSON"), "{}", ran.stderr);
}

#[test]
fn what_is_nothing_that_is_known_is_refused() {
    for (text, message) in [
        (
            "a: [\n",
            "standard input: line 2: while parsing a node, did not find expected node content",
        ),
        ("", "standard input: is empty"),
    ] {
        let ran = run(Path::new("."), &["validate", "-"], text.as_bytes());
        assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""), "{text}");
        assert_eq!(ran.stderr, format!("error: {message}\n"), "{text}");
    }
}

#[test]
fn the_codes_are_documented_from_the_table() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/findings.md");
    let marks = [
        "<!-- generated from the table -->\n",
        "<!-- end of what is generated -->",
    ];
    let held = fs::read_to_string(&file).expect("docs/findings.md");
    let (before, rest) = held.split_once(marks[0]).expect("the begin mark");
    let (_, after) = rest.split_once(marks[1]).expect("the end mark");
    let mut text = String::from("\n| code | severity | finding |\n|---|---|---|\n");
    for code in CODES {
        let anchor = format!("{} {}", code.id, code.title)
            .to_lowercase()
            .replace(' ', "-")
            .replace(['.', ',', '\''], "");
        text += &format!(
            "| [{}](#{anchor}) | {} | {} |\n",
            code.id,
            code.severity.word(),
            code.title
        );
    }
    for code in CODES {
        let severity = match code.severity {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
            Severity::Note => "Note",
        };
        let agreement = code.rule.agreement();
        let agreement = agreement.map_or(String::new(), |text| format!("**Who else says so:** {text}\n\n"));
        text += &format!(
            "\n## {} {}\n\n{severity}. {}\n\n{agreement}**What to do:** {}\n",
            code.id, code.title, code.meaning, code.advice
        );
    }
    let expected = format!("{before}{}{text}\n{}{after}", marks[0], marks[1]);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, &expected).expect("written");
    } else {
        assert!(held == expected, "docs/findings.md is out of date: run `make docs`");
    }
}

/// Whoever looks for a cause finds it: every reason that is counted is there, every code that is named exists, every
/// command of ours can be typed.
#[test]
fn the_causes_of_missing_copies_are_complete() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/no-copies.md"))
        .expect("docs/no-copies.md");
    for statistic in Statistic::all() {
        let lost = ["skipped", "dropped", "failures"]
            .iter()
            .any(|name| statistic.name() == format!("traffic_mirror_{name}_total"));
        if let Some(result) = statistic.result().filter(|_| lost) {
            assert!(
                text.contains(&format!("| `{result}` |")),
                "{}: {result} is missing",
                statistic.name()
            );
        }
    }
    let mut codes = 0;
    for (index, _) in text.match_indices("TM0") {
        let id = text.get(index..index + 5).expect("a code");
        assert!(CODES.iter().any(|code| code.id == id), "{id}");
        codes += 1;
    }
    let mut commands = 0;
    for command in text.split(['`', '\n']).filter(|text| text.starts_with("mirrorctl ")) {
        let command = command
            .replace("'x-user: 7'", "x-user:7")
            .replace("'authorization: a'", "authorization:a");
        if let Err(error) = Cli::try_parse_from(command.split_whitespace()) {
            panic!("{command}: {error}");
        }
        commands += 1;
    }
    assert!(codes > 20 && commands > 20);
}
