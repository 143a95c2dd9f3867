//! The order of decisions. After a request has met a mirror's `match`, the gates decide one after another whether the
//! mirror copies the request. The first gate that refuses gives the reason, so each request has one reason. The filter
//! runs this list, `mirrorctl explain` runs it, and the table in `docs/life-of-a-request.md` is generated from it.
//!
//! The gates that need only the head of the request, the time of day and chance come first. The filter asks its host
//! about a request only after these gates, because each question costs. The gate that consumes something comes last, so
//! no refused copy consumes anything.
//!
//! A copy whose request was not complete at the gates meets the circuit breaker and the copies in flight once more when
//! the copy leaves. Only there a copy becomes the probe of a breaker, so no slow upload holds the probe.
//!
//! Two decisions come before all gates. Both count nothing. A retry is left out: the request has been counted with its
//! first attempt (see `Questions` in the filter). A mirror that is off, or whose `match` a request does not meet, is
//! left out.

use std::time::Duration;

use crate::active_plan::{ActiveMirror, ActivePlan};
use crate::copy::body;
use crate::headers::{self, Headers, MAX_HEADER_BYTES, MAX_HEADERS};
use crate::memory;
use crate::reasons::{Dropped, Reason, Skipped};
use crate::sample::Dice;

/// One decision on a request that has met the mirror's `match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// The mirror has not expired.
    Expired,
    /// The request belongs to the share.
    Sample,
    /// The request is not a copy itself.
    Loop,
    /// The request is not a tunnel.
    Upgrade,
    /// An upstream is to answer the request.
    Route,
    /// The circuit breaker lets the copy through.
    Breaker,
    /// Envoy takes the headers, and the declared length of the body is not over the cap.
    Head,
    /// The budget has room for the copy.
    Budget,
    /// The rate limit has a token for the copy.
    Rate,
}

/// What the gates know of a request.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The headers of the request. They may be empty before the host is asked if no sample goes by a key.
    pub headers: &'a Headers,
    /// The time of day since the Unix epoch. Only a mirror that expires needs it.
    pub wall: Option<Duration>,
    /// The facts that the filter learns after the sample.
    pub late: LateFacts,
}

/// What the gates know of a request after the sample.
#[derive(Debug, Clone, Copy, Default)]
pub struct LateFacts {
    /// Whether the request carries the marker of a mirror, so the request is a copy itself.
    pub is_marked: bool,
    /// Whether the request is CONNECT, or an upgrade by Envoy's own rule (source/common/http/utility.cc,
    /// `Utility::isUpgrade`).
    pub is_tunnel: bool,
    /// The length that the request declares for its body, in bytes. `None` if the request declares no length.
    pub declared_length: Option<u64>,
    /// Whether an upstream is to answer the request.
    pub is_routed: bool,
    /// Whether the request is complete with its headers: it has no body and no trailers.
    pub is_complete: bool,
    /// The monotonic time of the decision.
    pub now: Duration,
}

/// The facts that come with the headers of a request and are not in them.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Whether an upstream is to answer the request.
    pub is_routed: bool,
    /// Whether the request is complete with its headers: it has no body and no trailers.
    pub is_complete: bool,
    /// The monotonic time.
    pub now: Duration,
}

// === impl Gate ===

impl Gate {
    /// All gates in the order of the decisions.
    pub const ALL: [Self; 9] = [
        Self::Expired,
        Self::Sample,
        Self::Loop,
        Self::Upgrade,
        Self::Route,
        Self::Breaker,
        Self::Head,
        Self::Budget,
        Self::Rate,
    ];

    /// Whether the gate belongs to the first part of the list. The filter decides that part before it asks its host.
    pub const fn is_before_host(self) -> bool {
        matches!(self, Self::Expired | Self::Sample)
    }

