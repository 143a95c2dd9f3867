//! The VM's ledger: one for all plugins, configurations and streams that share the VM. Whoever uses it borrows it for one
//! step and gets effects back; the host is called only when nothing is borrowed.

use std::cell::RefCell;
use std::rc::Rc;

use mirror_policy::account::AccountId;
use mirror_policy::breaker::Transition;
use mirror_policy::effects::Effects;
use mirror_policy::ledger::Ledger;
use mirror_policy::sample::Dice;

use crate::host;
use crate::stats::Metrics;

/// All that lives as long as the VM.
pub struct Vm {
    /// What is held, and by whom.
    pub ledger: Ledger,
    /// What the host calls each statistic of each account.
    pub metrics: Metrics,
    /// The source of chance.
    pub dice: Dice,
    /// The root contexts that serve, configured and not told to go, and whose accounts they use.
    pub serving: Vec<(u32, Rc<[AccountId]>)>,
}

thread_local! {
    static VM: RefCell<Vm> = RefCell::new(Vm {
        ledger: Ledger::default(),
        metrics: Metrics::default(),
        dice: Dice::new(host::seed()),
        serving: Vec::new(),
    });
}

/// One step with the VM's state. The step must not call the host. `None`: the state is borrowed already, which no caller
/// here can bring about, and which costs a copy rather than a request.
pub fn with<T>(step: impl FnOnce(&mut Vm) -> T) -> Option<T> {
    VM.with(|vm| vm.try_borrow_mut().ok().map(|mut vm| step(&mut vm)))
}

/// Brings the effects of a callback to the host's statistics and log.
pub fn apply(mut effects: Effects) {
    for (account, transition) in effects.take_transitions() {
        let mirror = with(|vm| vm.ledger.accounts().mirror(account).map(str::to_owned)).flatten();
        report(&mirror.unwrap_or_default(), transition);
    }
    let changes = with(|vm| vm.metrics.resolve(&mut effects)).unwrap_or_default();
    for change in changes {
        change.apply();
    }
}

/// Logs what the circuit breaker of a mirror did.
fn report(mirror: &str, transition: Transition) {
    let what = match transition {
        Transition::Opened { failures, ended } => format!("open: {failures} of {ended} copies failed"),
        Transition::HalfOpened => "half-open: one copy is sent as a probe".to_owned(),
        Transition::Reopened => "open again: the probe failed".to_owned(),
        Transition::Closed => "closed".to_owned(),
    };
    log::warn!("traffic-mirror: {mirror}: the circuit breaker is {what}");
}
