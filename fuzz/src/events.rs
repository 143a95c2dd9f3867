//! A storm of events that takes its decisions from the input. After every event the policy and the model agree in each
//! statistic, account and circuit breaker.

use mirror_model::storm::Storm;

use crate::input::Input;

/// An input is read up to here; longer ones only repeat themselves.
const MOST_EVENTS: usize = 400;

/// Checks one input: the decisions of a storm.
///
/// # Panics
/// If the policy does something else than the model.
pub fn check(bytes: &[u8]) {
    let mut storm = Storm::new(Input::new(bytes));
    for _ in 0..MOST_EVENTS {
        if storm.decisions().is_empty() {
            break;
        }
        storm.step();
        storm.check().unwrap();
    }
    storm.end();
}
