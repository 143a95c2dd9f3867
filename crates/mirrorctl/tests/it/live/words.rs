//! Numbers, shares and ages, as a person reads them.

use mirrorctl::live::words;

#[test]
fn numbers_are_as_exact_as_they_are_worth() {
    for (value, rate, percent, latency, count, bytes) in [
        (0.0, "0", "0", "0ms", "0", "0B"),
        (0.001, "<0.01", "<0.01", "<0.01ms", "<1", "0B"),
        (0.25, "0.25", "0.25", "0.25ms", "<1", "0B"),
        (9.999, "10.0", "10", "10ms", "10", "10B"),
        (12.345, "12.3", "12.35", "12ms", "12", "12B"),
        (99.999, "100", ">99.99", "100ms", "100", "100B"),
        (100.0, "100", "100", "100ms", "100", "100B"),
        (999.6, "1000", "999.6", "1.00s", "1000", "1000B"),
        (61_234.0, "61234", "61234", "61s", "61234", "59.8KiB"),
        (1e15, "1.0e15", "1.0e15", "1000000000000s", "1.0e15", "909.5TiB"),
        (1e300, "1.0e300", "1.0e300", "1.0e297s", "1.0e300", "9.1e287TiB"),
    ] {
        let found = (
            words::rate(value),
            words::percent(value),
            words::latency(value),
            words::count(value),
            words::bytes(value),
        );
        let expected = [rate, percent, latency, count, bytes].map(str::to_owned);
        assert_eq!([found.0, found.1, found.2, found.3, found.4], expected, "{value}");
    }
    for unknown in [None, Some(f64::NAN), Some(f64::INFINITY)] {
        assert_eq!(words::known(unknown, words::rate), "-");
    }
    assert_eq!(words::pair(None, Some(1.0), words::share), "-/1%");
    assert_eq!(words::configured(0.0057), "0.0057%");
}

#[test]
fn ages_are_those_of_kubectl() {
    for (seconds, age) in [
        (-1, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (599, "9m59s"),
        (600, "10m"),
        (10_799, "179m"),
        (10_800, "3h"),
        (28_799, "7h59m"),
        (28_800, "8h"),
        (172_799, "47h"),
        (172_800, "2d"),
        (176_400, "2d1h"),
        (691_200, "8d"),
        (63_071_999, "729d"),
        (63_158_400, "2y1d"),
        (315_360_000, "10y"),
    ] {
        assert_eq!(words::age(seconds), age, "{seconds}");
    }
    assert_eq!(words::span(5400.4), "1h30m");
    assert_eq!(words::span(0.2), "0s");
}
