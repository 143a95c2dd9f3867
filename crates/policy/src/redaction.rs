//! Redaction: removes the parts of a copy that the shadow must not see, or replaces them by tokens. Redaction works on
//! the request's bytes, before the path is rewritten and headers are changed. All other bytes stay as they are. No
//! message shows a value or a key.

mod json_body;

use std::borrow::Cow;

use siphasher::sip128::SipHasher24;

use crate::config_error::ConfigError;
use crate::configuration::redact::{Redact, RedactMode};
use crate::grammar;
use crate::headers::{Header, Headers};
use crate::reasons::Dropped;
use json_body::{ValueToken, hex};

/// Each list of a mirror has at most this many entries. The bound limits the cost of one header and of one key of a
/// body.
pub const MAX_ENTRIES: usize = 64;

/// The compiled redaction of one mirror.
#[derive(Debug)]
pub struct Redaction {
    config: Redact,
    /// The key of the tokens. `None` if redaction removes.
    key: Option<[u8; 16]>,
}

/// A list that comes with the filter.
#[derive(Debug)]
pub struct Preset {
    /// Header names in lower case. `cookie` means every cookie.
    pub headers: &'static [&'static str],
    /// Names of query parameters in lower case.
    pub query_params: &'static [&'static str],
}

/// The list of `preset: credentials`: the headers and query parameters by which the usual gateways, clouds and
/// frameworks know a caller. The list has the query parameters that OpenTelemetry redacts by default (semantic
/// conventions, `url.query`).
pub const CREDENTIALS: Preset = Preset {
    headers: &[
        "authorization",
        "proxy-authorization",
        "cookie",
        "api-key",
        "x-api-key",
        "x-auth-token",
        "x-access-token",
        "x-csrf-token",
        "x-csrftoken",
        "x-xsrf-token",
        "x-forwarded-access-token",
        "x-forwarded-client-cert",
        "x-auth-request-access-token",
        "x-amz-security-token",
        "x-amzn-oidc-data",
        "x-functions-key",
        "x-goog-api-key",
        "x-goog-iap-jwt-assertion",
        "x-session-token",
        "x-vault-token",
        "cf-access-jwt-assertion",
        "ocp-apim-subscription-key",
        "private-token",
    ],
    query_params: &[
        "access_token",
        "api-key",
        "api_key",
        "apikey",
        "auth",
        "auth_token",
        "authorization",
        "awsaccesskeyid",
        "client_secret",
        "id_token",
        "jwt",
        "passwd",
        "password",
        "private_token",
        "pwd",
        "refresh_token",
        "secret",
        "session",
        "session_id",
        "sessionid",
        "sig",
        "signature",
        "token",
        "x-amz-credential",
        "x-amz-security-token",
        "x-amz-signature",
        "x-goog-credential",
        "x-goog-signature",
    ],
};

/// Headers with a URL: the URL of the request, or of the page from which the request came.
const URLS: &[&[u8]] = &[b":path", b"referer", b"x-envoy-original-path"];

/// Headers with a digest of the body. The digest does not fit a redacted body, and a removed value could be guessed by
/// it.
const DIGESTS: &[&str] = &[
    "content-digest",
    "content-md5",
    "digest",
    "repr-digest",
    "x-amz-content-sha256",
];

/// Whether a header has a digest of the body.
pub(crate) fn is_digest(name: &[u8]) -> bool {
    DIGESTS.iter().any(|digest| digest.as_bytes() == name)
}

// === impl Redaction ===

