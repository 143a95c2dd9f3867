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
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let number = unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    matches!(
        text.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off"
    ) || (number && unsigned.contains('_'))
        || (unsigned.len() > 1 && unsigned.starts_with('0') && digits(unsigned))
        || unsigned.starts_with("0b")
        || (unsigned.contains(':') && unsigned.split(':').all(digits))
}
