//! YAML as Kubernetes means it: a way of writing JSON. Reading refuses what JSON has not (anchors, tags, keys that
//! stand twice) and what two readers would take differently; writing quotes what any reader could take for something
//! else.

mod read;

mod write;

pub use read::{Mark, Marks, Problem, read, read_marked};
pub use write::write;

/// Whether a plain scalar is something else than a text to a reader of YAML 1.1, such as kubectl, but not to one of
/// YAML 1.2 (sigs.k8s.io/yaml resolves by YAML 1.1).
pub(crate) fn is_ambiguous(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_binary = |text: &str| !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0' | b'1' | b'_'));
    matches!(
        text.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off"
    ) || (unsigned.contains('_') && is_number(&unsigned.replace('_', "")))
        || (unsigned.len() > 1 && unsigned.starts_with('0') && is_digits(unsigned))
        || unsigned.strip_prefix("0b").is_some_and(is_binary)
        || (unsigned.contains(':') && unsigned.split(':').all(is_digits))
}

/// Whether a text without a sign is a number in some form.
fn is_number(text: &str) -> bool {
    let based = [("0x", 16), ("0o", 8), ("0b", 2)];
    let is_based = |(prefix, base)| {
        let digits = text.strip_prefix(prefix);
        digits.is_some_and(|digits| u64::from_str_radix(digits, base).is_ok())
    };
    let is_decimal =
        text.starts_with(|first: char| first.is_ascii_digit() || first == '.') && text.parse::<f64>().is_ok();
    is_decimal || based.into_iter().any(is_based)
}
