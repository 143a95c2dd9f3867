//! Objects for Git: what applies them waits by waves, as Argo CD does, and takes back what is not in Git.

use super::{Bundle, Options, Step, record};
use crate::objects::{Object, World, at, controller};

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

/// Who will take back what is changed in an object of the user. What goes into Git is not taken back by what applies
/// Git.
pub(super) fn note_controller(original: &Object, world: &World, options: &Options, notes: &mut Vec<String>) {
    let controller = controller::of(original, world).filter(|controller| !(options.gitops && controller.is_git));
    notes.extend(controller.map(|controller| {
        format!(
            "{} ({}): {}, and this change may be lost; {}",
            original.title(),
            original.place,
            controller.effect,
            controller.advice
        )
    }));
}