impl Redaction {
    /// Compiles the redaction of a mirror, and brings the header names of the configuration to lower case.
    ///
    /// # Errors
    /// The mode does not fit the key, no part is named, a list is too long, or a name is not valid.
    pub(crate) fn compile(redact: &mut Redact, marker: &str, path: &str) -> Result<Self, ConfigError> {
        let key = redact.hash_key.as_ref().map(|key| key_of(key.expose()));
        let is_empty =
            redact.preset.is_none() && redact.keep.is_empty() && redact.lists().iter().all(|(_, list)| list.is_empty());
        let problem = match (redact.mode, key) {
            (RedactMode::Hash, None) => Some(("", "`hashKey` is missing; mode `hash` needs it")),
            (RedactMode::Remove, Some(_)) => {
                Some((".hashKey", "does not go with this `mode`; it goes with `mode: hash`"))
            }
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
        Ok(Self {
            config: redact.clone(),
            key: key.flatten(),
        })
    }

    /// The value of a header on the copy. Returns `None` if redaction removes the header.
    pub fn header<'a>(&self, (name, value): Header<'a>) -> Option<Cow<'a, [u8]>> {
        let is_named = self.names(&self.config.headers, CREDENTIALS.headers, name);
        if name == b"cookie" {
            self.cookies(value, is_named)
        } else if is_named {
            self.token(value).map(|token| token.to_vec().into())
        } else if URLS.contains(&name) {
            Some(self.url(value))
        } else {
            Some(value.into())
        }
    }

    /// The redacted body of a request with these headers. Returns `None` if redaction does not change the body.
    ///
    /// # Errors
    /// `redact.json` has pointers, and the body is not JSON, nests too deeply, or would grow beyond `max_bytes`.
    pub fn body(&self, _headers: &Headers, body: &[u8], max_bytes: u64) -> Result<Option<Vec<u8>>, Dropped> {
        if self.config.json.is_empty() || body.is_empty() {
            return Ok(None);
        }
        json_body::edit(body, &self.config.json, max_bytes, &|value| self.token(value)).ok_or(Dropped::RedactFailed)
    }

    /// Whether a name is one of the entries, or one of the preset if the mirror has the preset. Case makes no
    /// difference.
    fn names(&self, entries: &[String], preset: &[&str], name: &[u8]) -> bool {
        let is = |entry: &str| entry.as_bytes().eq_ignore_ascii_case(name);
        entries.iter().any(|entry| is(entry)) || (self.config.preset.is_some() && preset.iter().any(|entry| is(entry)))
    }

    /// The value of one `cookie` header. Returns `None` if no cookie is left.
    fn cookies<'a>(&self, line: &'a [u8], all: bool) -> Option<Cow<'a, [u8]>> {
        match self.parts(line, b';', &|name| all || self.names(&self.config.cookies, &[], name)) {
            None => Some(line.into()),
            Some(line) if line.iter().all(|byte| matches!(byte, b';' | b' ')) => None,
            Some(line) => Some(line.trim_ascii_start().to_vec().into()),
        }
    }

    /// A path or URL. Its query is between the first `?` and the fragment. If no parameter is left, the `?` is removed
    /// too.
    fn url<'a>(&self, url: &'a [u8]) -> Cow<'a, [u8]> {
        let (rest, fragment) = split_before(url, b'#');
        let (path, query) = split_before(rest, b'?');
        let names = |name: &[u8]| self.names(&self.config.query_params, CREDENTIALS.query_params, name);
        let is_named = |name: &[u8]| names(name) || names(&decode(name));
        match self.parts(query.get(1..).unwrap_or_default(), b'&', &is_named) {
            None => url.into(),
            Some(query) => {
                let mark: &[u8] = if query.is_empty() { b"" } else { b"?" };
                [path, mark, &query, fragment].concat().into()
            }
        }
    }

    /// A list of `name=value`. The named parts are removed, or their values are replaced by tokens. A part without `=`
    /// has no value that a token could replace, so the part is removed. Returns `None` if no part is named.
    fn parts(&self, list: &[u8], separator: u8, is_named: &dyn Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
        let mut edited = Vec::with_capacity(list.len());
        let (mut is_edited, mut is_first) = (false, true);
        for part in list.split(|byte| *byte == separator) {
            let (name, value) = split_before(part, b'=');
            let mut token = None;
            if is_named(name.trim_ascii()) {
                is_edited = true;
                token = match value.get(1..) {
                    Some(value) if separator == b'&' => self.token(&decode(value)),
                    Some(value) => self.token(value.trim_ascii()),
                    None => None,
                };
                if token.is_none() {
                    continue;
                }
            }
            if !std::mem::replace(&mut is_first, false) {
                edited.push(separator);
            }
            match token {
                None => edited.extend_from_slice(part),
                Some(token) => {
                    edited.extend_from_slice(name);
                    edited.push(b'=');
                    edited.extend_from_slice(&token);
                }
            }
        }
        is_edited.then_some(edited)
    }

    /// The token of a value. Returns `None` if redaction removes values.
    ///
    /// The function is SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012), a keyed function for short inputs.
    /// Without the key, nobody can try a value against a token.
    fn token(&self, value: &[u8]) -> Option<ValueToken> {
        let hash = SipHasher24::new_with_key(self.key.as_ref()?).hash(value).as_bytes();
        let mut token = ValueToken::default();
        for (digits, byte) in token.chunks_exact_mut(2).zip(hash) {
            for (digit, half) in digits.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = if half < 10 { b'0' + half } else { b'a' - 10 + half };
            }
        }
        Some(token)
    }
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
    let problem = format!("`{}` is not {wanted}", entry.escape_debug());
    Err(ConfigError::invalid(path, problem))
}

/// The 16 bytes that 32 hexadecimal digits mean. Returns `None` for any other text.
fn key_of(text: &str) -> Option<[u8; 16]> {
    let mut key = [0; 16];
    if text.len() != 2 * key.len() {
        return None;
    }
    for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        for digit in digits {
            *byte = *byte << 4 | hex(*digit)?;
        }
    }
    Some(key)
}

/// Splits before the first occurrence of a byte. The second part begins with the byte, or is empty.
fn split_before(text: &[u8], byte: u8) -> (&[u8], &[u8]) {
    let at = text.iter().position(|candidate| *candidate == byte);
    text.split_at_checked(at.unwrap_or(text.len())).unwrap_or((text, &[]))
}

/// Decodes a name or value of a query as forms write it: `%40` is `@`, and `+` is a space.
fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        let mut byte = *byte;
        match (byte, after) {
            (b'+', _) => byte = b' ',
            (b'%', [high, low, after @ ..]) => {
                if let (Some(high), Some(low)) = (hex(*high), hex(*low)) {
                    (byte, rest) = (high << 4 | low, after);
                }
            }
            _ => {}
        }
        decoded.push(byte);
    }
    decoded
}
