//! Any request against some conditions and samples. What the policy reads out of path, query, cookies and headers is
//! what plain readers written here find; a larger share only adds requests; and one mirror's answer depends on no other
//! mirror.

use mirror_policy::Plan;
use mirror_policy::configuration::values::Percentage;
use mirror_policy::headers::Headers;
use mirror_policy::matching::RequestHead;
use mirror_policy::matching::text::MAX_REGEX_TEXT_BYTES;
use mirror_policy::plan::Mirror;
use mirror_policy::reasons::Skipped;
use mirror_policy::sample::{Dice, key_bucket};
use mirror_policy::work::Work;

use crate::input::{Input, Pair, headers};

/// One mirror a way to match or to sample; whoever reads the same thing here has the same place in the list.
const MIRRORS: &[(&str, Oracle)] = &[
    (
        r#""match": [{"uri": {"exact": "/a"}}]"#,
        Oracle::Matches(|request| bare(request) == b"/a"),
    ),
    (
        r#""match": [{"uri": {"prefix": "/A/"}, "ignoreUriCase": true}]"#,
        Oracle::Matches(|request| bare(request).to_ascii_lowercase().starts_with(b"/a/")),
    ),
    (
        r#""match": [{"queryParams": {"q": {"exact": "1"}}}]"#,
        Oracle::Matches(|request| query(request, "q").is_some_and(|value| value == b"1")),
    ),
    (
        r#""match": [{"queryParams": {"": {}}}, {"queryParams": {"%": {"prefix": "="}}}]"#,
        Oracle::Matches(|request| {
            query(request, "").is_some() || query(request, "%").is_some_and(|value| value.starts_with(b"="))
        }),
    ),
    (
        r#""match": [{"headers": {"X-A": {"prefix": "v"}}, "withoutHeaders": {"x-b": {}}}]"#,
        Oracle::Matches(|request| {
            all(request, b"x-a").is_some_and(|value| value.starts_with(b"v")) && all(request, b"x-b").is_none()
        }),
    ),
    (
        r#""match": [{"withoutHeaders": {"Host": {"prefix": "a"}}}]"#,
        Oracle::Matches(|request| !all(request, b":authority").is_some_and(|value| value.starts_with(b"a"))),
    ),
    (
        r#""match": [{"withoutHeaders": {"x-a": {"regex": "[a-z]*,?\\d+"}}}]"#,
        Oracle::Matches(|request| !letters_then_digits(&all(request, b"x-a").unwrap_or_default())),
    ),
    (
        r#""match": [{"method": {"exact": "GET"}, "authority": {"regex": "[a-z]+"}}]"#,
        Oracle::Matches(|request| {
            first(request, b":method") == Some(b"GET")
                && first(request, b":authority")
                    .is_some_and(|host| !host.is_empty() && host.iter().all(u8::is_ascii_lowercase))
        }),
    ),
    (
        r#""sample": {"by": "cookie", "name": "sid", "salt": "s"}"#,
        Oracle::Key("s", |request| cookie(request, "sid")),
    ),
    (
        r#""sample": {"by": "queryParam", "name": "q"}"#,
        Oracle::Key("", |request| query(request, "q").map(<[u8]>::to_vec)),
    ),
    (
        r#""sample": {"by": "header", "name": "X-A"}"#,
        Oracle::Key("", |request| all(request, b"x-a")),
    ),
    (
        r#""sample": {"by": "requestId"}"#,
        Oracle::Key("", |request| all(request, b"x-request-id")),
    ),
];

