//! A model of redaction that is slow and obviously right: it splits texts into lists, decides about each part by
//! itself, and joins what is left.

use mirror_policy::work::Work;
use std::borrow::Cow;
use std::rc::Rc;

use mirror_policy::Plan;
use mirror_policy::plan::Mirror;
use mirror_policy::redaction::Redaction;
use mirror_policy::redaction::credentials::{EXCEPTIONS, Place, RULES};

/// The rules of one kind of part.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The names that are redacted, in lower case.
    pub named: &'static [&'static str],
    /// The names that alone stay, in lower case.
    pub kept: Option<&'static [&'static str]>,
    /// Whether credentials are redacted.
    pub has_preset: bool,
}

/// A configuration of redaction, and the same as rules.
pub struct Model {
    /// The keys of `redact`.
    pub keys: &'static str,
    /// The rules for headers.
    pub headers: Rules,
    /// The rules for cookies. `None` if every cookie is redacted.
    pub cookies: Option<Rules>,
    /// The rules for parameters.
    pub params: Rules,
    /// Whether a token stands for what is redacted.
    pub is_hash: bool,
}

/// The configurations that the targets try. Each redacts the header `x-secret`, which shows the token of any value.
pub static MODELS: &[Model] = &[
    Model {
        keys: r#""headers": ["X-Secret"], "cookies": ["sid"], "queryParams": ["token", "e mail", "a%2Cb"]"#,
        headers: named(&["x-secret"]),
        cookies: Some(named(&["sid"])),
        params: named(&["token", "e mail", "a%2cb"]),
        is_hash: false,
    },
    Model {
        keys: r#""headers": ["x-secret"], "cookies": ["SID", "id"], "queryParams": ["Token", "e mail"], "mode": "hash", "hashKey": "000102030405060708090a0b0c0d0e0f""#,
        headers: named(&["x-secret"]),
        cookies: Some(named(&["sid", "id"])),
        params: named(&["token", "e mail"]),
        is_hash: true,
    },
    Model {
        keys: r#""preset": "credentials", "headers": ["x-secret"], "mode": "hash", "hashKey": "000102030405060708090a0b0c0d0e0f""#,
        headers: preset(&["x-secret"]),
        cookies: None,
        params: preset(&[]),
        is_hash: true,
    },
    Model {
        keys: r#""preset": "credentials", "headers": ["x-secret"], "keep": {"headers": ["referer", "x-token"], "cookies": ["theme"], "queryParams": ["q", "token", "x y"]}"#,
        headers: keep(&["x-secret"], &["referer", "x-token"]),
        cookies: Some(keep(&[], &["theme"])),
        params: keep(&[], &["q", "token", "x y"]),
        is_hash: false,
    },
    Model {
        keys: r#""keep": {"cookies": ["theme"], "queryParams": []}, "headers": ["x-secret"], "cookies": ["sid"], "queryParams": ["page"], "mode": "hash", "hashKey": "000102030405060708090a0b0c0d0e0f""#,
        headers: named(&["x-secret"]),
        cookies: Some(keep(&["sid"], &["theme"])),
        params: keep(&["page"], &[]),
        is_hash: true,
    },
];

thread_local! {
    static MIRRORS: Vec<Rc<Mirror>> = MODELS.iter().map(|model| mirror(model.keys)).collect();
}

const fn named(names: &'static [&'static str]) -> Rules {
    Rules {
        named: names,
        kept: None,
        has_preset: false,
    }
}

const fn preset(names: &'static [&'static str]) -> Rules {
    Rules {
        has_preset: true,
        ..named(names)
    }
}

const fn keep(names: &'static [&'static str], kept: &'static [&'static str]) -> Rules {
    Rules {
        kept: Some(kept),
        ..named(names)
    }
}

/// A mirror that redacts.
pub(crate) fn mirror(keys: &str) -> Rc<Mirror> {
    let config = format!(r#"{{"mirrors": [{{"name": "v2", "cluster": "c", "redact": {{{keys}}}}}]}}"#);
    Plan::parse(config.as_bytes()).expect("a good plan").mirrors.remove(0)
}

/// What happens to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The part stays as it is.
    Stay,
    /// The part has a token, or is removed.
    Redact,
    /// The part is removed.
    Remove,
}

// === impl Rules ===

impl Rules {
    /// The fate of a part by its name.
    pub fn fate(&self, name: &[u8], is_encoded: bool) -> Fate {
        let decoded = decode(name);
        let decoded = if is_encoded { decoded.trim_ascii() } else { name };
        let is_in = |names: &[&str]| {
            names.iter().any(|entry| {
                entry.as_bytes().eq_ignore_ascii_case(name) || entry.as_bytes().eq_ignore_ascii_case(decoded)
            })
        };
        match self.kept {
            _ if is_in(self.named) => Fate::Redact,
            Some(kept) if is_in(kept) => Fate::Stay,
            Some(_) => Fate::Remove,
            None if self.has_preset && is_credential(decoded) => Fate::Redact,
            None => Fate::Stay,
        }
    }
}

// === impl Model ===

impl Model {
    /// The redaction of the policy for the same keys.
    pub fn with_redaction<T>(&self, check: impl FnOnce(&Redaction) -> T) -> T {
        let index = MODELS
            .iter()
            .position(|model| std::ptr::eq(model, self))
            .expect("a model");
        MIRRORS.with(|mirrors| check(mirrors[index].redaction.as_ref().expect("it redacts")))
    }

