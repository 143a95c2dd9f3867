//! The versions of Istio, and what each of them does with a filter: what is written, what is refused and what is found
//! follows from here.

mod attachments;

use std::fmt;
use std::str::FromStr;

pub use attachments::{Effect, PLACES, Place, RESOURCES, Resource, Unfit, Verdict, verdict, verdicts};

/// The first part of every version.
const MAJOR: u16 = 1;

/// The oldest minor version that is supported: the first whose VirtualService has `mirrors`.
pub const OLDEST: u16 = 20;

/// The newest minor version that is known here.
pub const NEWEST: u16 = 31;

/// Minor versions have two digits; more are a slip, as in `1.310`.
const MAX_MINOR: u16 = 99;

/// No minor version had more patch levels.
const MAX_PATCH: u16 = 30;

/// A version of Istio: a minor version that is supported, or a newer one, and its patch level if that is known. What
/// the newest known version does, a newer one is taken to do. What comes behind it,
/// as in `1.31.0-rc.1`, is left out: a release candidate does what its release does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IstioVersion {
    minor: u16,
    patch: Option<u16>,
}

// === impl IstioVersion ===

impl IstioVersion {
    /// A minor version, of unknown patch level.
    pub const fn minor(minor: u16) -> Self {
        Self { minor, patch: None }
    }

    /// A patch level of a minor version.
    pub const fn patch(minor: u16, patch: u16) -> Self {
        Self {
            minor,
            patch: Some(patch),
        }
    }

    /// What is to be said of a version that is newer than what is known here. `None` for all others.
    pub fn note(self) -> Option<String> {
        (self.minor > NEWEST).then(|| {
            format!(
                "Istio {self} is newer than {MAJOR}.{NEWEST}, the newest that is known here, whose rules are taken for it; look what has changed since"
            )
        })
    }

    /// Whether it is, or may be, older than a patch level of a minor version.
    pub fn is_before(self, minor: u16, patch: u16) -> bool {
        (self.minor, self.patch.unwrap_or_default()) < (minor, patch)
    }

    /// Whether it is, or may be, that patch level or a newer one.
    fn may_be_from(self, minor: u16, patch: u16) -> bool {
        (self.minor, self.patch.unwrap_or(u16::MAX)) >= (minor, patch)
    }
}

impl FromStr for IstioVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let supported = format!("{MAJOR}.{OLDEST} to {MAJOR}.{NEWEST} are supported");
        let (major, minor, patch) =
            parts(text).ok_or_else(|| "is not a version of Istio such as 1.31, 1.30.3 or 1.31.0-rc.1".to_owned())?;
        if (major, minor) < (MAJOR, OLDEST) {
            return Err(format!("is too old; {supported}"));
        }
        if (major, minor) > (MAJOR, MAX_MINOR) {
            return Err(format!(
                "does not exist; {supported}, and newer ones up to {MAJOR}.{MAX_MINOR} are read by the rules of {MAJOR}.{NEWEST}"
            ));
        }
        match patch {
            Some(patch) if patch > MAX_PATCH => Err(format!("does not exist; {MAJOR}.{minor} has no such patch level")),
            patch => Ok(Self { minor, patch }),
        }
    }
}

impl fmt::Display for IstioVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.patch {
            Some(patch) => write!(formatter, "{MAJOR}.{}.{patch}", self.minor),
            None => write!(formatter, "{MAJOR}.{}", self.minor),
        }
    }
}

/// `v1.31.0-rc.1` as 1, 31 and 0. Istio's own builds add what they are after a `-` (`1.31.0-distroless`).
fn parts(text: &str) -> Option<(u16, u16, Option<u16>)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (numbers, build) = text
        .split_once('-')
        .map_or((text, None), |(numbers, build)| (numbers, Some(build)));
    let is_build = |build: &str| {
        let mut parts = build.split('.');
        parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
    };
    if !build.is_none_or(is_build) {
        return None;
    }
    let number = |part: &str| {
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
        part.parse().ok().filter(|_| is_number)
    };
    let numbers: Option<Vec<u16>> = numbers.split('.').map(number).collect();
    match numbers?.as_slice() {
        [major, minor] => Some((*major, *minor, None)),
        [major, minor, patch] => Some((*major, *minor, Some(*patch))),
        _ => None,
    }
}
