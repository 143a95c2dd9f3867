//! The expiry.

use std::time::Duration;

use mirror_model::bench::Bench;
use mirror_model::plans::plan;
use mirror_policy::reasons::Skipped;
use mirror_policy::statistics::Statistic;
use wasm_bindgen_test::wasm_bindgen_test;

use super::Mirror;

#[wasm_bindgen_test(unsupported = test)]
fn a_mirror_ends_at_its_moment_and_not_before() {
    let mut mirror = Mirror::new(r#""expiresAt": "2026-12-01T18:00:00.5Z""#);
    assert!(mirror.bench.active_plan().needs_wall_clock);
    let end = Duration::new(1_796_148_000, 500_000_000);
    mirror.bench.wall = Some(end.checked_sub(Duration::from_nanos(1)).unwrap());
    let id = mirror.begin(0).expect("not yet");
    mirror.bench.wall = Some(end);
    assert!(mirror.copy(0).is_none());
    assert_eq!(mirror.bench.complete(id, 0).len(), 1, "what began in time goes on");
    mirror.bench.wall = Some(end.checked_sub(Duration::from_secs(9)).unwrap());
    assert!(
        mirror.begin(0).is_some(),
        "a clock that was set back counts as it stands"
    );
    mirror.bench.wall = None;
    assert!(mirror.copy(0).is_none(), "without a clock nothing is sent");
    assert_eq!(mirror.count(Statistic::Skipped(Skipped::Expired)), 2);

    let mut mirror = Mirror::new("");
    assert!(!mirror.bench.active_plan().needs_wall_clock);
    assert!(mirror.copy(0).is_some(), "never");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_expiry_is_shown_in_seconds_and_never_as_zero() {
    let mut bench = Bench::new(plan(
        r#"{"mirrors": [
                {"name": "a", "cluster": "a", "expiresAt": "2026-12-01T18:00:00.9Z"},
                {"name": "b", "cluster": "b"}]}"#,
    ));
    let shown = |bench: &Bench| {
        let settings = bench.settings().iter();
        let of_expiry = settings.filter(|(_, statistic, _)| *statistic == Statistic::ExpiryTimestampSeconds);
        of_expiry.map(|(_, _, value)| *value).collect::<Vec<_>>()
    };
    assert_eq!(shown(&bench), [1_796_148_000, 0]);
    bench.update(plan(r#"{"mirrors": [{"name": "b", "cluster": "b"}]}"#));
    assert_eq!(shown(&bench), [0, 0], "a mirror that is gone never expires");
}
