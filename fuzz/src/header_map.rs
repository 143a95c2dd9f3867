//! Any bytes as a header map of the host. A buffer that is not well formed is a map without headers; one that is gives
//! all its pairs, which are the same once more when they are serialised again.

use mirror_policy::headers::{Header, Headers};

/// Checks one input.
pub fn check(bytes: &[u8]) {
    let map = Headers::decode(bytes.to_vec());
    let pairs: Vec<Header<'_>> = map.iter().collect();
    assert_eq!(pairs.len(), map.len(), "all pairs that were counted can be read");
    assert_eq!(map.is_empty(), pairs.is_empty());
    assert!(map.bytes() <= bytes.len() as u64, "charged for more than there is");
    let held: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(held as u64 <= map.bytes(), "pairs lie within the buffer");
    let again = Headers::encode(pairs.iter().copied());
    assert_eq!(
        Headers::decode(again.as_bytes().to_vec()),
        again,
        "what was serialised is read"
    );
    assert!(again.iter().eq(pairs.iter().copied()), "serialised and read again");

    for (name, value) in &pairs {
        let first = pairs
            .iter()
            .find(|(candidate, _)| candidate == name)
            .map(|(_, value)| *value);
        assert_eq!(map.get(name), first, "the first value of a name");
        let all: Vec<&[u8]> = map.all(name).collect();
        assert!(all.contains(value), "every value of a name");
        assert_eq!(
            map.joined(name).as_deref(),
            Some(&*all.join(&b',')),
            "values are joined by a comma"
        );
        if let Some(number) = map.number(name) {
            let text = String::from_utf8(first.unwrap_or_default().to_vec()).expect("a number is a text");
            let is_whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            assert!(is_whole, "a number has digits only");
            // A number that does not fit in 64 bits is the largest one.
            let expected = text.parse().unwrap_or(u64::MAX);
            assert!(
                number == expected || expected >= u64::MAX - 9,
                "the number that the text says"
            );
        }
    }
}
