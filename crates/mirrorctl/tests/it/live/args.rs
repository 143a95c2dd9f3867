//! Who is asked about which mirrors: the flags and the job, turned into a source.

use clap::Parser;
use mirrorctl::input::Stdin;
use mirrorctl::live::args::{Asked, SourceArgs, seconds};
use mirrorctl::live::prometheus::Native;
use mirrorctl::live::source::Source;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    source: SourceArgs,
}

const SERVER: &str = "http://prometheus:9090";

/// What was asked for, or the first line of what was refused.
fn asked(args: &[&str], job: &str) -> Result<Asked, String> {
    let first = |text: String| text.lines().next().unwrap_or_default().to_owned();
    let args = std::iter::once("mirrorctl").chain(args.iter().copied());
    let command = Command::try_parse_from(args).map_err(|error| first(error.to_string()))?;
    let mut stdin = job.as_bytes();
    let asked = command.source.resolve(&mut Stdin::new(&mut stdin));
    asked.map_err(|error| first(error.to_string()))
}

fn urls(asked: &Asked) -> Vec<&str> {
    asked.source.urls().iter().map(|url| url.as_str()).collect()
}

fn job(engine: &str, target: &str, primary: &str, shadows: &str) -> String {
    format!(
        "{{apiVersion: traffic-mirror.dev/v1alpha1, kind: TrafficMirror, metadata: {{name: reviews-v2, namespace: demo}}, \
         spec: {{targetRef: {{kind: Service, name: reviews{target}}}, engine: {engine}, {primary} expiresAt: never, \
         shadows: [{shadows}]}}}}\n"
    )
}

fn natives(args: &[&str], job: &str) -> Result<Vec<Native>, String> {
    let args: Vec<&str> = ["--prometheus", SERVER]
        .into_iter()
        .chain(args.iter().copied())
        .collect();
    match asked(&args, job)?.source {
        Source::Prometheus { natives, .. } => Ok(natives),
        Source::Envoy(_) => panic!("a Prometheus server was named"),
    }
}

#[test]
fn without_a_flag_the_proxy_behind_a_port_forward_is_asked() {
    let asked = asked(&[], "").unwrap();
    assert_eq!(urls(&asked), ["http://127.0.0.1:15000"]);
    assert!(asked.names.is_empty() && asked.is_meant("anything"));
}

#[test]
fn proxies_are_asked_once_each_and_a_server_instead_of_them() {
    let proxies = asked(
        &["--envoy", "a:1", "--envoy", "http://a:1/", "--envoy", "https://b/x"],
        "",
    )
    .unwrap();
    assert_eq!(urls(&proxies), ["http://a:1", "https://b/x"]);
    let server = asked(&["--prometheus", SERVER, "--selector", "{namespace = 'demo', }"], "").unwrap();
    let expected = Source::Prometheus {
        url: SERVER.parse().unwrap(),
        selector: "namespace='demo'".to_owned(),
        natives: Vec::new(),
    };
    assert_eq!(server.source, expected);
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    for (args, begin) in [
        (
            &["--envoy", "a:1", "--prometheus", SERVER][..],
            "error: the argument '--envoy <URL>' cannot be used with",
        ),
        (
            &["--selector", "a=\"b\""],
            "error: the following required arguments were not provided:",
        ),
        (
            &["--native", "a=b/c,d"],
            "error: the following required arguments were not provided:",
        ),
        (
            &["--envoy", "ftp://a"],
            "error: invalid value 'ftp://a' for '--envoy <URL>': is not http or https",
        ),
        (
            &["--prometheus", "http://a?b"],
            "error: invalid value 'http://a?b' for '--prometheus <URL>': has more than a path",
        ),
        (
            &["--prometheus", SERVER, "--native", "a=b/c,d", "--native", "a=b/e,f"],
            "--native: `a` is given twice",
        ),
    ] {
        let refused = asked(args, "").unwrap_err();
        assert!(refused.starts_with(begin), "{args:?}: {refused}");
    }
}

#[test]
fn a_selector_with_a_slip_is_told_what_is_wrong() {
    for (selector, problem) in [
        ("", "has no matcher"),
        ("{}", "has no matcher"),
        ("{a=\"b\"", "has one brace of two"),
        ("a=\"b\"}", "has one brace of two"),
        ("a=\"b", "`a=` has a value whose closing \" is missing"),
        ("a=\"b\\\"", "`a=` has a value whose closing \" is missing"),
        ("a=b", "`a=` wants a value in quotes: a=\"demo\""),
        ("a", "has no =, !=, =~ or !~ behind `a`"),
        (
            "1a=\"b\"",
            "has `1a=\"b\"` where the name of a label should be"
                .replace('"', "\\\"")
                .as_str(),
        ),
        (
            "a=\"b\" c=\"d\"",
            "has `c=\\\"d\\\"` where a comma or the end should be",
        ),
        ("a=\"b\"}[5m]", "has `}[5m]` where a comma or the end should be"),
    ] {
        let refused = asked(&["--prometheus", SERVER, "--selector", selector], "").unwrap_err();
        assert!(refused.contains(problem), "{selector}: {refused}");
    }
}

