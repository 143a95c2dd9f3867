//! Objects for Git: what applies them waits by waves, as Argo CD does.

use super::{Bundle, Step, record};
use crate::objects::at;

/// The annotation by which Argo CD orders what it applies.
pub const WAVE: &str = "argocd.argoproj.io/sync-wave";

/// Gives every object the wave of its step, unless it has one.
pub(super) fn set_waves(bundle: &mut Bundle) {
    for manifest in bundle.manifests_mut() {
        let keys = ["metadata", "annotations", WAVE];
        if at(&manifest.object, &keys).is_some() {
            continue;
        }
        let wave = match manifest.step {
            Step::Prepare => "0",
            Step::Deploy => "1",
            Step::Mirror => "2",
        };
        record::set(&mut manifest.object, &keys, wave.into());
    }
}
