//! The cases: one folder each. A reader needs no other file to understand one.

use crate::runner::Case;

mod analyze;
mod clusters;
mod copies;
mod deleted_and_made_anew;
mod every_listener;
mod external;
mod good_then_refused;
mod labels;
mod large_answers;
mod module_broken;
mod module_changed;
mod one_of_two_plugins;
mod own_apply;
mod refused_at_restart;
mod refused_fresh;
mod refused_text;
mod refused_then_corrected;
mod tutorial;
mod webhook;
mod without_files;

macro_rules! cases {
    ($($name:ident: $about:literal,)*) => {
        &[$(Case {
            name: stringify!($name),
            about: $about,
            annotations: $name::ANNOTATIONS,
            run: $name::run,
        }),*]
    };
}

/// All of them, in the order of the list that people read. `clusters` is the last, because the API server is busy for a
/// while after it.
pub const ALL: &[Case] = cases! {
    copies: "TrafficExtension and WasmPlugin copy, for callers of the mesh and others",
    labels: "the labels on a stock Istio, for names of mirrors that look like its own expressions",
    refused_fresh: "a refused configuration under a fresh name: no request is harmed, nothing is copied, and it shows",
    refused_text: "a configuration that is no JSON",
    refused_then_corrected: "a correction takes effect without a restart",
    good_then_refused: "a refused configuration after a good one, which goes on copying and counting",
    refused_at_restart: "a pod that starts with a refused configuration, by a restart or by scaling",
    deleted_and_made_anew: "a plugin that is deleted and made anew with a refused configuration",
    one_of_two_plugins: "two plugins, of which one is refused",
    every_listener: "a refused plugin in all listeners: what comes in and what goes out is unharmed",
    module_changed: "a new module with a good configuration, and one with a refused configuration",
    module_broken: "a module that does not load: what the filter cannot mend",
    large_answers: "large answers of a shadow, bounded by the setting in the pod's annotation",
    tutorial: "the tutorial of the guide, word for word",
    own_apply: "objects of the user that mirrorctl changed: their own kubectl apply, and another hand",
    without_files: "without files: the API server is read, with no more rights than mirrorctl rbac gives",
    webhook: "what mirrorctl says that the API server and Istio's webhook refuse, they refuse, and nothing else",
    analyze: "what mirrorctl says by a rule of Istio's own, istioctl analyze reports too, and the other way round",
    external: "a shadow outside the mesh, by both engines: TLS, the Host, and the pods' own calls to it",
    clusters: "the clusters of mirrors in a table of worlds: what mirrorctl says and what the proxies have",
};
