//! The life of plugins in a VM: a root context for each configuration, updates, ticks, and the end.

use std::time::Duration;

use super::FakeHost;
use super::abi::{buffer, map};
use super::messages::Reply;
use super::world::{Context, Phase, Plugin, Root};

/// A root context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RootId(pub(crate) u32);

impl Plugin {
    /// A plugin that is called like this.
    pub(crate) fn new(name: &'static str, configuration: impl ToString) -> Self {
        Self {
            name,
            root_id: name,
            configuration: configuration.to_string().into_bytes(),
        }
    }
}

impl FakeHost {
    /// Starts the plugin `mirror` with this configuration.
    pub(crate) fn start(&mut self, configuration: &impl ToString) -> RootId {
        self.start_plugin(Plugin::new("mirror", configuration.to_string()))
    }

    /// The same for any plugin.
    pub(crate) fn start_plugin(&mut self, plugin: Plugin) -> RootId {
        self.configure(plugin)
    }

    /// The same, with a tick, after which the log tells whether the filter accepted.
    pub(crate) fn try_start(&mut self, plugin: Plugin) -> (RootId, bool) {
        let lines = self.world().journal.logs.len();
        let root = self.configure(plugin);
        self.tick(root);
        let accepted = !self.world().journal.logs[lines..]
            .iter()
            .any(|(_, text)| text.contains("configuration refused"));
        (root, accepted)
    }

    /// Makes a root context and configures it. The filter never answers with false: Envoy would have no plugin then,
    /// and would answer requests with 500.
    fn configure(&mut self, plugin: Plugin) -> RootId {
        let id = self.next_context;
        self.next_context += 1;
        let configuration = plugin.configuration.clone();
        let root = Root {
            plugin,
            phase: Phase::Serving,
            tick: None,
            next_tick: Duration::ZERO,
        };
        self.world_mut().contexts.insert(id, Context::Root(root));
        self.enter("proxy_on_context_create", &[id, 0], |_| {});
        assert_ne!(
            self.enter("proxy_on_vm_start", &[id, 0], |_| {}),
            Some(0),
            "the VM starts"
        );
        let size = configuration.len() as u32;
        let answer = self.enter("proxy_on_configure", &[id, size], |callback| {
            callback.buffers.insert(buffer::PLUGIN_CONFIGURATION, configuration);
        });
        assert_ne!(answer, Some(0), "on_configure answers true");
        RootId(id)
    }

    /// A new configuration in the same VM: a new root takes over, and the old one retires as soon as no stream holds
    /// it.
    pub(crate) fn update(&mut self, old: RootId, configuration: &impl ToString) -> RootId {
        let plugin = Plugin {
            configuration: configuration.to_string().into_bytes(),
            ..self.world_mut().root(old.0).plugin.clone()
        };
        let new = self.start_plugin(plugin);
        self.retire(old);
        new
    }

    /// A new configuration in the same VM that the filter refuses.
    pub(crate) fn update_refused(&mut self, old: RootId, configuration: &str) -> RootId {
        let plugin = Plugin {
            configuration: configuration.as_bytes().to_vec(),
            ..self.world_mut().root(old.0).plugin.clone()
        };
        let (new, accepted) = self.try_start(plugin);
        assert!(!accepted, "{configuration} was accepted");
        self.retire(old);
        new
    }

    /// What Envoy does with a new configuration first: try it in a VM that is thrown away without another word. Returns
    /// what was logged.
    pub(crate) fn canary(&self, configuration: &impl ToString) -> String {
        let mut canary = self.sibling();
        canary.start(configuration);
        canary.log_text()
    }

    /// The plugin is removed, or its configuration replaced.
    pub(crate) fn retire(&mut self, root: RootId) {
        self.world_mut().root(root.0).phase = Phase::Replaced;
        self.retire_if_unused(root.0);
    }

    /// Every plugin of the VM is removed.
    pub(crate) fn shut_down(&mut self) {
        for root in self.roots() {
            if self.world_mut().root(root.0).phase == Phase::Serving {
                self.retire(root);
            }
        }
    }

