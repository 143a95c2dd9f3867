//! The state of the VM: one for all plugins, configurations and streams in it. A step on the state calls no host, but
//! for the definition of a new mirror's statistics. The host gets the changes afterwards.

use mirror_policy::Slot;
use mirror_policy::breaker::Transition;
use mirror_policy::ledger::Change;
use mirror_policy::vm_state::VmState;

use crate::host;

thread_local! {
    static VM: Slot<VmState> = Slot::new(VmState::new(host::seed()));
}

/// Does one step on the state of the VM.
pub fn with<T>(step: impl FnOnce(&mut VmState) -> T) -> T {
    VM.with(|vm| vm.with(step))
}

/// Writes all changes to the statistics and the log of the host.
pub fn write_changes() {
    apply(with(VmState::take_changes));
}

/// Writes the changes if there are so many that the next tick is too late.
pub fn write_many_changes() {
    if with(|vm| vm.is_full()) {
        write_changes();
    }
}

/// Writes changes to the statistics and the log of the host.
pub fn apply(changes: Vec<Change>) {
    for change in changes {
        match change {
            Change::Step(metric, by) => host::increment_metric(metric, by),
            Change::Record(metric, value) => host::record_metric(metric, value),
            Change::Breaker { mirror, transition } => log_transition(&mirror, transition),
        }
    }
}

fn log_transition(mirror: &str, transition: Transition) {
    let state = match transition {
        Transition::Opened { failures, ended } => format!("open: {failures} of {ended} copies failed"),
        Transition::HalfOpened => "half-open: one copy is sent as a probe".to_owned(),
        Transition::Reopened => "open again: the probe failed".to_owned(),
        Transition::Closed => "closed".to_owned(),
    };
    log::warn!("traffic-mirror: {mirror}: the circuit breaker is {state}");
}
