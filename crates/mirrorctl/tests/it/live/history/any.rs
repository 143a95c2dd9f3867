//! For any readings at all, nothing is lost and nothing invented.

use mirrorctl::live::history::History;
use mirrorctl::live::view::View;
use mirrorctl::live::window::Window;
use proptest::prelude::*;

use super::{reading, running};

/// Something that happens to a proxy between two readings.
#[derive(Debug, Clone)]
enum Event {
    Requests(u16),
    Restart,
    Wait(u32),
    Read,
    Unreachable(u32),
}

fn events() -> impl Strategy<Value = Vec<(u8, Event)>> {
    let event = prop_oneof![
        4 => any::<u16>().prop_map(Event::Requests),
        1 => Just(Event::Restart),
        3 => (1_u32..30_000).prop_map(Event::Wait),
        4 => Just(Event::Read),
        1 => (60_000_u32..200_000).prop_map(Event::Unreachable),
    ];
    proptest::collection::vec((0_u8..3, event), 1..120)
}

/// A proxy, as it is and as it was last read.
#[derive(Default, Clone)]
struct Process {
    counted: f64,
    uptime: f64,
    /// The count and the uptime of the last reading.
    read: Option<(f64, u64)>,
    has_restarted: bool,
    /// What can be known: the growth between readings, and what came since a restart that shows.
    knowable: f64,
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_invented(events in events()) {
        let mut history = History::new(1_000_000);
        let mut processes = vec![Process::default(); 3];
        let mut now = 0_u32;
        for (proxy, event) in events {
            let name = format!("proxy-{proxy}");
            let process = &mut processes[usize::from(proxy)];
            match event {
                Event::Requests(count) => process.counted += f64::from(count),
                Event::Restart => {
                    (process.counted, process.uptime, process.has_restarted) = (0.0, 0.0, true);
                }
                Event::Wait(passed) | Event::Unreachable(passed) => {
                    now += passed;
                    processes.iter_mut().for_each(|process| process.uptime += f64::from(passed) / 1000.0);
                }
                Event::Read => {
                    now += 2_000;
                    processes.iter_mut().for_each(|process| process.uptime += 2.0);
                    let process = &mut processes[usize::from(proxy)];
                    let uptime = process.uptime as u64;
                    let reading = reading(&name, f64::from(now) / 1000.0, process.counted, process.counted);
                    history.push(running(uptime, 0, reading));
                    if let Some((count, at)) = process.read {
                        // One that has counted more since, and runs for longer than it did before, looks like itself.
                        let shows = process.has_restarted && (process.counted < count || uptime < at);
                        process.knowable += process.counted - if shows { 0.0 } else { count };
                    }
                    process.read = Some((process.counted, uptime));
                    process.has_restarted = false;
                }
            }
        }
        let knowable: f64 = processes.iter().map(|process| process.knowable).sum();
        let view = View::of(&history, Window::of(Window::LONGEST), &[]);
        if let Some(mirror) = view.mirrors.first() {
            let found = mirror.window.balances.sent;
            prop_assert!((found - knowable).abs() < 0.01 + knowable * 1e-9, "{found}, not {knowable}");
            prop_assert!(mirror.window.seconds <= f64::from(now) / 1000.0 + 1e-6);
            let rates = mirror.series.primary.rate.iter().flatten();
            prop_assert!(rates.into_iter().all(|rate| rate.is_finite() && *rate >= 0.0));
        }
    }
}
