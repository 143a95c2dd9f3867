//! What a job comes to: the objects to apply, each with its stage and its owner.

use serde_json::Value;

/// The stages of applying a job. A stage begins when the one before it is applied and, where that takes time, in
/// effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Step {
    /// Live traffic is told apart from what comes: subsets, pins.
    Prepare,
    /// The shadow starts.
    Deploy,
    /// Copies begin to flow.
    Mirror,
}

/// Whose an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Made by us, labelled so, and deleted when the job goes offline.
    Ours,
    /// The user's, with a change; never labelled, and restored when the job goes offline.
    Patched,
}

/// One object to apply.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// When.
    pub step: Step,
    /// Whose.
    pub origin: Origin,
    /// The whole object.
    pub object: Value,
}

/// What a job comes to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bundle {
    manifests: Vec<Manifest>,
    /// What the user should know and what is no reason to refuse: one sentence each.
    pub notes: Vec<String>,
}

// === impl Bundle ===

impl Bundle {
    /// Adds an object behind those of the same and of earlier steps.
    pub fn add(&mut self, manifest: Manifest) {
        let later = self.manifests.iter().position(|other| other.step > manifest.step);
        self.manifests.insert(later.unwrap_or(self.manifests.len()), manifest);
    }

    /// The same objects, to be changed.
    pub(super) fn manifests_mut(&mut self) -> impl Iterator<Item = &mut Manifest> {
        self.manifests.iter_mut()
    }

    /// The objects in apply order: all, or those of one step.
    pub fn manifests(&self, step: Option<Step>) -> impl Iterator<Item = &Manifest> {
        self.manifests
            .iter()
            .filter(move |manifest| step.is_none_or(|step| manifest.step == step))
    }
}
