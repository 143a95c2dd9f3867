//! The scalar values of the configuration. A value that is out of range cannot be made, so every value that exists is
//! allowed. The caller adds the path to an error.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::Value;

/// A share of requests: 0 to 100 percent in steps of 0.0001. The number inside is parts per million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percentage(u32);

/// A rate: 0.001 to 1,000,000 times per second in steps of 0.001. The number inside is thousandths per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PerSecond(u32);

/// A time span: 1 millisecond to 1 hour, in whole milliseconds. Users write spans as in Go and Istio: `"250ms"`,
/// `"1.5s"`, `"1m30s"`. Zero is not allowed, because Envoy takes a callout's timeout of 0 for no timeout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(u32);

/// A whole number from `MIN` to `MAX`. A double without a fraction is a whole number too, because a protobuf `Struct`
/// has doubles only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Whole<const MIN: u64, const MAX: u64>(u64);

/// A text that no message and no log shows. Only the printed configuration has the text.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Secret(String);

// === impl Secret ===

impl Secret {
    /// A secret with this text.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The hidden text. The caller must not show the text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

// === impl Percentage ===

impl Percentage {
    /// All requests: 100 percent.
    pub const ALL: Self = Self(1_000_000);

    /// The percentage of so many parts per million. Returns `None` above 1,000,000.
    pub const fn from_ppm(ppm: u32) -> Option<Self> {
        if ppm <= Self::ALL.0 { Some(Self(ppm)) } else { None }
    }

    /// Reads a number, or a decimal text. Returns `None` for a value of another type.
    pub(crate) fn read(value: &Value) -> Option<Result<Self, String>> {
        PERCENT.read(value).map(|steps| steps.map(Self))
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
        PERCENT.write(self.0, formatter)
    }
}

impl Serialize for Percentage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PERCENT.serialize(self.0, serializer)
    }
}

// === impl PerSecond ===

impl PerSecond {
    /// Reads a number, or a decimal text. Returns `None` for a value of another type.
    pub(crate) fn read(value: &Value) -> Option<Result<Self, String>> {
        PER_SECOND.read(value).map(|steps| steps.map(Self))
    }

    /// Thousandths of a time per second: 1 to 1,000,000,000.
    pub const fn thousandths(self) -> u32 {
        self.0
    }
}

impl Serialize for PerSecond {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PER_SECOND.serialize(self.0, serializer)
    }
}

// === decimal fractions ===

/// A decimal fraction as a whole number of steps: the size of a step and the range.
struct Steps {
    /// How many steps one whole has: a power of ten.
    per_one: u32,
    min: u32,
    max: u32,
    out_of_range: &'static str,
    too_fine: &'static str,
}

const PERCENT: Steps = Steps {
    per_one: 10_000,
    min: 0,
    max: 1_000_000,
    out_of_range: "is not between 0 and 100",
    too_fine: "is finer than steps of 0.0001",
};

const PER_SECOND: Steps = Steps {
    per_one: 1_000,
    min: 1,
    max: 1_000_000_000,
    out_of_range: "is not between 0.001 and 1000000",
    too_fine: "is finer than steps of 0.001",
};

impl Steps {
    fn read(&self, value: &Value) -> Option<Result<u32, String>> {
        match value.as_str() {
            Some(text) => self.of_text(text),
            None => value.as_f64().map(|number| self.of_number(number)),
        }
    }

    fn of_number(&self, number: f64) -> Result<u32, String> {
        let steps = number * f64::from(self.per_one);
        if !(f64::from(self.min)..=f64::from(self.max)).contains(&steps) {
            return Err(self.out_of_range.to_owned());
        }
        // Rounding makes the product differ from a whole number by far less than this.
        if (steps - steps.round()).abs() > 1e-6 {
            return Err(self.too_fine.to_owned());
        }
        Ok(steps.round() as u32)
    }

