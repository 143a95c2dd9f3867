//! The reader of JSON: it reads what `serde_json` reads, but refuses a key that stands twice.

use mirror_policy::document::json::read;
use serde_json::Value;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test(unsupported = test)]
fn every_value_is_read_as_serde_json_reads_it() {
    for text in [
        "null",
        " true\t",
        "\r\nfalse",
        "0",
        "-0",
        "12.5",
        "0.1",
        "1E+3",
        "1.5e-3",
        "4503599627370497.5",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "1e308",
        "1e-400",
        "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\\u00e9\\uD83D\\uDE00\"",
        "\"é😀\u{7f}\"",
        "[ ]",
        "[1,[2],{}]",
        "{ }",
        "{\"b\":1,\"a\":{\"\":[null]}}",
        "{\"a\":{\"b\":1},\"b\":2}",
    ] {
        let expected: Value = serde_json::from_str(text).expect(text);
        assert_eq!(read(text.as_bytes()), Ok(expected), "{text}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_key_that_stands_twice_is_refused_at_any_depth() {
    for (text, key, place) in [
        (r#"{"a": 1, "a": 1}"#, "the key `a`", "line 1 column 12"),
        ("{\"x\": [\n{\"\": 1, \"b\": 2, \"\": 3}]}", "a key", "line 2 column 18"),
        (r#"{"a\n": 1, "\u0061\u000a": 2}"#, "a key", "line 1 column 25"),
    ] {
        let expected = format!("{key} stands twice at {place}");
        assert_eq!(read(text.as_bytes()), Err(expected), "{text}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_nests_at_most_127_levels_deep() {
    let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
    assert!(read(nested(127).as_bytes()).is_ok());
    let error = read(nested(128).as_bytes()).unwrap_err();
    assert_eq!(error, "recursion limit exceeded at line 1 column 128");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_refusal_names_the_problem_its_line_and_its_column() {
    for (text, error) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("[1,]", "trailing comma at line 1 column 4"),
        ("{\"a\" 1}", "expected `:` at line 1 column 6"),
        ("{1:2}", "key must be a string at line 1 column 2"),
        ("[\n1,\n\n x]", "expected value at line 4 column 2"),
        ("{\"a\":\n\"\\q\"}", "invalid escape at line 2 column 3"),
        ("1 2", "trailing characters at line 1 column 3"),
        ("1e400", "number out of range at line 1 column 5"),
        ("\"\\ud800\"", "unexpected end of hex escape at line 1 column 8"),
    ] {
        assert_eq!(read(text.as_bytes()), Err(error.to_owned()), "{text}");
    }
    assert!(read(b"\"\xff\"").is_err(), "no UTF-8");
    assert!(read(b"\xef\xbb\xbf{}").is_err(), "a byte order mark");
}
