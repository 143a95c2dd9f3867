//! Regular expressions have the meaning of RE2: a mirror selects the requests that a route of Envoy with the same
//! expression takes. The expressions that the filter refuses have another meaning in RE2 than in the filter's engine,
//! and this case shows what RE2 makes of them.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::client::Ask;
use crate::lab::{Lab, PATIENCE, Setup};

/// Expressions that the filter takes, each with texts.
const TAKEN: &[(&str, &[&str])] = &[
    ("a", &["a", "A", "ab", "ba"]),
    ("a|bc|", &["", "a", "bc", "ac", "abc"]),
    ("^a$", &["a", "^a$"]),
    ("a$b|^", &["a$b", "ab", "", "^"]),
    ("a.c", &["abc", "ac", "aéc", "a\tc"]),
    ("a..c", &["aéc"]),
    ("a{2}", &["a", "aa", "aaa", "a{2}"]),
    ("a{2,}b", &["ab", "aab", "aaaaab"]),
    ("a{1,2}?", &["", "a", "aa", "aaa"]),
    ("(?:a{2}){2}", &["aa", "aaaa"]),
    ("a}]", &["a}]"]),
    (r"\{2 \}\[\]\(\)\|\^\$\.\*\+\?\\", &[r"{2 }[]()|^$.*+?\"]),
    (r"\-\_\#\&\~\/\:\@\%\'\!", &["-_#&~/:@%'!"]),
    (r"\x41\x{42}\t\x{0043}", &["AB\tC", "ABC"]),
    // One byte each.
    (r"\xc3\x{a9}", &["é", "è"]),
    (".", &["é", "e"]),
    ("..", &["é", "e"]),
    ("[é]", &["é", "e"]),
    ("[é]+", &["é", "éé", "è"]),
    ("é?", &["é", "", "e"]),
    (r"\w+\W\d+\D\s\S", &["a_1-17x y", "é-17x y"]),
    (r"\bab\b", &["ab"]),
    (r"a\b.*", &["a", "ab", "a-b", "aé"]),
    (r"a\B.*", &["a", "ab", "a-b", "aé"]),
    (r"\Aab\z", &["ab", "abc"]),
    ("[abc]+", &["cab", "d"]),
    ("[^abc]+", &["xyz", "xay", "é"]),
    ("[]a]+", &["]a]", "b"]),
    ("[^]a]+", &["b", "]"]),
    ("[-a]+", &["-a", "b"]),
    ("[a-]+", &["a-", "b"]),
    ("[a-c-e]+", &["b-e", "d"]),
    (r"[\d-]+", &["1-2", "d"]),
    (r"[\w.-]+", &["a.b-c", "a b"]),
    (r"[\-\]\[\\]+", &[r"-][\", "a"]),
    ("[{,*+?}.^$|()]+", &["{,*+?}.^$|()", "a"]),
    ("[:alpha:]+", &["alpha:", "b"]),
    ("[[:alpha:]_]+", &["aZ_", "1"]),
    ("[[:alpha:]-z]+", &["a-z", "1"]),
    ("[[:^digit:]]+", &["ab", "1"]),
    ("[^[:space:]]+", &["ab", "a b"]),
    ("[[:punct:]]+", &["!/:@[`{~", "a"]),
    ("[[:word:][:blank:]]+", &["a_1 b", "-"]),
    ("[[:xdigit:]]+", &["09afAF", "g"]),
    ("[a&b]+", &["a&b", "c"]),
    ("[!-~]+", &["a~!", "a b"]),
    (r"[^a]\W\D\S", &["éé", "ab-c"]),
    (r"[\x80-\xff]+", &["éé", "e"]),
    ("(?i)ab[c-d]", &["AbC", "aBD", "abe"]),
    ("(?i)[^a]", &["A", "a", "b"]),
    ("(?i)[^[:upper:]]+", &["A", "a", "1"]),
    ("a(?i)b|c", &["aB", "AB", "C"]),
    ("(?i:a)b", &["Ab", "AB"]),
    ("(?i)a(?-i)b", &["Ab", "AB"]),
    ("(?:(?i)a)b", &["Ab", "AB"]),
    ("(?s).(?-s).", &["ab"]),
    ("(?m)^a$", &["a", "b"]),
    ("(?U)a*b+?", &["aab", "aabb"]),
    ("(?P<name>a)(?P<n_1>b)", &["ab"]),
    ("(?:a*)*b", &["b", "aab"]),
    ("(|a)*", &["", "aa"]),
    ("(a|ab)(c|bcd)(d*)", &["abcd", "acd", "abcdd"]),
    ("()", &["", "a"]),
    ("a#b c", &["a#b c"]),
    ("é+", &["éé", "e"]),
];

/// Expressions that the filter refuses, with a text that RE2 matches and the filter's engine does not.
const REFUSED: &[(&str, &str)] = &[
    (r"a\<b", "a<b"),
    (r"[a\>]+", "a>"),
    (r"a\b{start}", "a{start}"),
    ("a{ 2 }", "a{ 2 }"),
    ("a{1, 2}", "a{1, 2}"),
    ("a{,2}", "a{,2}"),
    ("a{02}", "a{02}"),
    ("a{", "a{"),
    ("{a}", "{a}"),
    ("[--a]+", "/0Aa"),
    ("[+--]+", "+,-"),
];

/// Expressions with all their texts.
fn cases() -> Vec<(&'static str, Vec<&'static str>)> {
    let taken = TAKEN.iter().map(|(expression, texts)| (*expression, texts.to_vec()));
    let refused = REFUSED.iter().map(|(expression, text)| (*expression, vec![*text]));
    taken.chain(refused).collect()
}

pub(super) fn setup() -> Setup {
    let route = |(index, (expression, _)): (usize, (&str, Vec<&str>))| {
        json!({
            "match": {"prefix": "/", "headers": [
                {"name": "x-case", "string_match": {"exact": index.to_string()}},
                {"name": "x-text", "string_match": {"safe_regex": {"regex": expression}}},
            ]},
            "route": {"cluster": "primary"},
            "request_headers_to_add": [{"header": {"key": "x-matched", "value": "yes"}}],
        })
    };
    let entry = |(index, (expression, _)): (usize, &(&str, &[&str]))| json!({"headers": {"x-case": {"exact": index.to_string()}, "x-text": {"regex": expression}}});
    let routes: Vec<Value> = cases().into_iter().enumerate().map(route).collect();
    let entries: Vec<Value> = TAKEN.iter().enumerate().map(entry).collect();
    let leak = |value: Value| -> &'static str { Box::leak(value.to_string().into_boxed_str()) };
    // The `match` of a mirror has at most 64 entries.
    let mirror = |(index, entries): (usize, &[Value])| json!({"name": format!("copy-{index}"), "cluster": "shadow", "match": entries});
    let mirrors: Vec<Value> = entries.chunks(64).enumerate().map(mirror).collect();
    let plugin = leak(json!({ "mirrors": mirrors }));
    Setup::new(plugin).routes(leak(routes.into()))
}

pub(super) async fn run(lab: &Lab) -> Result<()> {
    let mut connection = lab.connect().await?;
    let (mut routed, mut names, mut missed) = (BTreeSet::new(), Vec::new(), Vec::new());
    for (index, (expression, texts)) in cases().into_iter().enumerate() {
        for text in texts {
            let ask = Ask::get("/").header("x-case", index.to_string()).header("x-text", text);
            let answer = connection.send(ask).await?;
            answer.expect_ok()?;
            let request = lab.primary.journal().wait_for_id(&answer.id, PATIENCE).await?;
            let is_routed = request.header("x-matched").is_some();
            if index < TAKEN.len() {
                routed.extend(is_routed.then(|| answer.id.clone()));
                names.push((answer.id, expression, text));
            } else {
                missed.extend((!is_routed).then(|| format!("`{expression}` `{text}`")));
            }
        }
    }
    ensure!(missed.is_empty(), "RE2 does not match {missed:#?}");
    lab.settled().await?;
    let copied = lab.shadow.journal().wait_for(routed.len(), PATIENCE).await?;
    let copied: BTreeSet<String> = copied.iter().filter_map(|copy| copy.id().map(str::to_owned)).collect();
    let different: Vec<_> = names
        .iter()
        .filter(|(id, ..)| copied.contains(id) != routed.contains(id))
        .map(|(id, expression, text)| format!("`{expression}` `{text}`: RE2 says {}", routed.contains(id)))
        .collect();
    ensure!(different.is_empty(), "{different:#?}");
    // Both ways were seen, or nothing was compared.
    ensure!(
        routed.len() > 60 && routed.len() < names.len(),
        "{} of {}",
        routed.len(),
        names.len()
    );
    Ok(())
}
