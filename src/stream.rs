//! One request. Each callback reads what the policy needs, gives it to the policy and returns `Continue`. So nothing here can
//! delay, change or fail the primary.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use mirror_policy::active_plan::ActivePlan;
use mirror_policy::headers::Headers;
use mirror_policy::matching::RequestHead;
use mirror_policy::vm_state::{RootId, StreamId};
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use crate::host::{self, Buffer, Map};
use crate::{dispatch, vm};

/// A request.
pub struct Stream {
    id: StreamId,
    root: RootId,
    /// `None` if no request is copied.
    plan: Option<Rc<ActivePlan>>,
    attempts: Attempts,
}

/// Whether the requests of a root context have the number of an attempt. Behind the router each request has a number from 1
/// on. Before the router the number is absent or 0. A root context has one place, so its first request answers for all, and
/// the other requests do not pay for the question.
#[derive(Clone, Default)]
pub struct Attempts {
    are_unnumbered: Rc<Cell<bool>>,
}

// === impl Attempts ===

impl Attempts {
    /// Whether the request is a further attempt for a request that has been here before.
    fn is_retry(&self) -> bool {
        if self.are_unnumbered.get() {
            return false;
        }
        let attempt = number(host::ATTEMPT).unwrap_or(0);
        self.are_unnumbered.set(attempt == 0);
        attempt > 1
    }
}

// === impl Stream ===

impl Stream {
    /// A request of a root context.
    pub fn new(id: StreamId, root: RootId, plan: Option<Rc<ActivePlan>>, attempts: Attempts) -> Self {
        Self {
            id,
            root,
            plan,
            attempts,
        }
    }

    /// The head of the request came. The host is asked about the request only after the sample.
    fn begin(&self, plan: &ActivePlan, is_complete: bool) {
        if self.attempts.is_retry() {
            return;
        }
        let mut headers = Headers::default();
        if plan.needs_headers {
            headers = host::headers(Map::RequestHeaders);
        }
        let port = if plan.needs_port {
            number(host::DESTINATION_PORT)
        } else {
            None
        };
        let wall = if plan.needs_wall_clock {
            host::wall_clock()
        } else {
            None
        };
        let sampled = vm::with(|vm| vm.sample(plan, &RequestHead::new(&headers, port), wall));
        if sampled.is_empty() {
            return;
        }
        if !plan.needs_headers {
            headers = host::headers(Map::RequestHeaders);
        }
        let is_routed = host::property(host::CLUSTER_NAME).is_some_and(|name| !name.is_empty());
        let now = host::now();
        vm::with(|vm| vm.begin(self.id, plan, sampled, headers, is_routed, now));
        if is_complete {
            self.complete(now);
        }
    }

    /// The request is complete: its copies leave.
    fn complete(&self, now: Duration) {
        let copies = vm::with(|vm| vm.complete(self.id, now));
        dispatch::send(self.root, self.id, copies);
    }
}

/// The value of a property that is a small number. Returns `None` if the host does not have the property.
fn number(property: &str) -> Option<u16> {
    let bytes = host::property(property)?;
    u64::from_le_bytes(bytes.try_into().ok()?).try_into().ok()
}

impl Context for Stream {
    fn on_done(&mut self) -> bool {
        vm::with(|vm| vm.end_stream(self.id));
        true
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        if let Some(plan) = self.plan.take() {
            self.begin(&plan, end_of_stream);
        }
        Action::Continue
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if vm::with(|vm| vm.is_collecting(self.id)) {
            let now = host::now();
            let is_wanted = vm::with(|vm| vm.wants(self.id, size));
            let chunk = if is_wanted {
                host::buffer(Buffer::RequestBody, size)
            } else {
                None
            };
            vm::with(|vm| vm.body(self.id, size, chunk, now));
            if end_of_stream {
                self.complete(now);
            }
        }
        Action::Continue
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        if vm::with(|vm| vm.is_collecting(self.id)) {
            self.complete(host::now());
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        if vm::with(|vm| vm.awaits_answer(self.id)) {
            let headers = host::headers(Map::ResponseHeaders);
            let now = host::now();
            vm::with(|vm| vm.response_headers(self.id, &headers, end_of_stream, now));
            vm::write_many_changes();
        }
        Action::Continue
    }

    fn on_http_response_trailers(&mut self, _: usize) -> Action {
        if vm::with(|vm| vm.awaits_answer(self.id)) {
            let trailers = host::headers(Map::ResponseTrailers);
            vm::with(|vm| vm.response_trailers(self.id, &trailers));
        }
        Action::Continue
    }
}