    /// The token of a value, or `None` without tokens.
    fn token(&self, value: &[u8]) -> Option<Vec<u8>> {
        let token = self.with_redaction(|redaction| {
            redaction
                .header((b"x-secret", value), &Work::new(u64::MAX))
                .map(Cow::into_owned)
        });
        assert_eq!(token.is_some(), self.is_hash, "a header without its token, or with one");
        assert!(token.iter().all(|token| is_token(token)));
        token
    }

    /// A list after redaction, and whether a part is not as it was.
    pub fn list(&self, rules: Option<Rules>, list: &[u8], separator: u8, is_encoded: bool) -> (Vec<u8>, bool) {
        let mut is_edited = false;
        let mut left: Vec<Vec<u8>> = Vec::new();
        for part in list.split(|byte| *byte == separator) {
            let (name, value) = match part.iter().position(|byte| *byte == b'=') {
                Some(at) => (&part[..at], Some(&part[at + 1..])),
                None => (part, None),
            };
            let fate = rules.map_or(Fate::Redact, |rules| rules.fate(name.trim_ascii(), is_encoded));
            is_edited |= fate != Fate::Stay;
            let value = value.map(|value| {
                if is_encoded {
                    decode(value)
                } else {
                    value.trim_ascii().into()
                }
            });
            match (fate, value) {
                (Fate::Stay, _) => left.push(part.to_vec()),
                (Fate::Redact, Some(value)) => {
                    left.extend(self.token(&value).map(|token| [name, b"=", &token].concat()));
                }
                _ => {}
            }
        }
        (left.join(&separator), is_edited)
    }

    /// A header `cookie` after redaction, or `None` without the header.
    pub fn cookies(&self, line: &[u8]) -> Option<Vec<u8>> {
        if self.cookies.is_none() && !self.is_hash {
            return None;
        }
        match self.list(self.cookies, line, b';', false) {
            (_, false) => Some(line.to_vec()),
            (line, true) if line.iter().all(|byte| b"; ".contains(byte)) => None,
            (line, true) => Some(line.trim_ascii_start().to_vec()),
        }
    }

    /// A path or URL after redaction.
    pub fn url(&self, url: &[u8]) -> Vec<u8> {
        let url = url.split(|byte| *byte == b'#').next().unwrap_or_default();
        let (path, query) = match url.iter().position(|byte| *byte == b'?') {
            Some(at) => (&url[..at], Some(&url[at + 1..])),
            None => (url, None),
        };
        let mut path = path.to_vec();
        if let Some(at) = path.windows(3).position(|text| text == b"://") {
            let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
            let end = path[at + 3..].iter().position(|byte| *byte == b'/');
            let end = end.map_or(path.len(), |end| at + 3 + end);
            let user = path[..end].iter().rposition(|byte| *byte == b'@');
            if let Some(user) = user.filter(|user| *user >= at + 3 && at > 0 && path[..at].iter().all(is_scheme)) {
                path.drain(at + 3..=user);
            }
        }
        let has_scheme = path.windows(3).position(|text| text == b"://").filter(|at| {
            let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
            *at > 0 && path[..*at].iter().all(is_scheme)
        });
        let (scheme, rest) = path.split_at(has_scheme.map_or(0, |at| at + 3));
        let segments: Vec<Vec<u8>> = rest
            .split(|byte| *byte == b'/')
            .map(|segment| {
                let Some(at) = segment.iter().position(|byte| *byte == b';') else {
                    return segment.to_vec();
                };
                match self.list(Some(self.params), &segment[at + 1..], b';', true) {
                    (_, false) => segment.to_vec(),
                    (list, true) if list.is_empty() => segment[..at].to_vec(),
                    (list, true) => [&segment[..at], b";", &list].concat(),
                }
            })
            .collect();
        let mut edited = [scheme, &segments.join(&b'/')].concat();
        if let Some(query) = query {
            match self.list(Some(self.params), query, b'&', true) {
                (_, false) => edited.extend([b"?", query].concat()),
                (list, true) if list.is_empty() => {}
                (list, true) => edited.extend([b"?", &list[..]].concat()),
            }
        }
        edited
    }
}

/// Whether the rules say that a name is a credential's.
fn is_credential(name: &[u8]) -> bool {
    let letters = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let normal: String = letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    let normal = normal.trim_end_matches(|letter: char| letter.is_ascii_digit());
    RULES.iter().any(|(place, parts)| {
        parts.iter().any(|part| match place {
            Place::Whole => normal == *part,
            Place::Start => normal.starts_with(part),
            Place::End => normal.ends_with(part) && !EXCEPTIONS.iter().any(|end| normal.ends_with(end)),
            Place::Anywhere => normal.contains(part),
        })
    })
}

/// Whether a token stands here.
pub(crate) fn is_token(text: &[u8]) -> bool {
    text.len() == 32 && text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A text as a form means it.
fn decode(name: &[u8]) -> Cow<'_, [u8]> {
    let mut plain = Vec::new();
    let mut at = 0;
    while at < name.len() {
        let code = name
            .get(at + 1..at + 3)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let code = code.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        match (name[at], code) {
            (b'%', Some(code)) => {
                plain.push(code);
                at += 2;
            }
            (b'+', _) => plain.push(b' '),
            (byte, _) => plain.push(byte),
        }
        at += 1;
    }
    plain.into()
}
