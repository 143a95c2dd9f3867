//! Numbers as a person reads them at a glance: three digits that matter, and a unit. What is unknown is never a number.

/// `12.4`, `1,240`, `12.4k`, `1.24M`: a rate, or a place on an axis.
pub fn plain(value: f64) -> String {
    match value.abs() {
        size if size < 0.000_5 => "0".to_owned(),
        size if size < 0.095 => trimmed(value, 3),
        size if size < 9.995 => trimmed(value, 2),
        size if size < 99.95 => trimmed(value, 1),
        size if size < 9_999.5 => grouped(value),
        size if size < 99_950.0 => format!("{}k", trimmed(value / 1e3, 1)),
        size if size < 999_500.0 => format!("{:.0}k", value / 1e3),
        size if size < 9_995_000.0 => format!("{}M", trimmed(value / 1e6, 2)),
        size if size < 1e12 => format!("{:.0}M", value / 1e6),
        _ => format!("{value:.1e}"),
    }
}

/// `1,234`, and in millions from ten millions on.
pub fn count(value: f64) -> String {
    match value.round() {
        value if value.abs() < 10_000_000.0 => grouped(value),
        value => plain(value),
    }
}

/// `12.4/s`.
pub fn rate(value: f64) -> String {
    format!("{}/s", plain(value))
}

/// `99.95%`; never 0% or 100% that is not quite.
pub fn percent(value: f64) -> String {
    match value {
        value if value <= 0.0 => "0%".to_owned(),
        value if value < 0.01 => "<0.01%".to_owned(),
        value if value >= 100.0 => format!("{}%", trimmed(value, 1)),
        value if value > 99.99 => ">99.99%".to_owned(),
        value if !(10.0..99.0).contains(&value) => format!("{}%", trimmed(value, 2)),
        value => format!("{}%", trimmed(value, 1)),
    }
}

/// A percentage as it was configured: to a ten thousandth.
pub fn set_percent(value: f64) -> String {
    format!("{}%", trimmed(value, 4))
}

/// `1.2 ms`, `840 ms`, `2.05 s`.
pub fn milliseconds(value: f64) -> String {
    match value {
        value if value < 99.95 => format!("{} ms", trimmed(value, 1)),
        value if value < 999.5 => format!("{value:.0} ms"),
        value => format!("{} s", plain(value / 1e3)),
    }
}

/// `512 B`, `1.2 KiB`, `16 MiB`.
pub fn bytes(value: f64) -> String {
    match value {
        value if value < 1024.0 => format!("{value:.0} B"),
        value if value < 1024.0 * 1024.0 => format!("{} KiB", trimmed(value / 1024.0, 1)),
        value if value < 1024.0 * 1024.0 * 1024.0 => format!("{} MiB", trimmed(value / 1024.0 / 1024.0, 1)),
        value => format!("{} GiB", trimmed(value / 1024.0 / 1024.0 / 1024.0, 1)),
    }
}

/// `45 s`, `12 min`, `5 h`, `8 d`: the largest unit of which there are two.
pub fn span(seconds: i64) -> String {
    match seconds.max(0) {
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds if seconds < 7_200 => format!("{} min", seconds / 60),
        seconds if seconds < 172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// The time of the day of Unix milliseconds: `18:27:05 UTC`.
pub fn clock(milliseconds: i64) -> String {
    let second = milliseconds.div_euclid(1000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02} UTC", second / 3600, second / 60 % 60, second % 60)
}

/// With so many decimals at most.
fn trimmed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 { format!("-{text}") } else { text }
}