    /// The root contexts that exist.
    pub(crate) fn roots(&self) -> Vec<RootId> {
        let contexts = self.world().contexts.iter();
        contexts
            .filter(|(_, context)| matches!(context, Context::Root(_)))
            .map(|(id, _)| RootId(*id))
            .collect()
    }

    /// How far a root has come; `None` if it is gone.
    pub(crate) fn phase(&self, root: RootId) -> Option<Phase> {
        match self.world().contexts.get(&root.0) {
            Some(Context::Root(root)) => Some(root.phase),
            _ => None,
        }
    }

    /// One tick of one root, due or not.
    pub(crate) fn tick(&mut self, root: RootId) {
        self.enter("proxy_on_tick", &[root.0], |_| {});
        self.delete_roots_that_are_done();
    }

    /// One tick of each root.
    pub(crate) fn tick_all(&mut self) {
        for root in self.roots() {
            self.tick(root);
        }
    }

    /// Lets time pass, with all ticks that fall due.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.world().clock.monotonic + time;
        while let Some((due, id)) = self.next_tick().filter(|(due, _)| *due <= end) {
            let now = self.world().clock.monotonic;
            self.jump(due.saturating_sub(now));
            let root = self.world_mut().root(id);
            root.next_tick = due + root.tick.unwrap_or_default();
            self.tick(RootId(id));
        }
        let now = self.world().clock.monotonic;
        self.jump(end.saturating_sub(now));
    }

    /// Delivers the reply to a callout.
    pub(crate) fn reply(&mut self, token: u32, reply: Reply) {
        let root = self
            .world_mut()
            .callouts
            .pending
            .remove(&token)
            .expect("the callout waits for a reply");
        let counts = [reply.headers.len(), reply.body.len(), reply.trailers.len()].map(|count| count as u32);
        let [headers, body, trailers] = counts;
        self.enter(
            "proxy_on_http_call_response",
            &[root, token, headers, body, trailers],
            |callback| {
                // A reset has no message behind it.
                if headers > 0 {
                    callback.maps.insert(map::CALL_RESPONSE_HEADERS, reply.headers);
                    callback.maps.insert(map::CALL_RESPONSE_TRAILERS, reply.trailers);
                    callback.buffers.insert(buffer::CALL_RESPONSE_BODY, reply.body);
                }
            },
        );
        self.delete_roots_that_are_done();
    }

    /// The same reply to everything that waits.
    pub(crate) fn reply_to_all(&mut self, reply: &Reply) {
        for token in self.pending() {
            self.reply(token, reply.clone());
        }
    }

    fn next_tick(&self) -> Option<(Duration, u32)> {
        let contexts = self.world().contexts.iter();
        contexts
            .filter_map(|(id, context)| match context {
                Context::Root(root) if root.tick.is_some() => Some((root.next_tick, *id)),
                _ => None,
            })
            .min()
    }

    /// Asks a replaced root whether it is done, once no stream holds it.
    pub(super) fn retire_if_unused(&mut self, root: u32) {
        let held = |context: &Context| matches!(context, Context::Stream(stream) if stream.root == root);
        let replaced = self.phase(RootId(root)) == Some(Phase::Replaced);
        if !replaced || self.world().contexts.values().any(held) {
            return;
        }
        let done = self.enter("proxy_on_done", &[root], |_| {}) != Some(0);
        self.world_mut().root(root).phase = if done { Phase::Done } else { Phase::Draining };
        self.delete_roots_that_are_done();
    }

    /// Envoy deletes a root after the callback in which it said that it is done; what it awaits is cancelled.
    fn delete_roots_that_are_done(&mut self) {
        for root in self.roots() {
            if self.phase(root) == Some(Phase::Done) {
                self.enter("proxy_on_delete", &[root.0], |_| {});
                self.world_mut().contexts.remove(&root.0);
                self.world_mut().callouts.cancel(root.0);
            }
        }
    }
}