    fn of_text(&self, text: &str) -> Option<Result<u32, String>> {
        is_decimal(text).then(|| {
            let steps = parse_decimal(text, self.per_one.into()).ok_or_else(|| self.too_fine.to_owned())?;
            let steps = u32::try_from(steps).ok();
            steps
                .filter(|steps| (self.min..=self.max).contains(steps))
                .ok_or_else(|| self.out_of_range.to_owned())
        })
    }

    fn write(&self, steps: u32, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (steps / self.per_one, steps % self.per_one);
        let digits = self.per_one.ilog10() as usize;
        match fraction {
            0 => write!(formatter, "{whole}"),
            _ => formatter.write_str(format!("{whole}.{fraction:0digits$}").trim_end_matches('0')),
        }
    }

    fn serialize<S: Serializer>(&self, steps: u32, serializer: S) -> Result<S::Ok, S::Error> {
        if steps.is_multiple_of(self.per_one) {
            serializer.serialize_u32(steps / self.per_one)
        } else {
            serializer.serialize_f64(f64::from(steps) / f64::from(self.per_one))
        }
    }
}

// === impl Span ===

impl Span {
    /// The longest span: one hour.
    pub const MAX: Self = Self(3_600_000);

    /// The span of so many milliseconds. Returns `None` outside 1 to 3,600,000.
    pub const fn from_millis(millis: u32) -> Option<Self> {
        if millis >= 1 && millis <= Self::MAX.0 {
            Some(Self(millis))
        } else {
            None
        }
    }

    /// The span as a standard duration: 1 ms to 1 h.
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0 as u64)
    }

    /// The span in milliseconds: 1 to 3,600,000.
    pub const fn millis(self) -> u32 {
        self.0
    }

    /// The span that a text such as `1m30s` means.
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

/// The nanoseconds that a text means. A longer time is `u64::MAX`. Returns `None` if the text is not a duration.
fn parse_nanos(text: &str) -> Option<u64> {
    let mut nanos: u64 = 0;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = split_at_first(rest, |c| !c.is_ascii_digit() && c != '.');
        let (unit, after) = split_at_first(after, |c| !c.is_ascii_alphabetic());
        let unit = match unit {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        nanos = nanos.saturating_add(parse_decimal(number, unit)?);
        rest = after;
    }
    Some(nanos)
}

/// A decimal text such as `"1.5"` times a unit, exactly. A larger product is `u64::MAX`. Returns `None` if the text is
/// not a decimal number or the product is not whole. The unit is at most an hour in nanoseconds.
fn parse_decimal(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let (unit, scale) = (u128::from(unit), 10_u128.pow(fraction.len() as u32));
    let part = fraction.parse::<u128>().ok()? * unit;
    let product = whole.parse::<u128>().ok()? * unit + part / scale;
    part.is_multiple_of(scale)
        .then(|| u64::try_from(product).unwrap_or(u64::MAX))
}

fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    is_digits(whole) && is_digits(fraction)
}

/// Whether a text is 1 to 15 digits and nothing else.
fn is_digits(text: &str) -> bool {
    (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
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
    /// The number. Returns `None` if the number is out of range.
    pub const fn new(value: u64) -> Option<Self> {
        if value >= MIN && value <= MAX {
            Some(Self(value))
        } else {
            None
        }
    }

    /// Reads a number, or a decimal text. Returns `None` for a value of another type.
    pub(crate) fn read(value: &Value) -> Option<Result<Self, String>> {
        let Some(text) = value.as_str() else {
            return value.as_f64().map(|number| whole(number, MIN, MAX).map(Self));
        };
        is_decimal(text).then(|| match parse_decimal(text, 1) {
            None => Err("is not a whole number".to_owned()),
            Some(number) => Self::new(number).ok_or_else(|| format!("is not between {MIN} and {MAX}")),
        })
    }

    /// The number, or the bound that is nearest to the number.
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
