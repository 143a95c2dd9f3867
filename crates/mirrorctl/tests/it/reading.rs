//! What is read and what is refused before any command acts: YAML and JSON, jobs, times. Through the library.

use mirrorctl::input::{Document, Stdin, documents};
use mirrorctl::job::{self, Expiry, Job};
use mirrorctl::place::Place;
use mirrorctl::time::{Time, span};
use mirrorctl::yaml;
use serde_json::{Value, json};

const JOB: &str = "
apiVersion: traffic-mirror.dev/v1alpha1
kind: TrafficMirror
metadata: {name: reviews-v2, namespace: demo}
spec:
  targetRef: {kind: Service, name: reviews, port: 9080}
  primary: {version: v1}
  expiresAt: \"2026-12-01T18:00:00+01:00\"
  shadows:
  - percentage: 10
    backendRef: {name: reviews-v2, port: 9080}
    match:
    - method: {exact: GET}
";

const ENVOY_JOB: &str = "
apiVersion: traffic-mirror.dev/v1alpha1
kind: TrafficMirror
metadata: {name: shop}
spec:
  targetRef: {kind: Listener, name: \"any 0.0.0.0_80\", port: 10000}
  dataPlane: envoy
  expiresAt: never
  shadows:
  - name: one
    endpoint: {host: \"::1\", port: 8080}
  - name: two
    endpoint: {host: shadow.example.com, port: 443, protocol: HTTP2, tls: {caFile: /etc/ca.pem}}
";

fn read(text: &str) -> Result<Job, String> {
    let mut values = yaml::read(text).map_err(|problem| format!("{problem:?}"))?;
    job::read(Document {
        place: Place::file("job.yaml"),
        value: values.remove(0),
    })
    .map_err(|error| error.to_string())
}

/// What is said about the job in which one text is replaced by another.
#[track_caller]
fn refused(from: &str, to: &str) -> String {
    assert!(JOB.contains(from), "{from}");
    read(&JOB.replacen(from, to, 1)).expect_err("was accepted")
}

#[test]
fn a_job_is_read_with_its_defaults_and_written_back_as_the_same_job() {
    let job = read(JOB).unwrap();
    assert_eq!(job.shadows[0].name, "reviews-v2", "the job's own name");
    assert_eq!(job.shadows[0].config.percentage.ppm(), 100_000);
    assert_eq!(job.expires_at, Expiry::At(Time::parse("2026-12-01T17:00:00Z").unwrap()));
    let clone = "clone: {deployment: reviews-v1, version: v2, images: {reviews: \"r:2\"}, env: {reviews: {A: \"1\"}}, replicas: 2, isolation: subset, allow: [initContainers]}";
    for text in [
        JOB.to_owned(),
        JOB.replace("backendRef: {name: reviews-v2, port: 9080}", "subset: v2"),
        JOB.replace("backendRef: {name: reviews-v2, port: 9080}", clone),
        JOB.replace(
            "primary: {version: v1}",
            "primary: {subset: one, labels: {track: stable}}\n  dataPlane: waypoint",
        ),
        JOB.replace("\"2026-12-01T18:00:00+01:00\"", "never"),
        JOB.replace(
            "primary: {version: v1}",
            "dataPlane: gateway\n  gateway: {group: networking.istio.io, name: public, namespace: edge, port: 443}",
        ),
        ENVOY_JOB.to_owned(),
    ] {
        let job = read(&text).unwrap();
        let written = yaml::write(&job::write(&job));
        assert_eq!(read(&written).unwrap(), job, "{written}");
    }
}

#[test]
fn a_job_is_refused_with_the_path_that_the_user_wrote() {
    for (from, to, message) in [
        (
            "percentage: 10",
            "percentage: 140",
            "job.yaml: spec.shadows[0].percentage: 140 is not between 0 and 100",
        ),
        (
            "percentage: 10",
            "percentage: 0.00001",
            "job.yaml: spec.shadows[0].percentage: 0.00001 is finer than steps of 0.0001",
        ),
        (
            "{exact: GET}",
            "{is: GET}",
            "job.yaml: spec.shadows[0].match[0].method.is: is not a key that is known here; known are `exact`, `prefix`, `regex`",
        ),
        (
            "percentage: 10",
            "cluster: a",
            "job.yaml: spec.shadows[0].cluster: does not stand here: it follows from `backendRef`, `subset`, `clone` or `endpoint`",
        ),
        (
            "percentage: 10",
            "subset: v2",
            "job.yaml: spec.shadows[0]: give exactly one of `backendRef`, `subset` and `clone`",
        ),
        (
            "    backendRef: {name: reviews-v2, port: 9080}\n",
            "",
            "job.yaml: spec.shadows[0]: give exactly one of `backendRef`, `subset` and `clone`",
        ),
        (
            "percentage: 10",
            "expiresAt: never",
            "job.yaml: spec.shadows[0].expiresAt: does not stand here: it stands in `spec.expiresAt`, for all shadows",
        ),
        (
            "backendRef: {name: reviews-v2, port: 9080}",
            "subset: v1",
            "job.yaml: spec.shadows[0].subset: `v1` is the primary itself",
        ),
        (
            "backendRef: {name: reviews-v2, port: 9080}",
            "clone: {deployment: reviews-v1, version: v1}",
            "job.yaml: spec.shadows[0].clone.version: `v1` is the version of the primary",
        ),
        (
            "{name: reviews-v2, port: 9080}",
            "{name: reviews}",
            "job.yaml: spec.shadows[0].backendRef.name: `reviews` is the target itself; a copy would be a second live request",
        ),
        (
            "reviews, port: 9080}",
            "reviews}",
            "job.yaml: spec.shadows[0].backendRef.port: every HTTP port of the target is mirrored, each to the same port of the shadow; leave this out or set `spec.targetRef.port`",
        ),
        (
            "reviews, port: 9080}",
            "reviews, port: 70000}",
            "job.yaml: spec.targetRef.port: 70000 is not a port by its number, 1 to 65535",
        ),
        (
            "kind: Service",
            "kind: Deployment",
            "job.yaml: spec.targetRef.kind: \"Deployment\" is not one of `Service`",
        ),
        (
            "kind: TrafficMirror",
            "kind: Service",
            "job.yaml: kind: \"Service\" is not \"TrafficMirror\"",
        ),
        (
            "v1alpha1",
            "v2",
            "job.yaml: apiVersion: \"traffic-mirror.dev/v2\" is not \"traffic-mirror.dev/v1alpha1\"",
        ),
        (
            "  expiresAt: \"2026-12-01T18:00:00+01:00\"\n",
            "",
            "job.yaml: spec: `expiresAt` is missing",
        ),
        (
            "2026-12-01T18:00:00+01:00",
            "tomorrow",
            "job.yaml: spec.expiresAt: \"tomorrow\" is not a time with its zone as in RFC 3339, such as \"2026-12-01T18:00:00Z\"",
        ),
        (
            "{version: v1}",
            "{version: v1, subset: v1}",
            "job.yaml: spec.primary: give either `version` (label and subset of that name), or both `subset` and `labels`",
        ),
        (
            "{version: v1}",
            "{subset: v1, labels: {}}",
            "job.yaml: spec.primary.labels: at least one label is needed",
        ),
        (
            "{version: v1}",
            "{version: v1}\n  engine: native",
            "job.yaml: spec.shadows[0].match: is the filter's; engine `native` has no such thing, so leave it out or use engine `wasm`",
        ),
        (
            "{version: v1}",
            "{version: v1}\n  engine: native\n  dataPlane: envoy",
            "job.yaml: spec.engine: \"native\" is configured through Istio; with dataPlane `envoy`, write request_mirror_policies into Envoy's own route",
        ),
        (
            "namespace: demo",
            "namespace: demo, labels: {}",
            "job.yaml: metadata.labels: is not a key that is known here; known are `name`, `namespace`",
        ),
        (
            "name: reviews-v2, n",
            "name: Reviews, n",
            "job.yaml: metadata.name: `Reviews` is not a DNS label (a-z, 0-9 and -, at most 63)",
        ),
        (
            "spec:",
            "status: {}\nspec:",
            "job.yaml: status: is not a key that is known here; known are `apiVersion`, `kind`, `metadata`, `spec`",
        ),
    ] {
        assert_eq!(refused(from, to), message);
    }
    let two = format!("{}{}", JOB, "  - subset: v2\n");
    assert_eq!(
        read(&two).expect_err("was accepted"),
        "job.yaml: spec.shadows[1].name: `reviews-v2` is the name of another shadow too; give each its own"
    );
    let none = JOB.split("  shadows:").next().unwrap().to_owned() + "  shadows: []\n";
    assert_eq!(
        read(&none).expect_err("was accepted"),
        "job.yaml: spec.shadows: 0 entries are not between 1 and 16"
    );
    let alone = JOB
        .replace("  primary: {version: v1}\n", "")
        .replace("backendRef: {name: reviews-v2, port: 9080}", "subset: v2");
    assert_eq!(
        read(&alone).expect_err("was accepted"),
        "job.yaml: spec.primary: is missing; spec.shadows[0] is a subset of the same Service, and only `primary` tells the two apart"
    );
}

#[test]
fn an_unknown_key_of_a_shadow_is_answered_with_those_that_stand_there() {
    let message = refused("percentage: 10", "percent: 10");
    assert!(message.starts_with("job.yaml: spec.shadows[0].percent: is not a key that is known here; known are `name`, `backendRef`, `subset`, `clone`, "), "{message}");
    assert!(
        message.contains("`percentage`") && !message.contains("`cluster`"),
        "{message}"
    );
}

#[test]
fn yaml_is_read_as_json_in_the_order_of_its_keys() {
    let text =
        "b: 1\na: [x, 'y', \"z\\n\", -2, 1.5, 0x1f, 0o17, true, null, ~]\nc: |\n  two\n  lines\n---\n- {}\n- []\n";
    let values = yaml::read(text).unwrap();
    assert_eq!(
        values[0].to_string(),
        r#"{"b":1,"a":["x","y","z\n",-2,1.5,31,15,true,null,null],"c":"two\nlines\n"}"#
    );
    assert_eq!(values[1], json!([{}, []]));
}

#[test]
fn what_is_written_reads_back_and_no_text_becomes_anything_else() {
    let texts = [
        "",
        " ",
        "a",
        "v1",
        "1",
        "1.0",
        "true",
        "Null",
        "~",
        "y",
        "No",
        "on",
        "0644",
        "1_000",
        "12:30:45",
        "0x1F",
        "a: b",
        "a:",
        "- a",
        "#a",
        "a #b",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a`",
        "{a}",
        "[a]",
        "a,b",
        "\"a\"",
        "'a'",
        "a\nb",
        "a\nb\n",
        "a\n\n",
        "\na",
        " a\nb",
        "a \nb",
        "\ta",
        "\u{7f}",
        "é",
        "🙂",
        "\u{feff}",
        "\u{85}a",
        "\u{2028}",
        "outbound|9080|v2|reviews.demo.svc.cluster.local",
        "/reviews",
        "a/b@sha256:0",
        ">=1.2",
        "|",
        ">",
        "?",
        ".inf",
        "inf",
        "nan",
        "<<",
        "=",
        "a\r\nb",
        "---",
        "...",
    ];
    let mut object = serde_json::Map::new();
    for text in texts {
        object.insert(
            text.to_owned(),
            json!({"value": text, "list": [text, [text], {"deep": [text]}]}),
        );
    }
    let value = json!({"all": object, "numbers": [0, -1, 1.25, 1e21, u64::MAX], "none": null, "empty": [{}, []]});
    let written = yaml::write(&value);
    assert_eq!(yaml::read(&written).unwrap(), std::slice::from_ref(&value), "{written}");
    let other: Value = serde_yaml_ng::from_str(&written).unwrap();
    assert_eq!(other, value, "another reader");
}

#[test]
fn yaml_that_json_cannot_say_is_refused_with_its_line() {
    for (text, line, problem) in [
        (
            "a: 1\nb: &x {c: 1}\n",
            2,
            "an anchor (&name) is not read; write each value out",
        ),
        (
            "a: &x 1\nb: *x\n",
            1,
            "an anchor (&name) is not read; write each value out",
        ),
        ("a: 1\nb: 2\na: 3\n", 3, "the key `a` stands twice"),
        ("a: {b: 1, b: 2}\n", 1, "the key `b` stands twice"),
        (
            "a: !!binary aGk=\n",
            1,
            "a tag (!name) is not read; quote what is a text",
        ),
        (
            "a: 1\n<<: {b: 1}\n",
            2,
            "the merge key << is not read; write the keys out",
        ),
        ("[a]: 1\n", 1, "a key is not a text"),
        (
            "a: yes\n",
            1,
            "`yes` is a text to some readers and something else to others; quote it if it is a text",
        ),
        (
            "mode: 0644\n",
            1,
            "`0644` is a text to some readers and something else to others; quote it if it is a text",
        ),
        ("a: .inf\n", 1, ".inf is not a number that JSON has"),
    ] {
        let refused = yaml::read(text).expect_err(text);
        assert_eq!((refused.line, refused.problem.as_str()), (line, problem), "{text}");
    }
    assert!(yaml::read("a: [1\n").is_err());
    let deep = format!("{}{}", "[".repeat(101), "]".repeat(101));
    assert_eq!(
        yaml::read(&deep).expect_err("deep").problem,
        "nested deeper than 100 levels"
    );
}

#[test]
fn an_input_is_yaml_or_json_and_each_document_knows_its_place() {
    let from = |text: &str| {
        let mut bytes = text.as_bytes();
        documents("-", &mut Stdin::new(&mut bytes)).map_err(|error| error.to_string())
    };
    let places = |text| {
        from(text)
            .unwrap()
            .iter()
            .map(|document| document.place.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(places("a: 1\n"), ["standard input"]);
    assert_eq!(
        places("---\na: 1\n---\n---\nb: 1\n"),
        ["standard input (document 1)", "standard input (document 3)"]
    );
    assert_eq!(places("{\"a\":\t1}"), ["standard input"]);
    assert_eq!(places("{a: 1}"), ["standard input"]);
    assert_eq!(from("\u{feff} \n"), Err("standard input: is empty".to_owned()));
    assert_eq!(from("# nothing\n"), Err("standard input: is empty".to_owned()));
    assert_eq!(
        from("{\"a\": 1, \"a\": 2}"),
        Err("standard input: is not JSON: the key `a` stands twice at line 1 column 12".to_owned())
    );
}

#[test]
fn times_are_written_as_they_are_read() {
    // Every 97th day of the years 2000 to 9999.
    for day in (10_957..2_932_896).step_by(97) {
        let time = Time::from_unix(day * 86_400 + 12_345);
        assert_eq!(Time::parse(&time.to_string()), Ok(time), "{time}");
    }
    assert_eq!(
        Time::parse("2026-12-01T18:00:00.5+01:00").map(|time| time.to_string()),
        Ok("2026-12-01T17:00:00Z".to_owned())
    );
    assert_eq!(
        Time::parse("9999-12-31T23:59:59-01:00"),
        Err("is after the year 9999".to_owned())
    );
    assert_eq!(Time::from_unix(253_402_300_799).after(1), None);
}

#[test]
fn spans_are_whole_and_their_units_fall() {
    assert_eq!(span("2h"), Some(7_200));
    assert_eq!(span("1d2h3m4s"), Some(93_784));
    for text in ["", "0s", "h", "2", "2x", "2m1h", "1h1h", "99999999999h", "-1h", "1.5h"] {
        assert_eq!(span(text), None, "{text}");
    }
}

#[test]
fn every_job_in_the_documentation_is_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    let mut read_jobs = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for block in text.split("\n```").skip(1).step_by(2) {
            let (_, body) = block.split_once('\n').unwrap_or_default();
            if body.starts_with("apiVersion: traffic-mirror.dev/") {
                read(body).unwrap_or_else(|error| panic!("{}: {error}\n{body}", path.display()));
                read_jobs += 1;
            }
        }
    }
    assert!(read_jobs > 0, "no job was found");
}
