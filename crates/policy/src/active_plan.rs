//! A plan that serves requests in a VM: each mirror of the plan together with its state.

use std::rc::Rc;
use std::time::Duration;

use crate::configuration::timestamp::Timestamp;
use crate::examined_rate::{ExaminedRate, UNCOUNTED};
use crate::headers::NameLengths;
use crate::matching::RequestHead;
use crate::mirror_state::MirrorState;
use crate::plan::{Mirror, Plan};
use crate::reasons::Dropped;
use crate::sample::Sampling;
use crate::slot::Slot;
use crate::work::Work;

/// A plan, bound to the states of its mirrors.
#[derive(Debug)]
pub struct ActivePlan {
    /// The mirrors of the plan that are on, in the order of the configuration.
    pub mirrors: Vec<Rc<ActiveMirror>>,
    /// All mirrors of the plan, those that are off too.
    pub(crate) all: Vec<ActiveMirror>,
    /// Whether the plugin is on.
    pub(crate) is_on: bool,
    /// The marker headers of all mirrors of the plan, each once. A request with one of them is a copy itself.
    pub markers: Vec<String>,
    marker_lengths: NameLengths,
    /// Whether a mirror expires, so a decision needs the time of day.
    pub needs_wall_clock: bool,
    /// Whether a `match` asks for the port on which the proxy accepted the request.
    pub needs_port: bool,
    /// Whether a `match` or a sample asks for the headers of the request.
    pub needs_headers: bool,
    /// The rate of work, of all mirrors of the plan together.
    examined_rate: Rc<ExaminedRate>,
    /// The memory that the budgets of all mirrors of the plan may need, in bytes.
    pub(crate) memory: u64,
}

/// A mirror and its state. A copy has this handle from its admission to its end.
#[derive(Debug, Clone)]
pub struct ActiveMirror {
    /// The mirror, compiled from its configuration.
    pub mirror: Rc<Mirror>,
    /// The state of the mirror in the VM.
    pub state: Rc<Slot<MirrorState>>,
    /// The rate of work, of all mirrors of the plan together.
    pub(crate) examined_rate: Rc<ExaminedRate>,
}

// === impl ActivePlan ===

impl ActivePlan {
    /// Binds a plan to the states of its mirrors, in the order of the plan.
    pub(crate) fn new(plan: &Plan, states: Vec<Rc<Slot<MirrorState>>>) -> Self {
        let mut markers: Vec<String> = Vec::new();
        for mirror in &plan.mirrors {
            if !markers.contains(&mirror.config.marker) {
                markers.push(mirror.config.marker.clone());
            }
        }
        let is_on = plan.enabled;
        let bound = plan.mirrors.iter().map(Rc::clone).zip(states);
        let examined_rate = Rc::new(ExaminedRate::default());
        let bind = |(mirror, state)| ActiveMirror {
            mirror,
            state,
            examined_rate: Rc::clone(&examined_rate),
        };
        let all: Vec<ActiveMirror> = bound.map(bind).collect();
        let mirrors: Vec<Rc<ActiveMirror>> = all
            .iter()
            .filter(|active| is_on && active.mirror.config.enabled)
            .map(|active| Rc::new(active.clone()))
            .collect();
        let any = |is: fn(&Mirror) -> bool| mirrors.iter().any(|active| is(&active.mirror));
        Self {
            needs_wall_clock: any(|mirror| mirror.config.expires_at.is_some()),
            memory: plan.memory(),
            needs_port: any(Mirror::needs_port),
            needs_headers: any(|mirror| !mirror.matchers.is_empty() || mirror.sampling != Sampling::Chance),
            marker_lengths: markers
                .iter()
                .fold(NameLengths::default(), |all, marker| all.with(marker.len())),
            markers,
            all,
            examined_rate,
            is_on,
            mirrors,
        }
    }

    /// The mirrors that have expired at a time of day, given since the Unix epoch: the name and the end of each.
    pub fn expired(&self, wall: Option<Duration>) -> impl Iterator<Item = (&str, &str)> {
        self.mirrors.iter().filter_map(move |active| {
            let end = active.mirror.config.expires_at.as_ref().map(Timestamp::as_str)?;
            let name = active.mirror.config.name.as_str();
            active.mirror.is_expired(wall).then_some((name, end))
        })
    }

    /// Whether a header is the marker of a mirror of the plan.
    pub(crate) fn is_marker(&self, name: &[u8]) -> bool {
        self.marker_lengths.have(name) && self.markers.iter().any(|marker| marker.as_bytes() == name)
    }

    /// Whether a request meets, or may meet, the `match` of at least one mirror. If the plan
    /// [needs no headers](Self::needs_headers), the head may be empty.
    pub fn matches(&self, head: &RequestHead<'_>) -> bool {
        let work = Work::new(0);
        let mut mirrors = self.mirrors.iter();
        mirrors.any(|active| active.matches(head, &work).unwrap_or(true))
    }

    /// Notes the monotonic time, for the rate of work.
    pub(crate) fn note_time(&self, now: Duration) {
        self.examined_rate.note_time(now);
    }
}

// === impl ActiveMirror ===

impl ActiveMirror {
    /// Whether a request meets the mirror's `match`. `work` is the work for this request so far, for this mirror and
    /// those before it. Work over [`UNCOUNTED`] is charged to the rate of the plugin.
    ///
    /// # Errors
    /// No entry is met within `limits.maxExaminedBytes`, and an entry would need more work. An entry would need more
    /// work than [`UNCOUNTED`], and the plugin is over its rate.
    pub(crate) fn matches(&self, head: &RequestHead<'_>, work: &Work) -> Result<bool, Dropped> {
        let Self {
            mirror, examined_rate, ..
        } = self;
        if mirror.matchers.is_empty() {
            return Ok(true);
        }
        let limits = &mirror.config.limits;
        let has_room = examined_rate.has_room();
        let limit = match has_room {
            Ok(()) => limits.max_examined_bytes.get(),
            Err(_) => UNCOUNTED,
        };
        let before = work.examined().max(UNCOUNTED);
        let is_met = mirror.matches_within(head, work, limit);
        if work.examined() > before {
            examined_rate.charge(work.examined() - before, limits.max_examined_bytes_per_second.get());
        }
        is_met.map_err(|reason| has_room.err().unwrap_or(reason))
    }
}
