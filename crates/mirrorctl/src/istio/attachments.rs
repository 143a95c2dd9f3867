//! The one table of what each version of Istio does with a filter, by the resource that brings it and by where it is
//! attached. `generate` refuses by it, `validate` finds by it, and docs/istio-versions.md is written from it.

use std::fmt;

use super::{IstioVersion, MAJOR, OLDEST};

/// A resource that brings a filter into proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// A patch of Envoy's own configuration.
    EnvoyFilter,
    /// `extensions.istio.io/v1alpha1`.
    WasmPlugin,
    /// Its successor.
    TrafficExtension,
}

/// Where a filter is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Pods that a selector names: their sidecars, or the gateways of Istio's own API.
    Pods,
    /// A Gateway of the Gateway API, by `targetRefs`.
    Gateway,
    /// A Service, by `targetRefs`, whose waypoint is in its own namespace.
    Waypoint,
    /// A Service, by `targetRefs`, whose waypoint is in another namespace.
    ForeignWaypoint,
}

/// What comes of it; what is worse is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// The filter runs.
    Works,
    /// It does not run.
    Missing,
    /// It does not run, and the proxies suffer.
    Harms,
}

/// What a version does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// What comes of it.
    pub effect: Effect,
    /// The sentence that goes on after `Istio 1.29`; empty if it works.
    pub why: &'static str,
}

/// A version that is not right, and the one that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit {
    /// The version in question.
    pub version: IstioVersion,
    /// What it does.
    pub verdict: Verdict,
    /// The first version from which on all are right, if there is one.
    pub right: Option<IstioVersion>,
}

/// From this minor version and patch level on.
type Since = ((u16, u16), Verdict);

/// Every resource that loads a filter.
pub const RESOURCES: &[Resource] = &[Resource::TrafficExtension, Resource::WasmPlugin, Resource::EnvoyFilter];

/// Every place into which a filter is loaded.
pub const PLACES: &[Place] = &[Place::Pods, Place::Gateway, Place::Waypoint, Place::ForeignWaypoint];

const ALWAYS: (u16, u16) = (OLDEST, 0);

const WORKS: Verdict = Verdict {
    effect: Effect::Works,
    why: "",
};

const fn missing(why: &'static str) -> Verdict {
    Verdict {
        effect: Effect::Missing,
        why,
    }
}

/// istio/istio manifests/charts/base/files/crd-all.gen.yaml.
const NO_TRAFFIC_EXTENSION: Since = (ALWAYS, missing("has no TrafficExtension, which came with 1.30"));

/// `targetRefs` of a WasmPlugin.
const NO_TARGET_REFS: Since = (
    ALWAYS,
    missing("cannot attach a filter to a Gateway of the Gateway API; `targetRefs` came with 1.22"),
);

const NO_AMBIENT: Since = (
    ALWAYS,
    missing("is older than 1.24, which made ambient mode and its waypoints generally available"),
);

/// istio.io, "Use Layer 7 features": EnvoyFilter is not supported for any version with waypoints.
const NO_ENVOY_FILTER: Since = (
    ALWAYS,
    missing("does not support an EnvoyFilter at a waypoint, in no version"),
);

const NEVER_ATTACHED: Verdict = missing("never attaches a filter of a Service to a waypoint of another namespace");

/// istio/istio issue 60530, mended by pull request 60639.
const NEVER_READY: Verdict = Verdict {
    effect: Effect::Harms,
    why: "names the filter of a Service in the listener of a waypoint of another namespace and refuses to hand it out, so new pods of the waypoint never become ready",
};

/// The table: what holds from which version on, in order.
const fn since(resource: Resource, place: Place) -> &'static [Since] {
    match (resource, place) {
        (Resource::EnvoyFilter, Place::Pods | Place::Gateway) | (Resource::WasmPlugin, Place::Pods) => {
            &[(ALWAYS, WORKS)]
        }
        (Resource::EnvoyFilter, Place::Waypoint | Place::ForeignWaypoint) => &[NO_ENVOY_FILTER],
        (Resource::WasmPlugin, Place::Gateway) => &[NO_TARGET_REFS, ((22, 0), WORKS)],
        (Resource::WasmPlugin, Place::Waypoint) => &[NO_AMBIENT, ((24, 0), WORKS)],
        (Resource::WasmPlugin, Place::ForeignWaypoint) => &[
            NO_AMBIENT,
            ((24, 0), NEVER_ATTACHED),
            ((25, 0), NEVER_READY),
            ((30, 3), WORKS),
        ],
        (Resource::TrafficExtension, Place::ForeignWaypoint) => {
            &[NO_TRAFFIC_EXTENSION, ((30, 0), NEVER_READY), ((30, 3), WORKS)]
        }
        (Resource::TrafficExtension, _) => &[NO_TRAFFIC_EXTENSION, ((30, 0), WORKS)],
    }
}

/// Whether a version is right for a filter of this resource at this place. Of a version of unknown patch level, the
/// worst patch level counts.
///
/// # Errors
/// If the filter does not run, or does harm.
pub fn verdict(resource: Resource, place: Place, version: IstioVersion) -> Result<(), Unfit> {
    let table = since(resource, place);
    let worst = table
        .iter()
        .enumerate()
        .filter(|(index, ((minor, patch), _))| {
            let end = table.get(index + 1).map(|(from, _)| *from);
            version.may_be_from(*minor, *patch) && end.is_none_or(|(minor, patch)| version.is_before(minor, patch))
        })
        .map(|(_, (_, verdict))| *verdict)
        .max_by_key(|verdict| verdict.effect)
        .unwrap_or(WORKS);
    if worst.effect == Effect::Works {
        return Ok(());
    }
    let last = table.last().filter(|(_, verdict)| *verdict == WORKS);
    Err(Unfit {
        version,
        verdict: worst,
        right: last.map(|((minor, patch), _)| right_from(*minor, *patch)),
    })
}

/// What every version does, from which on: `1.30.3`.
pub fn verdicts(resource: Resource, place: Place) -> impl Iterator<Item = (IstioVersion, Verdict)> {
    since(resource, place)
        .iter()
        .map(|((minor, patch), verdict)| (right_from(*minor, *patch), *verdict))
}

/// A version from whose first patch level on something holds is named without it.
const fn right_from(minor: u16, patch: u16) -> IstioVersion {
    match patch {
        0 => IstioVersion::minor(minor),
        patch => IstioVersion::patch(minor, patch),
    }
}

// === impl Unfit ===

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Istio {} {}", self.version, self.verdict.why)?;
        match self.right {
            Some(right) if right.minor == self.version.minor && self.version.patch.is_none() => write!(
                formatter,
                "; patch levels before {right} do; if yours is newer, say it: --istio-version {MAJOR}.{}.PATCH",
                right.minor
            ),
            Some(right) => write!(formatter, "; {right} and later are right"),
            None => Ok(()),
        }
    }
}

// === impl Resource ===

impl fmt::Display for Resource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::EnvoyFilter => "EnvoyFilter",
            Self::WasmPlugin => "WasmPlugin",
            Self::TrafficExtension => "TrafficExtension",
        })
    }
}

// === impl Place ===

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pods => "pods by a selector: sidecars, gateways of Istio's API",
            Self::Gateway => "a Gateway of the Gateway API",
            Self::Waypoint => "a Service whose waypoint is in its namespace",
            Self::ForeignWaypoint => "a Service whose waypoint is in another namespace",
        })
    }
}