    /// The condition of the gate, in a sentence for a person.
    pub const fn condition(self) -> &'static str {
        match self {
            Self::Expired => "The mirror has not expired.",
            Self::Sample => "The request belongs to the share.",
            Self::Loop => "The request is not a copy itself.",
            Self::Upgrade => "The request is not a tunnel.",
            Self::Route => "An upstream is to answer the request.",
            Self::Breaker => "The circuit breaker lets the copy through.",
            Self::Head => "Envoy takes the headers, and the declared length of the body is not over the cap.",
            Self::Budget => {
                "The budget has room for the copy: in flight, in bytes and, unless the request is complete with its headers, among the copies that are collected."
            }
            Self::Rate => "The rate limit has a token for the copy.",
        }
    }

    /// The reasons of the gate.
    pub const fn reasons(self) -> &'static [Reason] {
        match self {
            Self::Expired => &[Reason::Skipped(Skipped::Expired)],
            Self::Sample => &[
                Reason::Skipped(Skipped::NoSampleKey),
                Reason::Skipped(Skipped::NotSampled),
            ],
            Self::Loop => &[Reason::Skipped(Skipped::Loop)],
            Self::Upgrade => &[Reason::Skipped(Skipped::Upgrade)],
            Self::Route => &[Reason::Skipped(Skipped::NoRoute)],
            Self::Breaker => &[Reason::Dropped(Dropped::BreakerOpen)],
            Self::Head => &[
                Reason::Dropped(Dropped::HeadersTooLarge),
                Reason::Dropped(Dropped::BodyTooLarge),
            ],
            Self::Budget => &[
                Reason::Dropped(Dropped::InFlight),
                Reason::Dropped(Dropped::Collecting),
                Reason::Dropped(Dropped::Bytes),
                Reason::Dropped(Dropped::Memory),
            ],
            Self::Rate => &[Reason::Dropped(Dropped::Rate)],
        }
    }

    /// Decides for one mirror.
    ///
    /// # Errors
    /// The gate refuses the request, for one of its [`reasons`](Self::reasons).
    pub fn decide(self, active: &ActiveMirror, facts: &Facts<'_>, dice: &mut Dice) -> Result<(), Reason> {
        let ActiveMirror { mirror, state, .. } = active;
        let Facts { headers, wall, late } = *facts;
        match self {
            Self::Expired if mirror.is_expired(wall) => Err(Skipped::Expired.into()),
            Self::Loop if late.is_marked => Err(Skipped::Loop.into()),
            Self::Upgrade if late.is_tunnel => Err(Skipped::Upgrade.into()),
            Self::Route if !late.is_routed => Err(Skipped::NoRoute.into()),
            Self::Expired | Self::Loop | Self::Upgrade | Self::Route => Ok(()),
            Self::Sample => Ok(mirror.sampling.decide(mirror.config.percentage, headers, dice)?),
            Self::Breaker => Ok(state.with(|state| state.breaker_allows(late.now))?),
            Self::Head if headers.len() > MAX_HEADERS || headers.bytes() > MAX_HEADER_BYTES as u64 => {
                Err(Dropped::HeadersTooLarge.into())
            }
            Self::Head => {
                body::is_copied(&mirror.config.body, late.declared_length.unwrap_or(0))?;
                Ok(())
            }
            Self::Budget => {
                state.with(|state| state.has_room(headers.bytes(), late.is_complete))?;
                if !late.is_complete {
                    memory::has_room(0)?;
                }
                Ok(())
            }
            Self::Rate => Ok(state.with(|state| state.take_token(late.now))?),
        }
    }
}

// === impl LateFacts ===

impl LateFacts {
    /// Reads the facts of a request in one pass over its headers.
    pub fn new(plan: &ActivePlan, headers: &Headers, arrival: Arrival) -> Self {
        let Arrival {
            is_routed,
            is_complete,
            now,
        } = arrival;
        let mut facts = Self {
            is_routed,
            is_complete,
            now,
            ..Self::default()
        };
        let [mut has_upgrade, mut is_upgraded, mut declares_length] = [false; 3];
        for (name, value) in headers.iter() {
            match name {
                b":method" => facts.is_tunnel |= value == b"CONNECT",
                b"upgrade" => has_upgrade = true,
                b"connection" => is_upgraded |= value.split(|byte| *byte == b',').any(is_upgrade),
                b"content-length" if !declares_length => {
                    declares_length = true;
                    facts.declared_length = headers::number(value);
                }
                _ => {}
            }
            facts.is_marked |= plan.is_marker(name);
        }
        facts.is_tunnel |= has_upgrade && is_upgraded;
        facts
    }
}

fn is_upgrade(token: &[u8]) -> bool {
    token.trim_ascii().eq_ignore_ascii_case(b"upgrade")
}