#[test]
fn a_value_may_hold_what_looks_like_the_end() {
    for selector in [r#"a="}",b=~"x{2},\"y\"""#, "a!~`\\`,b!=\"c\""] {
        let found = asked(&["--prometheus", SERVER, "--selector", selector], "")
            .unwrap()
            .source;
        assert!(matches!(found, Source::Prometheus { selector: found, .. } if found == selector));
    }
}

#[test]
fn engine_native_is_named_by_its_workloads() {
    let found = natives(&["--native", "reviews-v2=demo/reviews-v1,other/reviews-v2"], "").unwrap();
    let expected = Native {
        name: "reviews-v2".to_owned(),
        primary: r#"destination_workload_namespace="demo",destination_workload="reviews-v1""#.to_owned(),
        shadow: r#"destination_workload_namespace="other",destination_workload="reviews-v2""#.to_owned(),
    };
    assert_eq!(found, [expected]);
    for text in [
        "a",
        "a=b",
        "a=b/c",
        "a=b/c,",
        "a=/c,d",
        "a=b/c,d,e",
        "A=b/c,d",
        "a=b/c\",d",
    ] {
        let refused = natives(&["--native", text], "").unwrap_err();
        assert!(refused.contains("is not NAME=NAMESPACE/PRIMARY,SHADOW"), "{refused}");
    }
    let refused = natives(&["--native", "a=b/c,c"], "").unwrap_err();
    assert!(refused.contains("names the same workload twice"), "{refused}");
}

#[test]
fn engine_native_follows_from_a_job() {
    let primary = r#"destination_workload_namespace="demo",destination_service_name="reviews""#;
    let version = |version: &str| format!(r#"{primary},destination_version="{version}""#);
    let v1 = "primary: {version: v1},";
    for (text, expected) in [
        (
            job("native", "", "", "{backendRef: {name: reviews-v2, namespace: test}}"),
            (
                primary.to_owned(),
                r#"destination_workload_namespace="test",destination_service_name="reviews-v2""#.to_owned(),
            ),
        ),
        (job("native", "", v1, "{subset: v2}"), (version("v1"), version("v2"))),
        (
            job("native", "", v1, "{clone: {deployment: reviews-v1, version: v2}}"),
            (version("v1"), version("v2").replace("\"reviews\"", "\"reviews-v2\"")),
        ),
        (
            job(
                "native",
                "",
                "primary: {subset: stable, labels: {app: reviews, version: v1}},",
                "{clone: {deployment: reviews-v1, version: v2, isolation: subset}}",
            ),
            (
                format!(r#"{primary},destination_app="reviews",destination_version="v1""#),
                version("v2"),
            ),
        ),
    ] {
        let found = natives(&["-f", "-"], &text).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].primary.clone(), found[0].shadow.clone()), expected, "{text}");
        assert_eq!(found[0].name, "reviews-v2");
    }
}

#[test]
fn what_metrics_do_not_tell_apart_is_named_by_its_workloads() {
    let label = job(
        "native",
        "",
        "primary: {subset: a, labels: {track: stable}},",
        "{subset: b}",
    );
    let refused = natives(&["-f", "-"], &label).unwrap_err();
    assert_eq!(
        refused,
        "spec.primary.labels: Istio's metrics do not have the label track of pods; name the workloads: --native \
         reviews-v2=demo/PRIMARY,SHADOW"
    );
    let elsewhere = job(
        "native",
        "",
        "primary: {subset: a, labels: {version: v1}},",
        "{subset: b}",
    );
    let refused = natives(&["-f", "-"], &elsewhere).unwrap_err();
    assert!(
        refused.starts_with("spec.shadows[0].subset: the labels of its pods stand in a DestinationRule"),
        "{refused}"
    );
    let named = ["-f", "-", "--native", "reviews-v2=demo/reviews-a,reviews-b"];
    assert!(natives(&named, &elsewhere).unwrap()[0].shadow.contains("reviews-b"));
}

#[test]
fn a_proxy_is_not_asked_about_engine_native() {
    let native = job("native", "", "", "{backendRef: {name: reviews-v2}}");
    for args in [&["-f", "-"][..], &["-f", "-", "--envoy", "a:1"]] {
        let refused = asked(args, &native).unwrap_err();
        assert!(
            refused.starts_with("--prometheus is missing: the job's engine is native"),
            "{refused}"
        );
    }
}

#[test]
fn a_job_names_its_mirrors_and_those_of_each_port() {
    let shadows = "{name: a, backendRef: {name: to-a}}, {name: b, backendRef: {name: to-b}}";
    let one = asked(&["-f", "-"], &job("wasm", ", port: 9080", "", shadows)).unwrap();
    assert!(one.is_meant("a") && one.is_meant("b") && !one.is_meant("c") && !one.is_meant("a-9080"));
    let every = asked(&["-f", "-", "b"], &job("wasm", "", "", shadows)).unwrap();
    assert!(every.is_meant("b") && every.is_meant("b-9080") && !every.is_meant("b-x") && !every.is_meant("a"));
    let refused = asked(&["-f", "-", "c"], &job("wasm", "", "", shadows)).unwrap_err();
    assert_eq!(refused, "c: is no mirror of the job, which has a, b");
}

#[test]
fn a_span_of_time_is_read_as_people_say_it() {
    assert_eq!(seconds("1h30m"), Ok(5400));
    for text in ["", "0s", "5", "5x", "-5m", "5 m", "99999999d"] {
        assert!(seconds(text).is_err(), "{text}");
    }
}
