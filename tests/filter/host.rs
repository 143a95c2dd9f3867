//! A fake proxy for one VM of the filter: Envoy's rules without Envoy. A test configures plugins, lets requests arrive
//! in any pieces, and answers the callouts when it likes; every callback is checked to return Continue, and a trap ends
//! the test with what led to it.

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use mirror_policy::sample::Dice;
use wasmi::{Instance, Store, StoreLimits, StoreLimitsBuilder, Val};

use self::abi::Status;
use self::callouts::{Callout, Cluster};
use self::faults::Faults;
use self::stats::Stats;
use self::world::{Callback, Clock, HostCall, World};

// The artefact, and the language it speaks.
pub(crate) mod artefact;

pub(crate) mod abi;

// What the proxy holds, and the rules by which it hands it out.
pub(crate) mod callouts;
pub(crate) mod faults;
pub(crate) mod messages;
pub(crate) mod stats;
pub(crate) mod world;

// What the guest can call.
mod guest;
pub(crate) mod imports;
pub(crate) mod wasi;

// What the proxy calls.
pub(crate) mod plugins;
pub(crate) mod streams;

/// One VM, as one worker has it.
pub(crate) struct FakeHost {
    store: Store<World>,
    instance: Instance,
    next_context: u32,
    seed: u64,
}

/// The cluster that the examples mirror to. It is ready from the start.
pub(crate) const SHADOW: &str = "outbound|9080|v2|reviews.demo.svc.cluster.local";

/// The cluster that answers the primary requests.
pub(crate) const PRIMARY: &str = "outbound|9080|v1|reviews.demo.svc.cluster.local";

impl FakeHost {
    /// A VM of a process of its own.
    pub(crate) fn new() -> Self {
        Self::in_process(Rc::default(), 1)
    }

    /// The same with another source of random numbers.
    pub(crate) fn with_seed(seed: u64) -> Self {
        Self::in_process(Rc::default(), seed)
    }

    /// Another VM of the same process: statistics are common, nothing else is.
    pub(crate) fn sibling(&self) -> Self {
        Self::in_process(Rc::clone(&self.world().stats), self.seed.wrapping_add(1))
    }

    fn in_process(stats: Rc<RefCell<Stats>>, seed: u64) -> Self {
        let module = artefact::module();
        let mut store = Store::new(module.engine(), World::new(stats, seed));
        store.limiter(|world| &mut world.limits);
        let linker = imports::linker(module).expect("the filter imports only what Envoy offers");
        let instance = linker
            .instantiate_and_start(&mut store, module)
            .expect("the filter can be instantiated");
        let mut host = Self {
            store,
            instance,
            next_context: 1,
            seed,
        };
        host.enter("_initialize", &[], |_| {});
        host
    }

    // === What a test sets ===

    pub(crate) fn set_cluster(&mut self, name: &str, cluster: Option<Cluster>) {
        let clusters = &mut self.world_mut().callouts.clusters;
        match cluster {
            Some(cluster) => clusters.insert(name.to_owned(), cluster),
            None => clusters.remove(name),
        };
    }

    /// This function fails from now on.
    pub(crate) fn deny(&mut self, function: &str, status: Status) {
        self.world_mut().faults.denied.insert(function.to_owned(), status);
    }

    /// From now on the module may have so many bytes of memory more than it has.
    pub(crate) fn limit_growth(&mut self, bytes: usize) {
        let most = self.memory_bytes() + bytes;
        self.world_mut().limits = StoreLimitsBuilder::new().memory_size(most).build();
    }

    /// Moves both clocks without a tick, as if the worker were busy.
    pub(crate) fn jump(&mut self, time: Duration) {
        let clock = &mut self.world_mut().clock;
        clock.monotonic += time;
        clock.wall += time;
    }

    // === What a test sees ===

    pub(crate) fn world(&self) -> &World {
        self.store.data()
    }

    pub(crate) fn world_mut(&mut self) -> &mut World {
        self.store.data_mut()
    }

