//! Stage 6: sends the copies of a complete request. A callout always belongs to the root context, so it outlives the
//! stream, but the SDK routes its answer to the context that was active at dispatch. So the stream puts its copies into
//! the outbox and re-enters the module through the root's `on_queue_ready`, where they are sent.

use std::cell::RefCell;

use mirror_policy::account::AccountId;
use mirror_policy::effects::Effects;
use mirror_policy::exchange::Outgoing;
use mirror_policy::reason::Dropped;

use crate::host::{self, Refusal};
use crate::ledger;

/// The copies of one request on their way from the stream to the root, and what became of them on the way back.
#[derive(Default)]
struct Outbox {
    copies: Vec<Outgoing>,
    sent: Vec<AccountId>,
    effects: Effects,
}

thread_local! {
    static OUTBOX: RefCell<Outbox> = RefCell::default();
}

/// Sends the copies; called from a stream's callback. Returns the accounts whose copy Envoy took.
pub fn send(root: u32, copies: Vec<Outgoing>, effects: &mut Effects) -> Vec<AccountId> {
    if copies.is_empty() {
        return Vec::new();
    }
    OUTBOX.replace(Outbox {
        copies,
        sent: Vec::new(),
        effects: std::mem::take(effects),
    });
    host::reenter(root);
    let outbox = OUTBOX.take();
    *effects = outbox.effects;
    for copy in outbox.copies {
        refuse(copy, Dropped::NoCapacity, effects);
    }
    outbox.sent
}

/// The root's part: takes the copies out of the outbox and dispatches them in its own name.
pub fn on_queue_ready(root: u32, queue: u32) {
    if queue != host::OUTBOX {
        return;
    }
    let Outbox {
        copies,
        mut sent,
        mut effects,
    } = OUTBOX.take();
    for copy in copies {
        let account = copy.account();
        match dispatch(&copy) {
            Ok(token) => {
                ledger::with(|vm| vm.ledger.sent(copy, token, root, &mut effects));
                sent.push(account);
            }
            Err(reason) => refuse(copy, reason, &mut effects),
        }
    }
    OUTBOX.replace(Outbox {
        copies: Vec::new(),
        sent,
        effects,
    });
}

fn dispatch(copy: &Outgoing) -> Result<u32, Dropped> {
    let mirror = copy.mirror().ok_or(Dropped::NoCapacity)?;
    let headers = copy.headers()?;
    host::call(&mirror.cluster, &headers, copy.body(), mirror.config.timeout.duration()).map_err(
        |refusal| match refusal {
            Refusal::BadArgument => Dropped::ClusterMissing,
            Refusal::Failed => Dropped::NoCapacity,
        },
    )
}

fn refuse(copy: Outgoing, reason: Dropped, effects: &mut Effects) {
    ledger::with(|vm| vm.ledger.refused(copy, reason, effects));
}
