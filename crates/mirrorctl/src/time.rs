//! Times as the filter reads them and spans as people say them, without a clock: now is always an argument.

use std::fmt;

use mirror_policy::configuration::timestamp::Timestamp;

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(i64);

const DAY: i64 = 86_400;

// === impl Time ===

impl Time {
    /// From seconds since 1970.
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970.
    pub fn unix(self) -> i64 {
        self.0
    }

    /// So much later; `None` beyond the year 9999.
    pub fn after(self, seconds: u32) -> Option<Self> {
        let later = Self(self.0 + i64::from(seconds));
        (later.year() <= 9999).then_some(later)
    }

    /// Reads what the filter reads as `expiresAt`; a fraction of a second is cut off.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let seconds = Timestamp::parse(text)?.unix().as_secs();
        let time = Self(i64::try_from(seconds).unwrap_or(i64::MAX));
        match time.year() {
            ..=9999 => Ok(time),
            _ => Err("is after the year 9999".to_owned()),
        }
    }

    fn year(self) -> i64 {
        civil(self.0.div_euclid(DAY)).0
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.0.div_euclid(DAY));
        let second = self.0.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

/// Reads a span such as `90s`, `30m`, `2h`, `1h30m` or `7d`, in seconds; `None` if it is none, or zero.
pub fn span(text: &str) -> Option<u32> {
    let mut total: u32 = 0;
    let mut smallest = u32::MAX;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u32 = rest.get(..digits)?.parse().ok()?;
        let unit = match rest.get(digits..digits + 1)? {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        // Each unit once, the largest first.
        if unit >= smallest {
            return None;
        }
        smallest = unit;
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = rest.get(digits + 1..)?;
    }
    (total > 0).then_some(total)
}

/// The date of a day since 1970-01-01: year, month, day. A year that begins in March puts the leap day last (Howard
/// Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}
