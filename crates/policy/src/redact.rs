//! Takes out of a copy what the shadow must not see, or puts tokens in its place. It works on the original's bytes, before
//! the path is rewritten and headers are changed; whatever is not named keeps its bytes. No message shows a value or a key.

use std::borrow::Cow;

use serde::Serialize;
use siphasher::sip128::SipHasher24;

use crate::headers::Header;
use crate::json_edit;
use crate::json_text;
use crate::plan::{ConfigError, copied_header};
use crate::reason::Dropped;
use crate::syntax;
use crate::values::Secret;

/// At most this many entries in each of a mirror's lists: what one header or one key of a body costs stays bounded.
pub const MAX_ENTRIES: usize = 64;

/// What is taken out of a copy, or replaced by a token, before anything else is done to it. Names at least one thing.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Redact {
    /// The usual headers and query parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<RedactPreset>,
    /// Headers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Cookies, in the header `cookie`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cookies: Vec<String>,
    /// Query parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query_params: Vec<String>,
    /// Values in a JSON body, as pointers of RFC 6901; `*` is any key or index.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub json: Vec<String>,
    /// What happens to them.
    pub mode: RedactMode,
    /// With mode `hash`: the key of the tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash_key: Option<Secret>,
}

/// Lists that come with the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RedactPreset {
    /// What proves who is calling: see [`CREDENTIALS`].
    Credentials,
}

/// What happens to what is redacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RedactMode {
    /// It is left out.
    #[default]
    Remove,
    /// A token takes the place of its value: the same for the same value and key.
    Hash,
}

/// A list that comes with the filter.
#[derive(Debug)]
pub struct Preset {
    /// In lower case. `cookie` means each cookie.
    pub headers: &'static [&'static str],
    /// In lower case.
    pub query_params: &'static [&'static str],
}

/// What `preset: credentials` names: what the usual gateways, clouds and frameworks take as proof of who is calling. It has
/// the query parameters that OpenTelemetry redacts by default (semantic conventions, `url.query`).
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

/// Headers that carry the query of this request, or of the page that it came from.
const URLS: &[&[u8]] = &[b":path", b"referer", b"x-envoy-original-path"];

/// Headers with a digest of the body. One of the original would not fit an edited body, and a value that was taken out
/// could be guessed by it.
pub(crate) const DIGESTS: &[&str] = &[
    "content-digest",
    "content-md5",
    "digest",
    "repr-digest",
    "x-amz-content-sha256",
];

/// What stands for a value: 32 hexadecimal digits.
pub(crate) type Token = [u8; 32];

// === impl Redact ===

impl Redact {
    /// Checks what is to be redacted, and brings header names to lower case.
    pub(crate) fn check(&mut self, marker: &str, path: &str) -> Result<(), ConfigError> {
        let key = self.hash_key.as_ref().map(|key| key_of(key.expose()));
        let (at, problem) = match (self.mode, key) {
            (RedactMode::Hash, None) => ("", "`hashKey` is missing; mode `hash` needs it"),
            (RedactMode::Remove, Some(_)) => (".hashKey", "does not go with this `mode`; it goes with `mode: hash`"),
            (_, Some(None)) => (
                ".hashKey",
                "is not a key: 32 hexadecimal digits, as `openssl rand -hex 16` prints them",
            ),
            _ if self.preset.is_none() && self.lists().iter().all(|(_, list)| list.is_empty()) => (
                "",
                "names nothing; give `preset`, `headers`, `cookies`, `queryParams` or `json`",
            ),
            _ => ("", ""),
        };
        if !problem.is_empty() {
            return Err(ConfigError::invalid(format!("{path}{at}"), problem));
        }
        for (key, list) in self.lists() {
            if list.len() > MAX_ENTRIES {
                let problem = format!("{} entries are more than {MAX_ENTRIES}", list.len());
                return Err(ConfigError::invalid(format!("{path}.{key}"), problem));
            }
            for (index, entry) in list.iter_mut().enumerate() {
                let path = format!("{path}.{key}[{index}]");
                let (is_right, wanted) = match key {
                    "headers" => {
                        *entry = copied_header(entry, Some(marker), &path)?;
                        continue;
                    }
                    "cookies" => (syntax::is_token(entry), "a cookie name"),
                    "json" => (
                        json_edit::is_pointer(entry),
                        "a JSON pointer such as /user/email, with ~0 for ~ and ~1 for / within a key",
                    ),
                    _ => (!entry.is_empty(), "the name of a query parameter"),
                };
                if !is_right {
                    return Err(ConfigError::invalid(
                        path,
                        format!("`{}` is not {wanted}", entry.escape_debug()),
                    ));
                }
            }
        }
        Ok(())
    }