enum Oracle {
    /// Whether the mirror matches.
    Matches(fn(&[Pair]) -> bool),
    /// Salt, and the key that it samples by.
    Key(&'static str, fn(&[Pair]) -> Option<Vec<u8>>),
}

thread_local! {
    static PLAN: Plan = plan();
}

fn plan() -> Plan {
    let mirrors: Vec<String> = MIRRORS
        .iter()
        .enumerate()
        .map(|(index, (keys, _))| format!(r#"{{"name": "m{index}", "cluster": "c", {keys}}}"#))
        .collect();
    Plan::parse(format!(r#"{{"mirrors": [{}]}}"#, mirrors.join(",")).as_bytes()).expect("a good plan")
}

/// Checks one input: the headers of a request.
pub fn check(bytes: &[u8]) {
    let request = Input::new(bytes).pairs();
    let map = headers(&request);
    let head = RequestHead::new(&map, None);
    PLAN.with(|plan| {
        for ((keys, oracle), mirror) in MIRRORS.iter().zip(&plan.mirrors) {
            match oracle {
                Oracle::Matches(matches) => assert_eq!(
                    mirror.matches(&head, &Work::new(0)).unwrap(),
                    matches(&request),
                    "{keys}"
                ),
                Oracle::Key(salt, find) => {
                    assert!(
                        mirror.matches(&head, &Work::new(0)).unwrap(),
                        "{keys}: matches every request"
                    );
                    sampled_by(mirror, salt, find(&request), &map);
                }
            }
        }
    });
}

/// A key is in the share exactly if its bucket is, whatever the dice say.
fn sampled_by(mirror: &Mirror, salt: &str, key: Option<Vec<u8>>, map: &Headers) {
    for (seed, ppm) in [0, 10_000, 50_000, 500_000, 1_000_000].into_iter().enumerate() {
        let percentage = Percentage::from_ppm(ppm).expect("at most all");
        let decision = mirror.sampling.decide(percentage, map, &mut Dice::new(seed as u64));
        let expected = match &key {
            None => Err(Skipped::NoSampleKey),
            Some(key) if key_bucket(salt.as_bytes(), key) < ppm => Ok(()),
            Some(_) => Err(Skipped::NotSampled),
        };
        assert_eq!(decision, expected, "{} at {ppm} ppm", mirror.config.name);
    }
}

fn first<'a>(request: &'a [Pair], name: &[u8]) -> Option<&'a [u8]> {
    request
        .iter()
        .find(|(candidate, _)| candidate == name)
        .map(|(_, value)| value.as_slice())
}

fn all(request: &[Pair], name: &[u8]) -> Option<Vec<u8>> {
    let values: Vec<&[u8]> = request
        .iter()
        .filter(|(candidate, _)| candidate == name)
        .map(|(_, value)| value.as_slice())
        .collect();
    (!values.is_empty()).then(|| values.join(&b','))
}

/// The path up to query or fragment.
fn bare(request: &[Pair]) -> &[u8] {
    let path = first(request, b":path").unwrap_or_default();
    let end = path.iter().position(|byte| b"?#".contains(byte)).unwrap_or(path.len());
    &path[..end]
}

fn query<'a>(request: &'a [Pair], name: &str) -> Option<&'a [u8]> {
    let path = first(request, b":path")?;
    let path = &path[..path.iter().position(|byte| *byte == b'#').unwrap_or(path.len())];
    let query = &path[path.iter().position(|byte| *byte == b'?')? + 1..];
    let pairs = query.split(|byte| *byte == b'&').map(split_at_equals);
    pairs
        .filter(|(key, _)| *key == name.as_bytes())
        .map(|(_, value)| value)
        .next()
}

fn cookie(request: &[Pair], name: &str) -> Option<Vec<u8>> {
    let lines = request.iter().filter(|(candidate, _)| candidate == b"cookie");
    let pairs = lines.flat_map(|(_, line)| line.split(|byte| *byte == b';'));
    let pairs = pairs.map(<[u8]>::trim_ascii).filter(|pair| pair.contains(&b'='));
    let mut named = pairs.map(split_at_equals).filter(|(key, _)| *key == name.as_bytes());
    named.next().map(|(_, value)| value.to_vec())
}

fn split_at_equals(pair: &[u8]) -> (&[u8], &[u8]) {
    match pair.iter().position(|byte| *byte == b'=') {
        Some(at) => (&pair[..at], &pair[at + 1..]),
        None => (pair, &[]),
    }
}

/// `[a-z]*,?\d+`, by hand.
fn letters_then_digits(text: &[u8]) -> bool {
    let letters = text.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    let rest = &text[letters..];
    let digits = rest.strip_prefix(b",").unwrap_or(rest);
    text.len() <= MAX_REGEX_TEXT_BYTES && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}
