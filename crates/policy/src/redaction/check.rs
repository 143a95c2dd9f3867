//! Checks the key `redact` before it is compiled.

use super::json_body;
use super::token::TokenKey;
use crate::config_error::ConfigError;
use crate::configuration::redact::{Redact, RedactMode};
use crate::grammar;

/// Each list of a mirror has at most this many entries. The bound limits the size of a configuration, and the cost of
/// one key of a JSON body.
pub const MAX_ENTRIES: usize = 64;

/// Checks the keys of `redact` together and each list, and brings header names to lower case. Returns the key of the
/// tokens, or `None` if redaction removes.
///
/// # Errors
/// The mode does not fit the key, no part is named, a list is too long, or a name is not valid.
pub(super) fn check(redact: &mut Redact, marker: &str, path: &str) -> Result<Option<TokenKey>, ConfigError> {
    let key = redact.hash_key.as_ref().map(|key| TokenKey::read(key.expose()));
    let is_empty =
        redact.preset.is_none() && redact.keep.is_empty() && redact.lists().iter().all(|(_, list)| list.is_empty());
    let problem = match (redact.mode, &key) {
        (RedactMode::Hash, None) => Some(("", "`hashKey` is missing; mode `hash` needs it")),
        (RedactMode::Remove, Some(_)) => Some((".hashKey", "does not go with this `mode`; it goes with `mode: hash`")),
        (_, Some(None)) => Some((
            ".hashKey",
            "is not a key: 32 hexadecimal digits, as `openssl rand -hex 16` prints them",
        )),
        _ if is_empty => Some((
            "",
            "names nothing; give `preset`, `headers`, `cookies`, `queryParams`, `json` or `keep`",
        )),
        _ if redact.require && redact.json.is_empty() => Some((
            ".require",
            "does not go without `json`: a pointer of `json` is what is required",
        )),
        _ if redact.keep.json.as_ref().is_some_and(Vec::is_empty) => Some((
            ".keep.json",
            "keeps nothing; to send no body, set `body` to `{maxBytes: 0, whenLarger: headersOnly}`",
        )),
        _ => None,
    };
    if let Some((at, problem)) = problem {
        return Err(ConfigError::invalid(format!("{path}{at}"), problem));
    }
    for (key, list) in redact.lists() {
        check_list(key, list, marker, &format!("{path}.{key}"))?;
    }
    for (key, list) in redact.keep.lists() {
        if let Some(list) = list {
            check_list(key, list, marker, &format!("{path}.keep.{key}"))?;
        }
    }
    Ok(key.flatten())
}

fn check_list(key: &str, list: &mut [String], marker: &str, path: &str) -> Result<(), ConfigError> {
    if list.len() > MAX_ENTRIES {
        let problem = format!("{} entries are more than {MAX_ENTRIES}", list.len());
        return Err(ConfigError::invalid(path, problem));
    }
    for (index, entry) in list.iter_mut().enumerate() {
        check_entry(key, entry, marker, format!("{path}[{index}]"))?;
    }
    Ok(())
}

/// Checks one entry of a list, and brings a header name to lower case.
fn check_entry(key: &str, entry: &mut String, marker: &str, path: String) -> Result<(), ConfigError> {
    let (is_valid, wanted) = match key {
        "headers" => {
            *entry = grammar::copied_header_name(entry, Some(marker), &path)?;
            return Ok(());
        }
        "cookies" => (grammar::is_token(entry), "a cookie name"),
        "json" => (
            json_body::is_pointer(entry),
            "a JSON pointer such as /user/email, with ~0 for ~ and ~1 for / within a key",
        ),
        _ => (!entry.is_empty(), "the name of a query parameter"),
    };
    if is_valid {
        return Ok(());
    }
    // The entry is not shown: it may be a value in the place of a name.
    Err(ConfigError::invalid(path, format!("this text is not {wanted}")))
}