    /// The lists of names, each with its key in the configuration.
    pub(crate) fn lists(&mut self) -> [(&'static str, &mut Vec<String>); 4] {
        [
            ("headers", &mut self.headers),
            ("cookies", &mut self.cookies),
            ("queryParams", &mut self.query_params),
            ("json", &mut self.json),
        ]
    }

    /// The value of a header on the copy; `None` if the header is left out.
    pub fn header<'a>(&self, (name, value): Header<'a>) -> Option<Cow<'a, [u8]>> {
        let is_named = self.names(&self.headers, CREDENTIALS.headers, name);
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

    /// The body of the copy, if it is another one than the original's.
    ///
    /// # Errors
    /// If values of the body are to be redacted and it is not JSON, nests too deeply, or would grow beyond `max_bytes`.
    pub fn body(&self, body: &[u8], max_bytes: u64) -> Result<Option<Vec<u8>>, Dropped> {
        if self.json.is_empty() || body.is_empty() {
            return Ok(None);
        }
        json_edit::edit(body, &self.json, max_bytes, &|value| self.token(value)).ok_or(Dropped::RedactFailed)
    }

    /// Whether a name is one of these, or one of the preset's if that is asked for. Case makes no difference.
    fn names(&self, entries: &[String], preset: &[&str], name: &[u8]) -> bool {
        let is = |entry: &str| entry.as_bytes().eq_ignore_ascii_case(name);
        entries.iter().any(|entry| is(entry)) || (self.preset.is_some() && preset.iter().any(|entry| is(entry)))
    }

    /// One `cookie` header; `None` if no cookie is left in it.
    fn cookies<'a>(&self, line: &'a [u8], all: bool) -> Option<Cow<'a, [u8]>> {
        match self.parts(line, b';', &|name| all || self.names(&self.cookies, &[], name)) {
            None => Some(line.into()),
            Some(line) if line.iter().all(|byte| matches!(byte, b';' | b' ')) => None,
            Some(line) => Some(line.trim_ascii_start().to_vec().into()),
        }
    }

    /// A path or URL. Its query goes from the first `?` to the fragment; without a parameter left the `?` goes too.
    fn url<'a>(&self, url: &'a [u8]) -> Cow<'a, [u8]> {
        let (rest, fragment) = split_before(url, b'#');
        let (path, query) = split_before(rest, b'?');
        let names = |name: &[u8]| self.names(&self.query_params, CREDENTIALS.query_params, name);
        let is_named = |name: &[u8]| names(name) || names(&decode(name));
        match self.parts(query.get(1..).unwrap_or_default(), b'&', &is_named) {
            None => url.into(),
            Some(query) => {
                let mark: &[u8] = if query.is_empty() { b"" } else { b"?" };
                [path, mark, &query, fragment].concat().into()
            }
        }
    }

    /// A list of `name=value`, in which those that are named are left out, or have a token for a value. One without `=`
    /// has no value that a token could stand for, and is left out. `None` if none is named.
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

    /// What stands for a value; `None` if it is left out.
    ///
    /// SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012): a keyed function made for short inputs, so without the
    /// key no value can be tried against a token. HMAC-SHA-256 would do the same for 3 KB more of a filter that every
    /// worker of every proxy loads.
    fn token(&self, value: &[u8]) -> Option<Token> {
        let key = key_of(self.hash_key.as_ref()?.expose())?;
        let hash = SipHasher24::new_with_key(&key).hash(value).as_bytes();
        let mut token = Token::default();
        for (digits, byte) in token.chunks_exact_mut(2).zip(hash) {
            for (digit, half) in digits.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = if half < 10 { b'0' + half } else { b'a' - 10 + half };
            }
        }
        Some(token)
    }
}

/// The 16 bytes that 32 hexadecimal digits write.
fn key_of(text: &str) -> Option<[u8; 16]> {
    let mut key = [0; 16];
    if text.len() != 2 * key.len() {
        return None;
    }
    for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        for digit in digits {
            *byte = *byte << 4 | json_text::hex(*digit)?;
        }
    }
    Some(key)
}

/// Splits before the first of these bytes; the second part begins with it, or is empty.
fn split_before(text: &[u8], byte: u8) -> (&[u8], &[u8]) {
    let at = text.iter().position(|candidate| *candidate == byte);
    text.split_at_checked(at.unwrap_or(text.len())).unwrap_or((text, &[]))
}

/// A name or value of a query as forms write it: `%40` is `@`, and `+` a space.
fn decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        let mut byte = *byte;
        match (byte, after) {
            (b'+', _) => byte = b' ',
            (b'%', [high, low, after @ ..]) => {
                if let (Some(high), Some(low)) = (json_text::hex(*high), json_text::hex(*low)) {
                    (byte, rest) = (high << 4 | low, after);
                }
            }
            _ => {}
        }
        decoded.push(byte);
    }
    decoded
}
