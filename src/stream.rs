//! One request. Each callback reads what the policy needs, gives it to the policy and returns `Continue`. So nothing
//! here can delay, change or fail the primary.

use std::rc::Rc;
use std::time::Duration;

use mirror_policy::active_plan::ActivePlan;
use mirror_policy::gates::Arrival;
use mirror_policy::headers::Headers;
use mirror_policy::matching::RequestHead;
use mirror_policy::vm_state::{RootId, StreamId};
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use crate::host::{self, Buffer, Map};
use crate::questions::Questions;
use crate::{dispatch, vm};

/// A request that passes the filter.
pub struct Stream {
    id: StreamId,
    root: RootId,
    /// `None` if no request is copied.
    plan: Option<Rc<ActivePlan>>,
    questions: Questions,
}

// === impl Stream ===

impl Stream {
    /// A request of a root context.
    pub fn new(id: StreamId, root: RootId, plan: Option<Rc<ActivePlan>>, questions: Questions) -> Self {
        Self {
            id,
            root,
            plan,
            questions,
        }
    }

    /// The head of the request came. The host is asked about the request only after the sample.
    fn begin(&self, plan: &ActivePlan, is_complete: bool) {
        let mut headers = Headers::default();
        if plan.needs_headers {
            headers = host::headers(Map::RequestHeaders);
        }
        let port = if plan.needs_port { self.questions.port() } else { None };
        let head = RequestHead::new(&headers, port);
        let has_questions = plan.needs_wall_clock || self.questions.may_be_retry();
        if has_questions && (!plan.matches(&head) || self.questions.is_retry()) {
            return;
        }
        let wall = plan.needs_wall_clock.then(host::wall_clock).flatten();
        let sampled = vm::with(|vm| vm.sample(plan, &head, wall));
        if sampled.is_empty() {
            return;
        }
        if !plan.needs_headers {
            headers = host::headers(Map::RequestHeaders);
        }
        let is_routed = self.questions.is_routed();
        let now = host::now();
        let arrival = Arrival {
            is_routed,
            is_complete,
            now,
        };
        vm::with(|vm| vm.begin(self.id, plan, sampled, headers, arrival));
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