    /// The statistics of the process. The filter writes them in its ticks, so each root of this VM ticks first.
    pub(crate) fn stats(&mut self) -> Ref<'_, Stats> {
        self.tick_all();
        self.world().stats.borrow()
    }

    /// The callouts that were made so far.
    pub(crate) fn sent(&self) -> &[Callout] {
        &self.world().callouts.sent
    }

    /// The one callout that was made.
    pub(crate) fn only_sent(&self) -> &Callout {
        assert_eq!(self.sent().len(), 1, "callouts");
        &self.sent()[0]
    }

    /// The tokens that wait for a reply.
    pub(crate) fn pending(&self) -> Vec<u32> {
        self.world().callouts.pending.keys().copied().collect()
    }

    /// How often a function was called.
    pub(crate) fn calls(&self, function: &str) -> usize {
        self.world()
            .journal
            .calls
            .iter()
            .filter(|call| call.function == function)
            .count()
    }

    /// The calls since the last time.
    pub(crate) fn take_calls(&mut self) -> Vec<HostCall> {
        std::mem::take(&mut self.world_mut().journal.calls)
    }

    /// What was logged, a line each.
    pub(crate) fn log_text(&self) -> String {
        self.world()
            .journal
            .logs
            .iter()
            .map(|(level, text)| format!("[{level}] {text}\n"))
            .collect()
    }

    /// The size of the guest's memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        let memory = self
            .instance
            .get_memory(&self.store, "memory")
            .expect("the guest has a memory");
        memory.data_size(&self.store)
    }

    // === Calling the guest ===

    /// Runs one callback. `arguments` begins with the context; `prepare` sets what can be read during it. A callback
    /// that the filter does not export returns nothing.
    fn enter(&mut self, export: &'static str, arguments: &[u32], prepare: impl FnOnce(&mut Callback)) -> Option<u32> {
        let function = self.instance.get_func(&self.store, export)?;
        let mut callback = Callback {
            name: export,
            context: arguments.first().copied().unwrap_or(0),
            ..Callback::default()
        };
        prepare(&mut callback);
        let world = self.store.data_mut();
        world.callback = callback;
        world.journal.callbacks.push(format!("{export}{arguments:?}"));

        let arguments: Vec<Val> = arguments
            .iter()
            .map(|argument| Val::I32(argument.cast_signed()))
            .collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        if let Err(error) = function.call(&mut self.store, &arguments, &mut results) {
            panic!(
                "the filter trapped in {export}: {error}\n{}",
                self.world().journal.tail()
            );
        }
        self.store.data_mut().callback = Callback::default();
        match results.first() {
            Some(Val::I32(result)) => Some(result.cast_unsigned()),
            _ => None,
        }
    }
}

// === impl World ===

impl World {
    fn new(stats: Rc<RefCell<Stats>>, seed: u64) -> Self {
        let mut callouts = callouts::Callouts::default();
        callouts.clusters.insert(SHADOW.to_owned(), Cluster::Ready);
        callouts.clusters.insert(PRIMARY.to_owned(), Cluster::Ready);
        let properties: [(&str, &[u8]); 7] = [
            ("xds.cluster_name", PRIMARY.as_bytes()),
            // A cluster without metadata.
            ("xds.cluster_metadata", b""),
            ("xds.route_name", b"default"),
            ("xds.listener_direction", &1i64.to_le_bytes()),
            ("destination.port", &9080i64.to_le_bytes()),
            ("request.protocol", b"HTTP/1.1"),
            ("connection_id", &7u64.to_le_bytes()),
        ];
        Self {
            clock: Clock {
                monotonic: Duration::from_secs(5000),
                wall: Duration::from_secs(1_790_000_000),
            },
            random: Dice::new(seed),
            stats,
            metrics: stats::MetricIds::default(),
            callouts,
            properties: properties.map(|(path, value)| (path.to_owned(), value.to_vec())).into(),
            contexts: BTreeMap::new(),
            callback: Callback::default(),
            faults: Faults::default(),
            log_level: 2,
            journal: world::Journal::default(),
            limits: StoreLimits::default(),
        }
    }
}

// === impl Journal ===

impl world::Journal {
    /// What happened last, for the report of a failure.
    pub(crate) fn tail(&self) -> String {
        let last = |from: usize| from.saturating_sub(30);
        let callbacks = self.callbacks[last(self.callbacks.len())..].join("\n  ");
        let calls: Vec<String> = self.calls[last(self.calls.len())..]
            .iter()
            .map(|call| format!("{}({}) during {}", call.function, call.arguments, call.during))
            .collect();
        let logs: Vec<&str> = self.logs[last(self.logs.len())..]
            .iter()
            .map(|(_, text)| text.as_str())
            .collect();
        format!(
            "last callbacks:\n  {callbacks}\nlast host calls:\n  {}\nlast log lines:\n  {}",
            calls.join("\n  "),
            logs.join("\n  ")
        )
    }
}
