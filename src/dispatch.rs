//! Sends the copies of a complete request. In Envoy a callout belongs to the root context and outlives the stream. The
//! SDK gives the answer to the context that was active at the dispatch, and drops the answer if that context is gone.
//! So the stream puts its copies into the outbox and enters the root's `on_queue_ready`, where the copies are sent.

use std::cell::Cell;
use std::rc::Rc;

use mirror_policy::copy::{Outgoing, RequestCopy};
use mirror_policy::reasons::Dropped;
use mirror_policy::vm_state::{RootId, StreamId, Token};

use crate::host::{self, CalloutRefusal};
use crate::vm;

/// The copies of one request on their way from the stream to the root.
type Outbox = (StreamId, Vec<RequestCopy>);

thread_local! {
    static OUTBOX: Cell<Outbox> = Cell::default();
}

/// Sends the copies of a stream. Only a callback of a stream may call this.
pub fn send(root: RootId, stream: StreamId, copies: Vec<RequestCopy>) {
    if !copies.is_empty() {
        OUTBOX.set((stream, copies));
        host::reenter(root);
    }
    let (_, unsent) = OUTBOX.take();
    vm::with(|vm| {
        for copy in unsent {
            vm.refused(copy, Dropped::NoCapacity);
        }
        vm.all_sent(stream);
    });
}

/// The root's part: takes the copies out of the outbox and sends them in the name of the root.
pub fn on_queue_ready(root: RootId, queue: u32) {
    if queue != host::OUTBOX {
        return;
    }
    let (stream, copies) = OUTBOX.take();
    for mut copy in copies {
        let result = call(&mut copy);
        vm::with(|vm| match result {
            Ok(token) => vm.sent(stream, root, copy, token),
            Err(reason) => vm.refused(copy, reason),
        });
    }
}

fn call(copy: &mut RequestCopy) -> Result<Token, Dropped> {
    let active = Rc::clone(&copy.mirror);
    let mirror = &active.mirror;
    let timeout = mirror.config.timeout.duration();
    let Outgoing { headers, body } = copy.leave()?;
    host::call(&mirror.cluster, &headers, body, timeout).map_err(|refusal| match refusal {
        CalloutRefusal::BadArgument => Dropped::ClusterMissing,
        CalloutRefusal::Failed => Dropped::NoCapacity,
    })
}
