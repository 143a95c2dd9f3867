//! The scalar values of the configuration. Each refuses what is out of its range when it is read, so that a value that
//! exists is a value that is allowed; the caller adds the path.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// A share of requests, 0 to 100 percent in steps of 0.0001; kept in parts per million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percentage(u32);

/// A time span of 1 millisecond to 1 hour, in whole milliseconds. Written as in Go and Istio: `"250ms"`, `"1.5s"`,
/// `"1m30s"`. Zero is not allowed: Envoy takes a callout's timeout of 0 for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(u32);

/// A whole number with a lower and an upper bound. A double without a fraction is one too: a protobuf `Struct` has no
/// other numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Whole<const MIN: u64, const MAX: u64>(u64);

// === impl Percentage ===

impl Percentage {
    /// All requests.
    pub const ALL: Self = Self(1_000_000);

    /// From parts per million, if that is at most 100 %.
    pub const fn from_ppm(ppm: u32) -> Option<Self> {
        if ppm <= Self::ALL.0 { Some(Self(ppm)) } else { None }
    }

    /// From percent.
    pub(crate) fn from_number(percentage: f64) -> Result<Self, String> {
        if !(0.0..=100.0).contains(&percentage) {
            return Err("is not between 0 and 100".to_owned());
        }
        let ppm = percentage * 10_000.0;
        // The product of a decimal fraction is off by rounding only, far less than this.
        if (ppm - ppm.round()).abs() > 1e-6 {
            return Err("is finer than steps of 0.0001".to_owned());
        }
        Ok(Self(ppm.round() as u32))
    }

    /// From percent, written as a decimal text; `None` if it is none.
    pub(crate) fn from_text(text: &str) -> Option<Result<Self, String>> {
        is_decimal(text).then(|| {
            let ppm = parse_decimal(text, 10_000).ok_or_else(|| "is finer than steps of 0.0001".to_owned())?;
            let percentage = u32::try_from(ppm).ok().and_then(Self::from_ppm);
            percentage.ok_or_else(|| "is not between 0 and 100".to_owned())
        })
    }

    /// Parts per million: 0 to 1,000,000.
    pub const fn ppm(self) -> u32 {
        self.0
    }
}

impl Default for Percentage {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Display for Percentage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 10_000, self.0 % 10_000);
        match fraction {
            0 => write!(formatter, "{whole}"),
            _ => formatter.write_str(format!("{whole}.{fraction:04}").trim_end_matches('0')),
        }
    }
}

impl Serialize for Percentage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(10_000) {
            serializer.serialize_u32(self.0 / 10_000)
        } else {
            serializer.serialize_f64(f64::from(self.0) / 10_000.0)
        }
    }
}

// === impl Span ===

impl Span {
    /// The longest span: one hour.
    pub const MAX: Self = Self(3_600_000);

    /// From milliseconds, if that is 1 to 3,600,000.
    pub const fn from_millis(millis: u32) -> Option<Self> {
        if millis >= 1 && millis <= Self::MAX.0 {
            Some(Self(millis))
        } else {
            None
        }
    }

    /// The span, 1 ms to 1 h.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0 as u64)
    }

    /// From its text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let Some(nanos) = parse_nanos(text) else {
            return Err("is not a duration such as \"250ms\" or \"5s\"".to_owned());
        };
        let millis = u32::try_from(nanos / 1_000_000)
            .ok()
            .filter(|_| nanos.is_multiple_of(1_000_000));
        millis
            .and_then(Self::from_millis)
            .ok_or_else(|| "is not between 1ms and 1h, in whole milliseconds".to_owned())
    }
}

fn parse_nanos(text: &str) -> Option<u128> {
    let mut nanos: u128 = 0;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = split_at_first(rest, |c| !c.is_ascii_digit() && c != '.');
        let (unit, after) = split_at_first(after, |c| !c.is_ascii_alphabetic());
        let unit: u128 = match unit {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        nanos = nanos.checked_add(parse_decimal(number, unit)?)?;
        rest = after;
    }
    Some(nanos)
}

/// `"1.5"` times a unit, exactly; `None` if it is not a number or not a whole number of nanoseconds.
fn parse_decimal(number: &str, unit: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || whole.len() > 15 || fraction.len() > 15 || (fraction.is_empty() && number.contains('.')) {
        return None;
    }
    let scale = 10u128.pow(u32::try_from(fraction.len()).ok()?);
    let fraction: u128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let scaled = (whole.parse::<u128>().ok()? * scale + fraction).checked_mul(unit)?;
    scaled.is_multiple_of(scale).then_some(scaled / scale)
}

fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    digits(whole) && digits(fraction)
}

fn split_at_first(text: &str, is_end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at_checked(text.find(is_end).unwrap_or(text.len()))
        .unwrap_or((text, ""))
}

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            millis if millis.is_multiple_of(3_600_000) => write!(formatter, "{}h", millis / 3_600_000),
            millis if millis.is_multiple_of(60_000) => write!(formatter, "{}m", millis / 60_000),
            millis if millis.is_multiple_of(1_000) => write!(formatter, "{}s", millis / 1_000),
            millis => write!(formatter, "{millis}ms"),
        }
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

// === impl Whole ===

impl<const MIN: u64, const MAX: u64> Whole<MIN, MAX> {
    /// The number, if it is in range.
    pub const fn new(value: u64) -> Option<Self> {
        if value >= MIN && value <= MAX {
            Some(Self(value))
        } else {
            None
        }
    }

    /// From a number of a document.
    pub(crate) fn from_number(number: f64) -> Result<Self, String> {
        whole(number, MIN, MAX).map(Self)
    }

    /// From a decimal text; `None` if it is none.
    pub(crate) fn from_text(text: &str) -> Option<Result<Self, String>> {
        is_decimal(text).then(|| match parse_decimal(text, 1) {
            None => Err("is not a whole number".to_owned()),
            Some(number) => {
                let number = u64::try_from(number).ok().and_then(Self::new);
                number.ok_or_else(|| format!("is not between {MIN} and {MAX}"))
            }
        })
    }

    /// The number, brought into range.
    pub const fn clamped(value: u64) -> Self {
        Self(if value < MIN {
            MIN
        } else if value > MAX {
            MAX
        } else {
            value
        })
    }

    /// The number: `MIN` to `MAX`.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl<const MIN: u64, const MAX: u64> Serialize for Whole<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

fn whole(number: f64, min: u64, max: u64) -> Result<u64, String> {
    // Every bound is far below 2^53, so the conversions are exact.
    if number.fract() != 0.0 {
        Err("is not a whole number".to_owned())
    } else if number < min as f64 || number > max as f64 {
        Err(format!("is not between {min} and {max}"))
    } else {
        Ok(number as u64)
    }
}
