//! Numbers as `watch` writes them.

use mirrorctl::watch::numbers::{bytes, clock, count, milliseconds, percent, plain, rate, set_percent, span};

#[test]
fn three_digits_that_matter() {
    let cases = [
        (0.0, "0"),
        (0.000_4, "0"),
        (0.012, "0.012"),
        (0.25, "0.25"),
        (1.0, "1"),
        (9.994, "9.99"),
        (9.996, "10"),
        (12.34, "12.3"),
        (99.94, "99.9"),
        (99.96, "100"),
        (1_234.0, "1,234"),
        (9_999.4, "9,999"),
        (12_345.0, "12.3k"),
        (999_499.0, "999k"),
        (999_600.0, "1M"),
        (1_234_567.0, "1.23M"),
        (45_678_901.0, "46M"),
        (-5.0, "-5"),
    ];
    for (value, text) in cases {
        assert_eq!(plain(value), text, "{value}");
    }
    assert_eq!(rate(12.34), "12.3/s");
}

#[test]
fn a_share_is_never_rounded_to_all_or_nothing() {
    let cases = [
        (0.0, "0%"),
        (1e-7, "<0.01%"),
        (0.01, "0.01%"),
        (9.974, "9.97%"),
        (50.04, "50%"),
        (98.96, "99%"),
        (99.95, "99.95%"),
        (99.994, ">99.99%"),
        (100.0, "100%"),
        (130.0, "130%"),
    ];
    for (value, text) in cases {
        assert_eq!(percent(value), text, "{value}");
    }
    assert_eq!(set_percent(0.0001), "0.0001%");
    assert_eq!(set_percent(10.0), "10%");
}

#[test]
fn every_unit_is_taken_where_it_is_read_best() {
    for (value, text) in [
        (0.0, "0 ms"),
        (1.25, "1.2 ms"),
        (99.9, "99.9 ms"),
        (99.96, "100 ms"),
        (999.4, "999 ms"),
        (2_050.0, "2.05 s"),
    ] {
        assert_eq!(milliseconds(value), text, "{value}");
    }
    for (value, text) in [
        (0.0, "0 B"),
        (1_023.0, "1023 B"),
        (1_234.0, "1.2 KiB"),
        (16_777_216.0, "16 MiB"),
        (5e9, "4.7 GiB"),
    ] {
        assert_eq!(bytes(value), text, "{value}");
    }
    for (value, text) in [
        (-3, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7_199, "119 min"),
        (7_200, "2 h"),
        (172_799, "47 h"),
        (172_800, "2 d"),
    ] {
        assert_eq!(span(value), text, "{value}");
    }
    for (value, text) in [
        (0.4, "0"),
        (999.0, "999"),
        (1_000.0, "1,000"),
        (1_234_567.0, "1,234,567"),
        (12_345_678.0, "12M"),
    ] {
        assert_eq!(count(value), text, "{value}");
    }
    assert_eq!(clock(1_795_372_025_999), "18:27:05 UTC");
    assert_eq!(clock(-1), "23:59:59 UTC");
}
