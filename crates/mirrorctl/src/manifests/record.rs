//! What is remembered in an object of the user that we change: one annotation with the part as it was and with what we
//! added to it. By it `offline` takes out exactly ours, and gives back exactly what was. Objects in Git carry none:
//! there, Git remembers.

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::marks::ORIGINAL;
use crate::objects::{Kind, Object, at, kinds};

/// The annotation in which `kubectl apply` keeps the whole object, ours included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The API server takes no more bytes of annotations, keys and values together (apimachinery,
/// `TotalAnnotationSizeLimitB`).
const MAX_ANNOTATIONS: usize = 256 << 10;

/// What an object of the user remembers.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The job that changed it.
    pub job: String,
    /// The changed part as it was: the one below `spec` that is changed. `Null`: it was not there.
    pub before: Value,
    /// What was added: destinations of copies as clusters, or names of subsets.
    pub added: Vec<String>,
    /// The subset to which live requests are pinned.
    pub pinned: Option<String>,
    /// `metadata.generation` of the object as it was read for the change. The API server adds 1 with each change of
    /// the spec. `None`: the object was not from an API server.
    pub generation: Option<u64>,
}

/// The one part of an object of this kind that we change, below `spec`.
pub fn part(kind: &str) -> Option<&'static str> {
    [
        (kinds::VIRTUAL_SERVICE, "http"),
        (kinds::DESTINATION_RULE, "subsets"),
        (kinds::HTTP_ROUTE, "rules"),
    ]
    .into_iter()
    .find_map(|(known, part): (Kind, _)| (known.kind == kind).then_some(part))
}

// === impl Record ===

impl Record {
    /// What an object remembers; `None` if nothing, or nothing that we wrote.
    pub fn of(object: &Object) -> Option<Self> {
        let value: Value = serde_json::from_str(object.annotation(ORIGINAL)?).ok()?;
        let added = value.get("added")?.as_array()?;
        Some(Self {
            job: value.get("job")?.as_str()?.to_owned(),
            before: value.get("before")?.clone(),
            added: added.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            pinned: value.get("pinned").and_then(Value::as_str).map(str::to_owned),
            generation: value.get("generation").and_then(Value::as_u64),
        })
    }

    /// What is to be said if the object was changed by someone else too, after it was read for our change: the one
    /// change that is ours adds 1 to its generation.
    pub fn changed_besides(&self, object: &Object) -> Option<String> {
        let (read, now) = (self.generation?, generation(object)?);
        (now > read + 1).then(|| {
            format!(
                "{} was changed by someone else too: it was read for the job {} at generation {read} and is at {now}, and one change is the job's. If theirs came in between, spec.{} does not have it any more; compare it with what they applied",
                object.title(),
                self.job,
                part(object.kind()).unwrap_or_default()
            )
        })
    }

    /// Writes it into an object.
    ///
    /// # Errors
    /// If the object has no room for it.
    pub fn write(&self, object: &mut Value, title: &str, notes: &mut Vec<String>) -> Result<()> {
        self.set(object);
        let annotations = at(object, &["metadata", "annotations"]).and_then(Value::as_object);
        let bytes: usize = annotations
            .into_iter()
            .flatten()
            .filter(|(name, _)| *name != LAST_APPLIED)
            .map(|(name, value)| name.len() + value.as_str().map_or(0, str::len))
            .sum();
        if bytes > MAX_ANNOTATIONS {
            return Err(Error::Refused(format!(
                "{title}: its original does not fit into an annotation ({bytes} bytes; all of them together have {MAX_ANNOTATIONS}); keep the object in Git and use --gitops"
            )));
        }
        if bytes + object.to_string().len() > MAX_ANNOTATIONS {
            notes.push(format!(
                "{title} is too large for `kubectl apply`, which keeps a second copy of it; use `kubectl apply --server-side`"
            ));
        }
        Ok(())
    }

    /// Sets the annotation, whatever room the object has.
    pub(super) fn set(&self, object: &mut Value) {
        let mut value = json!({"job": self.job, "added": self.added, "before": self.before});
        if let Some(fields) = value.as_object_mut() {
            let pinned = self
                .pinned
                .as_deref()
                .map(|pinned| ("pinned".to_owned(), pinned.into()));
            let generation = self.generation.map(|read| ("generation".to_owned(), read.into()));
            fields.extend(pinned.into_iter().chain(generation));
        }
        set(object, &["metadata", "annotations", ORIGINAL], value.to_string().into());
    }

    /// Takes the annotation out of an object.
    pub fn remove(object: &mut Value) {
        remove(object, &["metadata", "annotations", ORIGINAL]);
        if at(object, &["metadata", "annotations"]) == Some(&json!({})) {
            remove(object, &["metadata", "annotations"]);
        }
    }
}

/// The generation of an object, if an API server gave it one.
pub(super) fn generation(object: &Object) -> Option<u64> {
    object.at(&["metadata", "generation"]).and_then(Value::as_u64)
}

/// Makes an object of the API server one that can be applied. `kubectl apply` remembers each field that it applies, and
/// the user's next `kubectl apply` takes out the fields that their file does not have. The API server refuses that for
/// `resourceVersion`, so it is kept only for those who apply on the server's side.
pub(super) fn as_applied(object: &mut Value, keep_resource_version: bool) {
    let keys = ["metadata", "resourceVersion"];
    let version = at(object, &keys).filter(|_| keep_resource_version).cloned();
    without_server_fields(object);
    if let Some(version) = version {
        set(object, &keys, version);
    }
}

/// What is to be said if no `kubectl apply` of an object can succeed: someone applied it with its `resourceVersion`, so
/// the next apply would take that out, which the API server refuses.
pub(super) fn refused_apply(object: &Object) -> Option<String> {
    let applied: Value = serde_json::from_str(object.annotation(LAST_APPLIED)?).ok()?;
    at(&applied, &["metadata", "resourceVersion"])?;
    Some(format!(
        "{}: it was applied with a resourceVersion, which kubectl remembers, so the API server refuses each `kubectl apply` of it; run `kubectl apply set-last-applied -f FILE` with your own file of it first",
        object.title()
    ))
}

/// Takes out what the API server sets.
fn without_server_fields(object: &mut Value) {
    remove(object, &["status"]);
    for key in [
        "creationTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "uid",
    ] {
        remove(object, &["metadata", key]);
    }
    remove(object, &["metadata", "annotations", LAST_APPLIED]);
    if at(object, &["metadata", "annotations"]) == Some(&json!({})) {
        remove(object, &["metadata", "annotations"]);
    }
}

// === editing a value ===

/// Sets the value below these keys; what is on the way and no object becomes one.
pub(crate) fn set(value: &mut Value, keys: &[&str], new: Value) {
    let [key, below @ ..] = keys else {
        *value = new;
        return;
    };
    if !value.is_object() {
        *value = json!({});
    }
    if let Some(fields) = value.as_object_mut() {
        set(fields.entry(*key).or_insert(Value::Null), below, new);
    }
}

/// Removes the value below these keys, if it is there; the others keep their order.
pub(crate) fn remove(value: &mut Value, keys: &[&str]) {
    match keys {
        [] => {}
        [key] => {
            if let Some(fields) = value.as_object_mut() {
                fields.shift_remove(*key);
            }
        }
        [key, below @ ..] => {
            if let Some(value) = value.get_mut(*key) {
                remove(value, below);
            }
        }
    }
}
