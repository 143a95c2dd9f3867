//! What a proxy or a Prometheus server answers, as a value.

use serde_json::Value;

/// An answer that should be JSON.
///
/// # Errors
/// If it is empty, or not JSON: how it begins.
pub(super) fn json(answer: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(answer).map_err(|error| {
        let begin: String = String::from_utf8_lossy(answer).chars().take(40).collect();
        match begin.trim() {
            "" => "its answer is empty".to_owned(),
            begin => format!("its answer is not JSON: it begins with {begin:?} ({error})"),
        }
    })
}
