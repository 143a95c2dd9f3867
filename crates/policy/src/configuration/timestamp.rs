//! A moment on the wall clock, as RFC 3339 writes moments. The reader refuses a date that no calendar has, and a time
//! without a zone. The timestamp keeps its text, so a message has the user's spelling.

use std::time::Duration;

use serde::{Serialize, Serializer};

/// A moment of the years 2000 to 9999.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timestamp {
    text: String,
    unix: Duration,
}

const WANTED: &str = "is not a time with its zone as in RFC 3339, such as \"2026-12-01T18:00:00Z\"";

// === impl Timestamp ===

impl Timestamp {
    /// Reads a text such as `2026-12-01T18:00:00Z` or `2026-12-01t19:00:00.5+01:00`. A second has at most nine digits
    /// behind its point. Leap seconds are refused, because Unix time has none.
    ///
    /// # Errors
    /// The text is not a time as in RFC 3339, or the time is before the year 2000.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (unix, year) = read(text).ok_or_else(|| WANTED.to_owned())?;
        // A broken clock often shows 1970, and the value 0 of the gauge means `never`.
        if year < 2000 {
            return Err("is before the year 2000".to_owned());
        }
        Ok(Self {
            text: text.to_owned(),
            unix,
        })
    }

    /// The text that the user wrote.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The time since 1970-01-01T00:00:00Z, without leap seconds.
    pub const fn unix(&self) -> Duration {
        self.unix
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// The Unix time and the written year. Returns `None` if the text is not a time. The Unix time of a year before 1970
/// has no meaning.
fn read(text: &str) -> Option<(Duration, u64)> {
    let mut rest = text.as_bytes();
    let year = number(&mut rest, 4)?;
    let month = take(&mut rest, b"-").and_then(|_| number(&mut rest, 2))?;
    let day = take(&mut rest, b"-").and_then(|_| number(&mut rest, 2))?;
    let hour = take(&mut rest, b"Tt").and_then(|_| number(&mut rest, 2))?;
    let minute = take(&mut rest, b":").and_then(|_| number(&mut rest, 2))?;
    let second = take(&mut rest, b":").and_then(|_| number(&mut rest, 2))?;
    if !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut nanos = 0;
    if take(&mut rest, b".").is_some() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&digits) {
            return None;
        }
        nanos = number(&mut rest, digits)?;
        for _ in digits..9 {
            nanos *= 10;
        }
    }
    let (east, west) = match take(&mut rest, b"Zz+-")? {
        sign @ (b'+' | b'-') => {
            let hours = number(&mut rest, 2)?;
            let minutes = take(&mut rest, b":").and_then(|_| number(&mut rest, 2))?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = hours * 3600 + minutes * 60;
            if sign == b'+' { (seconds, 0) } else { (0, seconds) }
        }
        _ => (0, 0),
    };
    if !rest.is_empty() {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second + west;
    Some((Duration::new(seconds.saturating_sub(east), nanos as u32), year))
}

/// The days from 1970-01-01 to a day of the Gregorian calendar. Returns 0 for earlier years.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let past = year.saturating_sub(1);
    let of_years = past * 365 + past / 4 - past / 100 + past / 400;
    let of_months: u64 = (1..month).map(|month| days_of(year, month)).sum();
    // 719,162 days lie between 0001-01-01 and 1970-01-01.
    (of_years + of_months + day - 1).saturating_sub(719_162)
}

const fn days_of(year: u64, month: u64) -> u64 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Takes the next byte. Returns `None` if the next byte is none of these.
fn take(rest: &mut &[u8], of: &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first().filter(|(first, _)| of.contains(first))?;
    *rest = after;
    Some(*first)
}

/// Takes a number of exactly so many digits.
fn number(rest: &mut &[u8], digits: usize) -> Option<u64> {
    let (text, after) = rest.split_at_checked(digits)?;
    *rest = after;
    text.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + u64::from(byte.wrapping_sub(b'0')))
    })
}
