//! What Istio makes of the objects: which Service or ServiceEntry a destination means, by what name its cluster goes,
//! and every stream of copies with its senders. Findings, manifests and previews stand on this one reading. The modules
//! stand in the order in which they use each other:
//!
//! ```text
//! as written: destination, native_mirror, attached ─▶ flows: whose requests, where to
//! as Istio has it: resolution ─▶ fitness, subsets ─▶ clusters
//! ```

pub(crate) mod destination;

pub(crate) mod native_mirror;

pub(crate) mod attached;

pub(crate) mod flows;

pub(crate) mod resolution;

pub(crate) mod fitness;

pub(crate) mod imports;

pub(crate) mod subsets;

pub(crate) mod clusters;

pub use destination::RouteDestination;
