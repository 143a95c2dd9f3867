//! One configuration in one VM: parses it, serves the plan to the streams, takes the answers of the shadows, and waits
//! for the last answer when a newer configuration has taken its place.

use std::rc::Rc;
use std::time::Duration;

use mirror_policy::Plan;
use mirror_policy::active_plan::ActivePlan;
use mirror_policy::headers::Headers;
use mirror_policy::outcome::{CalloutAnswer, LOCAL_BODY_BYTES};
use mirror_policy::serving::Refusal;
use mirror_policy::vm_state::{RootId, Token};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use crate::host::{self, Buffer, Map};
use crate::questions::Questions;
use crate::stream::Stream;
use crate::{dispatch, vm};

/// A root context: one configuration in one VM.
pub struct Root {
    id: RootId,
    /// The plan that the streams serve. `None` if no request is copied.
    plan: Option<Rc<ActivePlan>>,
    questions: Questions,
    /// Whether the root serves no requests any more and waits for answers.
    is_draining: bool,
    /// Why the configuration is refused, until the log says so.
    refusal: Option<Refusal>,
}

/// The longest time between two ticks. A statistic is at most this old.
const MAX_TICK: Duration = Duration::from_millis(250);

/// The shortest time between two ticks.
const MIN_TICK: Duration = Duration::from_millis(10);

// === impl Root ===

impl Root {
    /// A root context without a configuration.
    pub fn new(id: RootId) -> Self {
        Self {
            id,
            plan: None,
            questions: Questions::default(),
            is_draining: false,
            refusal: None,
        }
    }

    /// Takes a configuration over. If the configuration is refused, the policy says what is served instead.
    fn configure(&mut self, bytes: &[u8]) {
        let plugin = String::from_utf8_lossy(&host::property(host::PLUGIN_NAME).unwrap_or_default()).into_owned();
        let plan = Plan::parse(bytes);
        let adoption = vm::with(|vm| vm.configure(self.id, &plugin, plan.as_ref(), host::define_metric));
        vm::apply(adoption.settings);
        self.refusal = adoption.refusal;
        let plan = adoption.plan;
        host::set_tick_period(plan.as_deref().map_or(MAX_TICK, tick_period));
        plan.iter().for_each(|plan| warn_of_expired(plan));
        self.plan = plan.filter(|plan| !plan.mirrors.is_empty());
    }

    /// Tells the host, once, that the last answer has come.
    fn finish_draining(&mut self) {
        if self.is_draining && vm::with(|vm| vm.is_drained(self.id)) {
            self.is_draining = false;
            vm::write_changes();
            vm::with(|vm| vm.forget_root(self.id));
            host::done();
        }
    }
}

/// An old configuration that is applied again is not refused, but the log says why nothing is copied.
fn warn_of_expired(plan: &ActivePlan) {
    let wall = plan.needs_wall_clock.then(host::wall_clock).flatten();
    for (name, end) in plan.expired(wall) {
        log::warn!("traffic-mirror: {name} expired at {end} and copies nothing");
    }
}

/// The time between two ticks: a quarter of the shortest `body.maxWait`, so no copy is collected for much longer.
fn tick_period(plan: &ActivePlan) -> Duration {
    let waits = plan
        .mirrors
        .iter()
        .map(|active| active.mirror.config.body.max_wait.duration());
    let shortest = waits.min().unwrap_or(MAX_TICK);
    (shortest / 4).clamp(MIN_TICK, MAX_TICK)
}

impl Context for Root {
    fn on_http_call_response(&mut self, token: Token, num_headers: usize, _: usize, num_trailers: usize) {
        let read = |map, number| {
            if number > 0 {
                host::headers(map)
            } else {
                Headers::default()
            }
        };
        let (headers, trailers) = (
            read(Map::CalloutHeaders, num_headers),
            read(Map::CalloutTrailers, num_trailers),
        );
        let mut answer = CalloutAnswer::new(headers, trailers);
        if answer.is_local {
            answer.body = host::buffer(Buffer::CalloutBody, LOCAL_BODY_BYTES).unwrap_or_default();
        }
        let now = vm::with(|vm| vm.is_timed(token)).then(host::now);
        vm::with(|vm| vm.settle(token, answer.outcome(), now));
        vm::write_many_changes();
        self.finish_draining();
    }

    /// While another root serves in the VM, the VM stays and the answers come: this root waits for them. After the last
    /// root, the VM ends and no answer comes.
    fn on_done(&mut self) -> bool {
        let is_drained = vm::with(|vm| {
            vm.retire(self.id);
            vm.is_drained(self.id)
        });
        vm::write_changes();
        if is_drained {
            vm::with(|vm| vm.forget_root(self.id));
        }
        self.is_draining = !is_drained;
        is_drained
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        host::start_logging();
        let bytes = host::buffer(Buffer::PluginConfiguration, usize::MAX).unwrap_or_default();
        self.configure(&bytes);
        // Envoy answers requests with 500 where it has no plugin, and `false` leaves it without one.
        true
    }

    fn on_tick(&mut self) {
        // Envoy tries a configuration in a VM that never ticks, which does not know what the workers go on with.
        if let Some(refusal) = self.refusal.take() {
            log::error!("traffic-mirror: {refusal}");
        }
        let now = host::now();
        vm::with(|vm| vm.sweep(now));
        vm::write_changes();
        self.finish_draining();
    }

    fn on_queue_ready(&mut self, queue: u32) {
        dispatch::on_queue_ready(self.id, queue);
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(
            id,
            self.id,
            self.plan.clone(),
            self.questions.clone(),
        )))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
