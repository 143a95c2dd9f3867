//! One request. Every callback reads what the policy needs, hands it over and returns `Continue`: nothing here can hold,
//! change or fail the primary.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use mirror_policy::effects::Effects;
use mirror_policy::exchange::Binding;
use mirror_policy::ledger::{Arrival, ExchangeId};
use mirror_policy::matching::{self, RequestHead};
use mirror_policy::watch::Watch;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use crate::host::{self, Buffer, Map};
use crate::{dispatch, ledger};

/// What is the same for all requests of a root context.
#[derive(Clone)]
pub struct Service {
    /// The root context.
    pub root: u32,
    /// `None`: no request is copied under this configuration.
    pub binding: Option<Binding>,
    /// Whether a mirror asks for the port.
    pub needs_port: bool,
    /// Where the filter stands.
    pub attempts: Attempts,
}

/// Whether requests have an attempt's number. Behind the router all have one and before it none has, and a root context
/// stands in one place: so the first request tells it for all, and the others do not pay for the question.
#[derive(Clone, Default)]
pub struct Attempts {
    are_unnumbered: Rc<Cell<bool>>,
}

/// A request, watched or not.
pub struct Stream {
    service: Service,
    /// While copies are being collected.
    exchange: Option<ExchangeId>,
    /// From then on until the primary has answered.
    watch: Option<Watch>,
}

// === impl Attempts ===

impl Attempts {
    /// Whether this request is another attempt for one that came by before.
    fn is_retry(&self) -> bool {
        if self.are_unnumbered.get() {
            return false;
        }
        let attempt = number(host::ATTEMPT);
        self.are_unnumbered.set(attempt.is_none());
        attempt.is_some_and(|attempt| attempt > 1)
    }
}

// === impl Stream ===

impl Stream {
    /// A request of this root context.
    pub fn new(service: Service) -> Self {
        Self {
            service,
            exchange: None,
            watch: None,
        }
    }

    /// The request's head is here: which mirrors copy it?
    fn begin(&mut self, binding: Binding, is_complete: bool, effects: &mut Effects) {
        let headers = host::headers(Map::RequestHeaders);
        let port = if self.service.needs_port {
            number(host::DESTINATION_PORT)
        } else {
            None
        };
        let mirrors = matching::select(
            &binding.plan,
            &RequestHead {
                headers: &headers,
                port,
            },
        );
        if mirrors.is_empty() {
            return;
        }
        let is_retry = self.service.attempts.is_retry();
        let is_routed = host::property(host::CLUSTER_NAME).is_some_and(|name| !name.is_empty());
        let now = host::now();
        let wall = binding.plan.needs_wall_clock().then(host::wall_clock).flatten();
        let arrival = Arrival {
            binding,
            mirrors,
            headers,
            is_routed,
            is_retry,
            now,
            wall,
        };
        self.exchange = ledger::with(|vm| vm.ledger.begin(arrival, &mut vm.dice, effects)).flatten();
        if self.exchange.is_some() {
            self.watch = Some(Watch::default());
        }
        if is_complete {
            self.complete(now, effects);
        }
    }

    /// A part of the request's body is here.
    fn collect(&mut self, size: usize, now: Duration, effects: &mut Effects) {
        let Some(id) = self.exchange else { return };
        let is_taken = ledger::with(|vm| vm.ledger.takes(id, size)).unwrap_or_default();
        let chunk = if is_taken {
            host::buffer(Buffer::RequestBody, size)
        } else {
            None
        };
        let is_collected = ledger::with(|vm| vm.ledger.body(id, size, chunk.as_deref(), now, effects));
        if is_collected != Some(true) {
            self.exchange = None;
            self.watch = None;
        }
    }

    /// The request is complete: its copies leave.
    fn complete(&mut self, now: Duration, effects: &mut Effects) {
        let Some(id) = self.exchange.take() else { return };
        let copies = ledger::with(|vm| vm.ledger.complete(id, now, effects)).unwrap_or_default();
        let sent = dispatch::send(self.service.root, copies, effects);
        match &mut self.watch {
            Some(watch) if !sent.is_empty() => watch.sent(sent, now, effects),
            _ => self.watch = None,
        }
    }
}

/// The value of a property that is a small number.
fn number(property: &str) -> Option<u16> {
    let bytes = host::property(property)?;
    u64::from_le_bytes(bytes.try_into().ok()?).try_into().ok()
}

impl Context for Stream {
    fn on_done(&mut self) -> bool {
        let mut effects = Effects::default();
        if let Some(id) = self.exchange.take() {
            ledger::with(|vm| vm.ledger.reset(id, &mut effects));
        }
        if let Some(mut watch) = self.watch.take() {
            watch.end(&mut effects);
        }
        ledger::apply(effects);
        true
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        if let Some(binding) = self.service.binding.take() {
            let mut effects = Effects::default();
            self.begin(binding, end_of_stream, &mut effects);
            ledger::apply(effects);
        }
        Action::Continue
    }

    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if self.exchange.is_some() {
            let (now, mut effects) = (host::now(), Effects::default());
            self.collect(size, now, &mut effects);
            if end_of_stream {
                self.complete(now, &mut effects);
            }
            ledger::apply(effects);
        }
        Action::Continue
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        if self.exchange.is_some() {
            let (now, mut effects) = (host::now(), Effects::default());
            self.complete(now, &mut effects);
            ledger::apply(effects);
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        if let Some(watch) = &mut self.watch {
            let mut effects = Effects::default();
            watch.response_headers(
                &host::headers(Map::ResponseHeaders),
                end_of_stream,
                host::now(),
                &mut effects,
            );
            ledger::apply(effects);
        }
        Action::Continue
    }

    fn on_http_response_trailers(&mut self, _: usize) -> Action {
        if let Some(watch) = &mut self.watch {
            let mut effects = Effects::default();
            watch.response_trailers(&host::headers(Map::ResponseTrailers), &mut effects);
            ledger::apply(effects);
        }
        Action::Continue
    }
}
