//! Storms that take their decisions from seeded dice. A failure names the seed and the step; `SIMULATION_SEED` runs
//! that storm alone.

use std::ops::Range;

use mirror_model::storm::Storm;
use mirror_model::storm::seen::Seen;
use mirror_policy::sample::Dice;
use wasm_bindgen_test::wasm_bindgen_test;

const SEEDS: Range<u64> = 1..5;
const STEPS: u64 = if cfg!(target_arch = "wasm32") { 25_000 } else { 300_000 };

/// Names the place of a panic in the policy itself.
struct Place {
    seed: u64,
    step: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}, step {}", self.seed, self.step);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn no_storm_of_events_breaks_a_rule() {
    let asked = std::env::var("SIMULATION_SEED").ok();
    let asked = asked.map(|seed| seed.parse().expect("a number"));
    let seeds = asked.map_or(SEEDS, |seed| seed..seed + 1);
    let mut seen = Seen::default();
    for seed in seeds {
        let mut storm = Storm::new(Dice::new(seed));
        for step in 0..STEPS {
            let _place = Place { seed, step };
            storm.step();
            if let Err(difference) = storm.check() {
                panic!("seed {seed}, step {step}: {difference}");
            }
        }
        seen.add(&storm.end());
    }
    if asked.is_none() {
        seen.assert_whole();
    }
}
