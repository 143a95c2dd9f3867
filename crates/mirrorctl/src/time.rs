//! Times as RFC 3339 writes them and spans as people say them, without a clock: now is always an argument.

use std::fmt;

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
        (civil(later.0.div_euclid(DAY)).0 <= 9999).then_some(later)
    }

    /// Reads `2026-12-01T18:00:00Z` or `2026-12-01T18:00:00+01:00`; a fraction of a second is cut off.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |from: usize, length: usize| {
            let digits = text.get(from..from + length)?;
            let all = digits.bytes().all(|byte| byte.is_ascii_digit());
            if all { digits.parse::<i64>().ok() } else { None }
        };
        let marks = [(4, "-"), (7, "-"), (13, ":"), (16, ":")];
        let marked = marks.iter().all(|(at, mark)| text.get(*at..at + 1) == Some(mark));
        if !marked || !matches!(text.get(10..11)?, "T" | "t") {
            return None;
        }
        let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
        let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
        let days = days(year, month, day);
        // A leap second (:60) is the first second of the next minute.
        if civil(days) != (year, month, day) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let mut rest = 19;
        if text.get(rest..rest + 1) == Some(".") {
            let digits = text.get(rest + 1..)?.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return None;
            }
            rest += 1 + digits;
        }
        let offset = match text.get(rest..)? {
            "Z" | "z" => 0,
            zone if zone.len() == 6 && zone.get(3..4) == Some(":") => {
                let (hours, minutes) = (number(rest + 1, 2)?, number(rest + 4, 2)?);
                if hours > 23 || minutes > 59 {
                    return None;
                }
                match zone.get(..1)? {
                    "+" => hours * 3600 + minutes * 60,
                    "-" => -(hours * 3600 + minutes * 60),
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some(Self(days * DAY + hour * 3600 + minute * 60 + second - offset))
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

/// Days since 1970-01-01 of a date in the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms"): a year that begins in March puts the leap day last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The date of a day since 1970-01-01: year, month, day.
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
