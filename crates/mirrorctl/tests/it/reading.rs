//! What is read and what is refused before any command acts: YAML and JSON, times. Through the library.

use mirrorctl::input::{Stdin, documents};
use mirrorctl::time::{Time, span};
use mirrorctl::yaml;
use serde_json::{Value, json};

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
fn what_kubectl_prints_without_quotes_is_a_text() {
    // `kubectl create configmap … --from-literal=KEY=TEXT -o yaml` quotes none of these.
    for text in [
        "0bd1c3f2-9d2e-4b7a-8f0e-1d2c3b4a5968",
        "5e999",
        "7e12345",
        "1e",
        "9080_http",
        "1_a",
        "0b2",
        ".",
        "0b",
    ] {
        assert_eq!(
            yaml::read(&format!("a: {text}\n")).expect(text),
            [json!({"a": text})],
            "{text}"
        );
        assert_eq!(
            yaml::read(&format!("{text}: a\n")).expect(text),
            [json!({text: "a"})],
            "{text}"
        );
    }
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
            "a key or value is a text to some readers and something else to others; quote it if it is a text",
        ),
        (
            "mode: 0644\n",
            1,
            "a key or value is a text to some readers and something else to others; quote it if it is a text",
        ),
        (
            "a: .inf\n",
            1,
            "a value is not a number that JSON has; quote it if it is a text",
        ),
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
