//! One configuration in one VM: parses it, adopts the accounts of its mirrors, defines their statistics, gives each
//! stream the plan, takes the answers, and drains when a newer configuration has taken its place.

use std::rc::Rc;
use std::time::Duration;

use mirror_policy::account::AccountId;
use mirror_policy::answer::{Answer, TELLING_BYTES};
use mirror_policy::effects::Effects;
use mirror_policy::exchange::Binding;
use mirror_policy::{ConfigError, Plan};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use crate::host::{self, Buffer, Map};
use crate::stream::{Attempts, Service, Stream};
use crate::{dispatch, ledger, stats};

/// A root context.
pub struct Root {
    service: Service,
    /// Told to go, and still waiting for answers.
    is_draining: bool,
}

// === impl Root ===

impl Root {
    /// A root context that is not configured yet.
    pub fn new(id: u32) -> Self {
        Self {
            service: Service {
                root: id,
                binding: None,
                needs_port: false,
                attempts: Attempts::default(),
            },
            is_draining: false,
        }
    }

    /// Takes a configuration over; the previous one stays if this one is refused.
    fn configure(&mut self, bytes: &[u8]) -> Result<(), ConfigError> {
        let plan = Plan::parse(bytes)?;
        let plugin = String::from_utf8_lossy(&host::property(host::PLUGIN_NAME).unwrap_or_default()).into_owned();
        let accounts = ledger::with(|vm| vm.ledger.adopt(&plugin, &plan)).unwrap_or_default();
        for (account, mirror) in accounts.iter().zip(&plan.mirrors) {
            if ledger::with(|vm| vm.metrics.has(*account)) == Some(false) {
                let defined = stats::define(&mirror.config.name);
                ledger::with(|vm| vm.metrics.push(defined));
            }
        }
        let changes = ledger::with(|vm| vm.metrics.settings(&vm.ledger.accounts().settings(&plugin, &plan)));
        for change in changes.unwrap_or_default() {
            change.apply();
        }
        warn_of_expired(&plan);
        let accounts: Rc<[AccountId]> = accounts.into();
        ledger::with(|vm| vm.serving.push((self.service.root, Rc::clone(&accounts))));
        host::set_tick_period(sweep_period(&plan));
        self.service.needs_port = plan.needs_port();
        let is_idle = plan.is_idle();
        let binding = Binding {
            plan: Rc::new(plan),
            accounts,
        };
        self.service.binding = (!is_idle).then_some(binding);
        Ok(())
    }

    /// Tells the host, once, that the last answer has come.
    fn finish_draining(&mut self) {
        if self.is_draining && ledger::with(|vm| vm.ledger.in_flight_of(self.service.root)) == Some(0) {
            self.is_draining = false;
            host::done();
        }
    }
}

/// An old file that is applied again is no reason to refuse it, but one to say why nothing is copied.
fn warn_of_expired(plan: &Plan) {
    let wall = plan.needs_wall_clock().then(host::wall_clock).flatten();
    for mirror in &plan.mirrors {
        if let Some(end) = &mirror.config.expires_at
            && mirror.is_expired(wall)
        {
            let (name, end) = (&mirror.config.name, end.as_str());
            log::warn!("traffic-mirror: {name} expired at {end} and copies nothing");
        }
    }
}

/// How often overdue copies are looked for: a quarter of the shortest wait, so that none is held much longer.
fn sweep_period(plan: &Plan) -> Duration {
    let waits = plan.mirrors.iter().map(|mirror| mirror.config.body.max_wait.duration());
    let shortest = waits.min().unwrap_or(Duration::from_secs(1));
    (shortest / 4).clamp(Duration::from_millis(10), Duration::from_secs(1))
}

impl Context for Root {
    fn on_http_call_response(&mut self, token: u32, num_headers: usize, _: usize, num_trailers: usize) {
        let mut answer = Answer::default();
        if num_headers > 0 {
            answer.headers = host::headers(Map::CalloutHeaders);
        }
        if num_trailers > 0 {
            answer.trailers = host::headers(Map::CalloutTrailers);
        }
        if answer.is_local() {
            answer.body = host::buffer(Buffer::CalloutBody, TELLING_BYTES).unwrap_or_default();
        }
        let mut effects = Effects::default();
        let now = (ledger::with(|vm| vm.ledger.is_timed(token)) == Some(true)).then(host::now);
        ledger::with(|vm| vm.ledger.settle(token, answer.outcome(), now, &mut effects));
        ledger::apply(effects);
        self.finish_draining();
    }

    /// With another root serving in this VM, the VM stays and the answers will come: wait for them. As the last one, none
    /// will come any more: the VM goes away, and only now can the gauges be set right.
    fn on_done(&mut self) -> bool {
        let mut effects = Effects::default();
        let is_done = ledger::with(|vm| {
            let left: Vec<_> = vm
                .serving
                .extract_if(.., |(root, _)| *root == self.service.root)
                .collect();
            if vm.serving.is_empty() {
                vm.ledger.cancel(&mut effects);
            }
            let is_used = |account: &AccountId| vm.serving.iter().any(|(_, accounts)| accounts.contains(account));
            let accounts = left.iter().flat_map(|(_, accounts)| accounts.iter());
            let unused: Vec<_> = accounts.copied().filter(|account| !is_used(account)).collect();
            vm.ledger.retire(&unused, &mut effects);
            vm.ledger.in_flight_of(self.service.root) == 0
        });
        ledger::apply(effects);
        self.is_draining = is_done == Some(false);
        !self.is_draining
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        host::start_logging();
        let bytes = host::buffer(Buffer::PluginConfiguration, usize::MAX).unwrap_or_default();
        match self.configure(&bytes) {
            Ok(()) => true,
            Err(error) => {
                log::error!("traffic-mirror: configuration refused: {error}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        let mut effects = Effects::default();
        let now = host::now();
        ledger::with(|vm| vm.ledger.sweep(now, &mut effects));
        ledger::apply(effects);
        self.finish_draining();
    }

    fn on_queue_ready(&mut self, queue: u32) {
        dispatch::on_queue_ready(self.service.root, queue);
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(self.service.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
