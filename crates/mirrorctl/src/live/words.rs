//! Numbers as people read them, in a table or in a sentence: as exact as they are worth, `-` for what nobody knows, and
//! never rounded to nothing or to everything.

/// What nobody knows.
pub const UNKNOWN: &str = "-";

/// Something that may be unknown.
pub fn known(value: Option<f64>, write: fn(f64) -> String) -> String {
    // A sum of nothing is -0.
    let value = value.filter(|value| value.is_finite()).map(|value| value + 0.0);
    value.map_or_else(|| UNKNOWN.to_owned(), write)
}

/// Both versions in one cell; one `-` if nothing is known of either.
pub fn pair(primary: Option<f64>, shadow: Option<f64>, write: fn(f64) -> String) -> String {
    match (primary, shadow) {
        (None, None) => UNKNOWN.to_owned(),
        (primary, shadow) => format!("{}/{}", known(primary, write), known(shadow, write)),
    }
}

/// Per second: three digits or so.
pub fn rate(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        value if value < 0.005 => "<0.01".to_owned(),
        value if value < 9.995 => format!("{value:.2}"),
        value if value < 99.95 => format!("{value:.1}"),
        value => fixed(value, 0),
    }
}

/// Percent, without its sign: a hundredth at most, and only what is nothing is 0 and what is all is 100.
pub fn percent(value: f64) -> String {
    match value {
        value if value > 0.0 && value < 0.01 => "<0.01".to_owned(),
        value if value > 99.99 && value < 100.0 => ">99.99".to_owned(),
        value => trimmed(value, 2),
    }
}

/// Percent, with its sign.
pub fn share(value: f64) -> String {
    format!("{}%", percent(value))
}

/// What is configured as a percentage, exactly: a ten thousandth is the finest.
pub fn configured(value: f64) -> String {
    format!("{}%", trimmed(value, 4))
}

/// Milliseconds.
pub fn latency(value: f64) -> String {
    match value {
        0.0 => "0ms".to_owned(),
        value if value < 0.005 => "<0.01ms".to_owned(),
        value if value < 0.995 => format!("{value:.2}ms"),
        value if value < 9.95 => format!("{value:.1}ms"),
        value if value < 999.5 => format!("{value:.0}ms"),
        value if value < 59_950.0 => format!("{:.2}s", value / 1000.0),
        value => format!("{}s", fixed(value / 1000.0, 0)),
    }
}

/// What was counted, whole: of a window it may be the rounded sum of parts.
pub fn count(value: f64) -> String {
    match value {
        value if value > 0.0 && value < 0.5 => "<1".to_owned(),
        value => fixed(value, 0),
    }
}

/// Bytes.
pub fn bytes(value: f64) -> String {
    let mut value = value;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1023.5 {
            let text = match unit {
                "B" => format!("{value:.0}"),
                _ => format!("{value:.1}"),
            };
            return format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text));
        }
        value /= 1024.0;
    }
    format!("{}TiB", fixed(value, 1))
}

/// A span of time as it is typed: `90s`, `5m`, `1h30m`.
pub fn span(seconds: f64) -> String {
    let seconds = seconds.round().max(0.0) as u64;
    let parts = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let mut rest = seconds;
    let mut text = String::new();
    for (length, unit) in parts {
        if rest >= length {
            text.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    match text.is_empty() {
        true => "0s".to_owned(),
        false => text,
    }
}

/// How long until or since, as kubectl writes ages: two units at most, and only where they matter
/// (k8s.io/apimachinery/pkg/util/duration, HumanDuration).
pub fn age(seconds: i64) -> String {
    let two = |first: i64, unit: &str, rest: i64, of: &str| match rest {
        0 => format!("{first}{unit}"),
        rest => format!("{first}{unit}{rest}{of}"),
    };
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        ..0 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => two(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

/// With so many digits behind the point; what no proxy counts in its life, by its order of magnitude.
fn fixed(value: f64, digits: usize) -> String {
    match value.abs() < 1e15 {
        true => format!("{value:.digits$}"),
        false => format!("{value:.1e}"),
    }
}

/// The same without zeros at the end.
fn trimmed(value: f64, digits: usize) -> String {
    let text = fixed(value, digits);
    match text.contains('.') && !text.contains('e') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A text of others on one line, without what a terminal would obey.
pub fn text(text: &str) -> String {
    let is_harmless = |c: char| {
        !c.is_control() && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if is_harmless(c) { c } else { '\u{fffd}' })
        .collect()
}
