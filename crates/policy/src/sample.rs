//! Decides which of the matching requests belong to the share. With chance, each request is decided by itself. With a
//! key, every mirror with the same salt decides alike for the same key, on every worker and after every restart. A
//! larger percentage only adds requests.

use std::borrow::Cow;

use xxhash_rust::xxh64::Xxh64;

use crate::config_error::ConfigError;
use crate::configuration::values::Percentage;
use crate::configuration::{Sample, SampleBy};
use crate::grammar;
use crate::headers::Headers;
use crate::matching::query_param;
use crate::reasons::Skipped;

/// The way in which a mirror chooses its share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sampling {
    /// Chance decides for each request.
    Chance,
    /// A part of the request decides.
    Key {
        /// The part of the request.
        key: Key,
        /// The text that is hashed before the key.
        salt: String,
    },
}

/// The part of a request that is its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A header, by its name in lower case. Several values are joined by a comma.
    Header(String),
    /// The first cookie of this name.
    Cookie(String),
    /// The first query parameter of this name, not decoded.
    QueryParam(String),
}

/// The source of numbers for samples by chance. The caller gives the seed, so a test can repeat every decision.
///
/// The algorithm is SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Debug, Clone, Default)]
pub struct Dice(u64);

/// The bucket of a number: the number scaled from 64 bits to 0..999,999.
pub const fn bucket(number: u64) -> u32 {
    ((number as u128 * 1_000_000) >> 64) as u32
}

/// The bucket of a key: xxh64 with seed 0 over the salt, a zero byte and the key.
pub fn key_bucket(salt: &[u8], key: &[u8]) -> u32 {
    let mut hash = Xxh64::new(0);
    hash.update(salt);
    hash.update(&[0]);
    hash.update(key);
    bucket(hash.digest())
}

// === impl Sampling ===

impl Sampling {
    pub(crate) fn compile(sample: &Sample, path: &str) -> Result<Self, ConfigError> {
        let invalid = |key: &str, problem: &str| Err(ConfigError::invalid(format!("{path}{key}"), problem));
        let name_path = format!("{path}.name");
        let key = match (sample.by, sample.name.as_deref()) {
            (SampleBy::Request | SampleBy::RequestId, Some(_)) => {
                return invalid(".name", "does not go with this `by`");
            }
            (SampleBy::Request, None) if sample.salt.is_some() => {
                return invalid(".salt", "does not go with `by: request`, which goes by chance");
            }
            (SampleBy::Request, None) => return Ok(Self::Chance),
            (SampleBy::RequestId, None) => Key::Header("x-request-id".to_owned()),
            (_, None) => return invalid("", "`name` is missing; this `by` needs it"),
            (SampleBy::Header, Some(name)) => Key::Header(grammar::read_header_name(name, &name_path)?),
            (SampleBy::Cookie, Some(name)) if grammar::is_token(name) => Key::Cookie(name.to_owned()),
            (SampleBy::Cookie, Some(name)) => {
                return invalid(".name", &format!("`{}` is not a cookie name", name.escape_debug()));
            }
            (SampleBy::QueryParam, Some("")) => return invalid(".name", "a query parameter's name is not empty"),
            (SampleBy::QueryParam, Some(name)) => Key::QueryParam(name.to_owned()),
        };
        Ok(Self::Key {
            key,
            salt: sample.salt.clone().unwrap_or_default(),
        })
    }

    /// Decides for one request.
    ///
    /// # Errors
    /// The request has no key, or its bucket is outside the percentage.
    pub fn decide(&self, percentage: Percentage, headers: &Headers, dice: &mut Dice) -> Result<(), Skipped> {
        let bucket = match self {
            Self::Chance => bucket(dice.roll()),
            Self::Key { key, salt } => {
                let key = key.find(headers).ok_or(Skipped::NoSampleKey)?;
                key_bucket(salt.as_bytes(), &key)
            }
        };
        if bucket < percentage.ppm() {
            Ok(())
        } else {
            Err(Skipped::NotSampled)
        }
    }
}

// === impl Key ===

impl Key {
    /// The key of a request. An empty value is a key too. Returns `None` if the request has no key.
    pub fn find<'a>(&'a self, headers: &'a Headers) -> Option<Cow<'a, [u8]>> {
        match self {
            Self::Header(name) => headers.joined(name.as_bytes()),
            Self::Cookie(name) => headers
                .all(b"cookie")
                .find_map(|line| cookie(line, name.as_bytes()))
                .map(Cow::from),
            Self::QueryParam(name) => query_param(headers.get(b":path")?, name.as_bytes()).map(Cow::from),
        }
    }
}

/// The value of the first cookie of a name in one `cookie` header. Returns `None` if there is no such cookie.
fn cookie<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    line.split(|byte| *byte == b';').find_map(|pair| {
        let pair = pair.trim_ascii();
        pair.strip_prefix(name)?.strip_prefix(b"=")
    })
}

// === impl Dice ===

impl Dice {
    /// Dice with a seed. Equal seeds give equal numbers.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice whose next number is 0. Every share but an empty one takes the next request.
    pub(crate) const fn lowest() -> Self {
        Self(0_u64.wrapping_sub(0x9e37_79b9_7f4a_7c15))
    }

    /// The next number. All 64-bit numbers are equally likely.
    pub const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
