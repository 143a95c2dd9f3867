//! What the host knows and holds for one VM, and the rules that Envoy applies to it: which headers and buffers can be
//! read when, which properties exist where, which context a call belongs to.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use mirror_policy::sample::Dice;
use wasmi::StoreLimits;

use super::abi::{Pairs, Status, buffer};
use super::callouts::Callouts;
use super::faults::Faults;
use super::stats::{MetricIds, Stats};

/// The state behind the host calls.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) random: Dice,
    pub(crate) stats: Rc<RefCell<Stats>>,
    pub(crate) metrics: MetricIds,
    pub(crate) callouts: Callouts,
    /// Properties of every stream, by path joined with dots. A request can override them.
    pub(crate) properties: BTreeMap<String, Vec<u8>>,
    pub(crate) contexts: BTreeMap<u32, Context>,
    pub(crate) callback: Callback,
    pub(crate) faults: Faults,
    /// Envoy's own level of the wasm logger: 0 trace to 5 critical.
    pub(crate) log_level: u32,
    pub(crate) journal: Journal,
    /// How much memory the module may have.
    pub(crate) limits: StoreLimits,
}

/// Both clocks. Only tests move them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) monotonic: Duration,
    pub(crate) wall: Duration,
}

#[derive(Debug)]
pub(crate) enum Context {
    Root(Root),
    Stream(Stream),
}

/// A plugin's root context: one for each configuration.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    pub(crate) plugin: Plugin,
    pub(crate) phase: Phase,
    pub(crate) tick: Option<Duration>,
    pub(crate) next_tick: Duration,
}

/// A plugin as the proxy's configuration names it.
#[derive(Debug, Clone)]
pub(crate) struct Plugin {
    pub(crate) name: &'static str,
    pub(crate) root_id: &'static str,
    pub(crate) configuration: Vec<u8>,
}

/// How far a root context has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Serving,
    /// Replaced, but streams still hold it.
    Replaced,
    /// Its `on_done` returned false; it waits to call `proxy_done`.
    Draining,
    /// It called `proxy_done`, and is deleted after this callback.
    Done,
}

/// One HTTP stream.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) root: u32,
    /// Whether the guest knows it: Envoy tells it with the first callback.
    pub(crate) created: bool,
    pub(crate) properties: Vec<(&'static str, Option<Vec<u8>>)>,
    /// Kept for the access log phase.
    pub(crate) request_headers: Pairs,
    pub(crate) response_headers: Pairs,
}

/// The callback that runs. Maps and buffers exist for its duration alone: a filter that returns Continue finds them
/// gone in the next phase.
#[derive(Debug, Default)]
pub(crate) struct Callback {
    pub(crate) name: &'static str,
    pub(crate) context: u32,
    pub(crate) effective: Option<u32>,
    pub(crate) maps: BTreeMap<u32, Pairs>,
    pub(crate) buffers: BTreeMap<u32, Vec<u8>>,
}

/// What happened, in order.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) callbacks: Vec<String>,
    pub(crate) calls: Vec<HostCall>,
    pub(crate) logs: Vec<(u32, String)>,
}

/// One call from the guest to the host.
#[derive(Debug, Clone)]
pub(crate) struct HostCall {
    pub(crate) function: &'static str,
    pub(crate) arguments: String,
    pub(crate) during: &'static str,
}

// === impl World ===

impl World {
    pub(crate) fn root(&mut self, id: u32) -> &mut Root {
        match self.contexts.get_mut(&id) {
            Some(Context::Root(root)) => root,
            other => panic!("{id} is no root context: {other:?}"),
        }
    }

    pub(crate) fn stream(&mut self, id: u32) -> &mut Stream {
        match self.contexts.get_mut(&id) {
            Some(Context::Stream(stream)) => stream,
            other => panic!("{id} is no stream: {other:?}"),
        }
    }

    /// The context that a host call is about: the current one, unless the guest set another.
    fn subject(&self) -> u32 {
        self.callback.effective.unwrap_or(self.callback.context)
    }

    /// The root context of that.
    pub(crate) fn subject_root(&self) -> u32 {
        match self.contexts.get(&self.subject()) {
            Some(Context::Stream(stream)) => stream.root,
            _ => self.subject(),
        }
    }

    /// A map that can be read now.
    pub(crate) fn map(&self, kind: u32) -> Option<&Pairs> {
        (self.subject() == self.callback.context)
            .then(|| self.callback.maps.get(&kind))
            .flatten()
    }

    /// A buffer that can be read now.
    pub(crate) fn buffer(&self, kind: u32) -> Option<&[u8]> {
        if kind == buffer::VM_CONFIGURATION {
            return Some(&[]);
        }
        (self.subject() == self.callback.context)
            .then(|| Some(self.callback.buffers.get(&kind)?.as_slice()))
            .flatten()
    }

    /// A property as the subject sees it. Those of a stream do not exist for a root.
    pub(crate) fn property(&self, path: &str) -> Result<Vec<u8>, Status> {
        let plugin = match self.contexts.get(&self.subject_root()) {
            Some(Context::Root(root)) => Some(&root.plugin),
            _ => None,
        };
        match (path, plugin) {
            ("plugin_name", Some(plugin)) => return Ok(plugin.name.into()),
            ("plugin_root_id", Some(plugin)) => return Ok(plugin.root_id.into()),
            ("plugin_vm_id", _) => return Ok(b"mirror".to_vec()),
            _ => {}
        }
        let Some(Context::Stream(stream)) = self.contexts.get(&self.subject()) else {
            return Err(Status::NotFound);
        };
        match stream.properties.iter().rev().find(|(name, _)| *name == path) {
            Some((_, value)) => value.clone().ok_or(Status::NotFound),
            None => self.properties.get(path).cloned().ok_or(Status::NotFound),
        }
    }

    /// `proxy_done`: right only for a root that drains.
    pub(crate) fn done(&mut self) -> Result<(), Status> {
        match self.contexts.get_mut(&self.subject()) {
            Some(Context::Root(root)) if root.phase == Phase::Draining => root.phase = Phase::Done,
            _ => return Err(Status::NotFound),
        }
        Ok(())
    }
}
