//! Whatever the world is like and however large the terminal: the drawing stays within it and never fails.

use crate::common::moments::{NOW, healthy, history, moment, native, who_many};
use mirrorctl::live::balances::ReasonCount;
use mirrorctl::live::feed::SourceEndpoint;
use mirrorctl::live::gauges::{Now, Set};
use mirrorctl::live::rates::Side;
use mirrorctl::live::series::{Lines, Series};
use mirrorctl::live::state::State;
use mirrorctl::live::view::{MirrorView, View};
use mirrorctl::watch::draw::{LEAST, draw};
use mirrorctl::watch::look::Look;
use mirrorctl::watch::scene::{Moment, Scene};
use mirrorctl::watch::ui::Ui;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

/// Ordinary numbers, and all others.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => 0.0..1e6,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![
            0.0, -0.0, 1e-320, 1e-9, 99.995, 100.0, 1e15, 1e300, f64::MAX, f64::MIN, f64::NAN, f64::INFINITY, f64::NEG_INFINITY,
        ]),
    ]
}

fn known() -> impl Strategy<Value = Option<f64>> {
    option::of(number())
}

fn points() -> impl Strategy<Value = Vec<Option<f64>>> {
    prop_oneof![vec(known(), 0..4), vec(known(), 60)]
}

fn lines() -> impl Strategy<Value = Lines> {
    (points(), points(), [points(), points(), points()]).prop_map(|(rate, success, latency)| Lines {
        rate,
        success,
        latency,
    })
}

fn side() -> impl Strategy<Value = Side> {
    (number(), known(), known(), [known(), known(), known()]).prop_map(
        |(responses, per_second, success_percentage, latency)| Side {
            responses,
            per_second,
            success_percentage,
            latency,
        },
    )
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9-]{1,63}",
        "\\PC{0,80}",
        any::<String>(),
        Just("\u{1b}[2J\u{9b}31m\r\n\u{7}".to_owned())
    ]
}

fn mirror() -> impl Strategy<Value = MirrorView> {
    let base = prop::sample::select(vec![true, false]).prop_map(|is_wasm| {
        let mirror = if is_wasm { healthy() } else { native() };
        moment(&history(&[mirror], 30, 1, 0..0), &[]).short.mirrors.remove(0)
    });
    let set = (
        option::of(any::<bool>()),
        known(),
        known(),
        known(),
        option::of(any::<i64>()),
        any::<bool>(),
    );
    let parts = (
        name(),
        (any::<usize>(), any::<usize>()),
        prop::sample::select(State::ALL.to_vec()),
        vec(name(), 0..4),
        (number(), known(), side(), side(), vec(number(), 41)),
        (lines(), lines()),
        [known(), known(), known(), known()],
    );
    (base, set, parts).prop_map(|(base, set, parts)| {
        let (name, proxies, state, advice, (seconds, actual, primary, shadow, counts), (one, other), now) = parts;
        let mut window = base.window.clone();
        window.seconds = seconds;
        window.actual_percentage = actual;
        (window.primary, window.shadow) = (primary, shadow);
        for (slot, count) in [
            &mut window.balances.matched,
            &mut window.balances.sent,
            &mut window.balances.dropped,
        ]
        .into_iter()
        .zip(&counts)
        {
            *slot = *count;
        }
        let reasons = window.balances.reasons.iter().zip(counts.iter().cycle());
        window.balances.reasons = reasons
            .map(|(reason, count)| ReasonCount {
                count: *count,
                ..*reason
            })
            .collect();
        let [collecting, in_flight, buffered_bytes, breakers_open] = now;
        MirrorView {
            name,
            proxies,
            set: Set {
                enabled: set.0,
                percentage: set.1,
                max_in_flight: set.2,
                max_collecting: set.2,
                max_buffered_bytes: set.3,
                expires_at: set.4,
                uniform: set.5,
            },
            now: Now {
                collecting,
                in_flight,
                buffered_bytes,
                breakers_open,
            },
            state,
            advice,
            window,
            series: Series {
                primary: one,
                shadow: other,
                ..base.series.clone()
            },
            ..base
        }
    })
}

fn any_moment() -> impl Strategy<Value = Moment> {
    let endpoint = (name(), option::of(name()), option::of(any::<i64>()))
        .prop_map(|(name, problem, since)| SourceEndpoint { name, problem, since });
    (
        vec(mirror(), 0..4),
        vec(endpoint, 0..4),
        any::<bool>(),
        any::<i64>(),
        0..3usize,
    )
        .prop_map(|(mirrors, endpoints, has_answered, at, proxies)| {
            let empty = moment(&history(&[], 9, 1, 0..0), &[]);
            let view = |view: View| View {
                at: Some(at),
                proxies,
                mirrors: mirrors.clone(),
                ..view
            };
            Moment {
                at,
                short: view(empty.short),
                long: view(empty.long),
                endpoints,
                has_answered,
            }
        })
}

fn any_ui() -> impl Strategy<Value = Ui> {
    (
        option::of(name()),
        any::<bool>(),
        any::<u8>(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(mirror, is_long, percentile, help, paused)| Ui {
            mirror,
            is_long,
            percentile: percentile.into(),
            help,
            paused,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_scene_is_drawn_within_any_area(
        moment in option::of(any_moment()),
        ui in any_ui(),
        now in prop_oneof![Just(NOW), any::<i64>()],
        colour in any::<bool>(),
        unicode in any::<bool>(),
        width in prop_oneof![0..130u16, 0..320u16],
        height in prop_oneof![0..50u16, 0..110u16],
        corner in (0..3u16, 0..3u16),
    ) {
        let who = who_many();
        let scene = Scene { who: &who, moment: moment.as_ref(), ui: &ui, now, look: Look { colour, unicode } };
        let area = Rect::new(corner.0, corner.1, width, height);
        // A frame of cells around the area stays as it is.
        let whole = Rect::new(0, 0, corner.0 + width + 2, corner.1 + height + 2);
        let mut buffer = Buffer::filled(whole, Cell::new("\u{2603}"));
        draw(&scene, area, &mut buffer);
        for position in whole.positions().filter(|position| !area.contains(*position)) {
            prop_assert_eq!(buffer[position].symbol(), "\u{2603}", "{:?}", position);
        }
        // A name that a server made up tells the terminal nothing.
        for cell in buffer.content() {
            prop_assert!(!cell.symbol().contains(char::is_control), "{:?}", cell.symbol());
        }
        if width >= LEAST.0 && height >= LEAST.1 {
            let footer: String = (area.x..area.right()).map(|x| buffer[(x, area.bottom() - 1)].symbol()).collect();
            prop_assert!(footer.contains("quit"), "{}", footer);
        }
    }
}
