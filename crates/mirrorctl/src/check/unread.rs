//! What is not read: kinds that do not exist, documents that are no objects, and objects of other tools that have to do
//! with mirroring. Nobody is to take the silence about them for a check.

use std::collections::BTreeMap;

use serde_json::Value;

use super::subject::{Report, Subject};
use crate::findings::{Finding, codes};
use crate::input::LOOKS_LIKE_TEMPLATE;
use crate::objects::{Object, kinds, known};
use crate::place::Place;
use crate::schema::Schemas;
use crate::yaml::Mark;

/// A document that is nothing which is known here, and why it is not. The file by which kustomize is told what to do
/// stands in many folders beside what it is told about.
pub fn no_object(api_version: Option<&str>, place: Place, mark: Option<Mark>, problem: String) -> Finding {
    let is_of_kustomize = api_version.is_some_and(|version| version.starts_with("kustomize.config.k8s.io/"));
    let (code, message) = match is_of_kustomize {
        true => (
            codes::NOT_KNOWN,
            "is for kustomize; to check what it makes: kustomize build FOLDER | mirrorctl validate -".to_owned(),
        ),
        false => (codes::NO_OBJECT, problem),
    };
    Finding {
        code,
        place,
        mark,
        object: "the document".to_owned(),
        path: String::new(),
        message,
    }
}

/// The kinds of the objects that are not read, and how many there are of each.
pub fn unread(subjects: &[Subject]) -> BTreeMap<&str, usize> {
    let schemas = Schemas::built_in();
    let mut kinds = BTreeMap::new();
    let objects = subjects.iter().filter_map(Subject::object);
    for object in objects.filter(|object| !is_read(object) && !schemas.has(object.group(), object.kind())) {
        *kinds.entry(object.kind()).or_default() += 1;
    }
    kinds
}

/// What shows that nothing, or not all, of an object was read.
pub(super) fn check(object: &Object, report: &mut Report<'_>) {
    if let Some((key, problem)) = known::problem(object.group(), object.kind()) {
        report.add(codes::NO_SUCH_KIND, key, problem);
    }
    if object.name().contains("{{") {
        report.add(codes::NO_OBJECT, "metadata.name", LOOKS_LIKE_TEMPLATE);
    }
}

/// The objects of a kind that tell of mirroring and are not read, in the order of their names. One note speaks of all
/// of them, because a cluster can have hundreds.
pub(super) struct Unread<'a> {
    subjects: Vec<&'a Subject>,
}

/// Those of each kind.
pub(super) fn mirroring_kinds(subjects: &[Subject]) -> Vec<Unread<'_>> {
    let mut kinds: BTreeMap<(&str, &str), Vec<&Subject>> = BTreeMap::new();
    for subject in subjects {
        if let Some(object) = subject.object().filter(|object| tells(object).is_some()) {
            kinds.entry((object.group(), object.kind())).or_default().push(subject);
        }
    }
    let mut all: Vec<Vec<&Subject>> = kinds.into_values().collect();
    for subjects in &mut all {
        subjects.sort_by_key(|subject| {
            subject
                .object()
                .map(|object| (object.namespace.as_str(), object.name()))
        });
    }
    all.into_iter().map(|subjects| Unread { subjects }).collect()
}

/// Where an object tells of mirroring, if nobody reads what it says of it.
fn tells(object: &Object) -> Option<String> {
    if !may_mirror(object.group(), object.kind()) || (is_read(object) && !object.is(kinds::ROLLOUT)) {
        return None;
    }
    mirroring(&object.value, "")
}

// === impl Unread ===

impl Unread<'_> {
    /// The note, at the first of the objects; nothing at the others.
    pub(super) fn report(&self, report: &mut Report<'_>) {
        let Some(first) = self
            .subjects
            .first()
            .filter(|first| std::ptr::eq(**first, report.subject))
        else {
            return;
        };
        let Some((object, path)) = first.object().and_then(|object| Some((object, tells(object)?))) else {
            return;
        };
        let (kind, group) = (object.kind(), object.group());
        let of = match self.subjects.len() {
            1 => format!("this {kind} ({group})"),
            count => format!("{count} objects of the kind {kind} ({group})"),
        };
        let is_one = self.subjects.len() == 1;
        let read = match (object.is(kinds::ROLLOUT), is_one) {
            (true, _) => format!("of {of} only the pods are read"),
            (false, true) => format!("{of} is not read"),
            (false, false) => format!("{of} are not read"),
        };
        let says = if is_one { "it says" } else { "they say" };
        let message = format!("{read}{}; what {says} of mirroring here is not checked", self.names());
        report.add(codes::NOT_KNOWN, path, message);
    }

    /// The first names, if there are several.
    fn names(&self) -> String {
        const SHOWN: usize = 3;
        if self.subjects.len() == 1 {
            return String::new();
        }
        let objects = self.subjects.iter().filter_map(|subject| subject.object());
        let names: Vec<String> = objects
            .take(SHOWN)
            .map(|object| format!("{}/{}", object.namespace, object.name()))
            .collect();
        let more = match self.subjects.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!(": {}{more}", names.join(", "))
    }
}

/// Whether something of the object is looked at.
fn is_read(object: &Object) -> bool {
    let is_of_mesh = || object.kind() == "ConfigMap" && object.at(&["data", "mesh"]).is_some();
    kinds::ALL.iter().any(|kind| object.is(*kind)) || is_of_mesh()
}

/// Kubernetes itself mirrors nothing; an Ingress does by the annotations of its controller.
fn may_mirror(group: &str, kind: &str) -> bool {
    let is_of_kubernetes = !group.contains('.') || group.ends_with(".k8s.io");
    !is_of_kubernetes || group == kinds::HTTP_ROUTE.group || kind == "Ingress"
}

/// The first key that tells of mirroring, and that does not say no to it: Flagger's `mirror`, Traefik's `mirroring`,
/// Gateway API's and Kuma's `requestMirror`, Argo Rollouts' `setMirrorRoute`, `mirror-target` of the Ingress of NGINX,
/// Emissary's and Gloo's `shadow` and `shadowing`.
fn mirroring(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::Object(fields) => fields.iter().find_map(|(key, value)| {
            let path = match path {
                "" => key.clone(),
                path => format!("{path}.{key}"),
            };
            let is_said = !matches!(value, Value::Null | Value::Bool(false));
            if is_said && tells_of_mirroring(key) {
                return Some(path);
            }
            mirroring(value, &path)
        }),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .find_map(|(index, value)| mirroring(value, &format!("{path}[{index}]"))),
        _ => None,
    }
}

fn tells_of_mirroring(key: &str) -> bool {
    let key = key.to_lowercase();
    let is_ours = key.starts_with("traffic-mirror.dev/");
    (key.contains("mirror") && !is_ours) || ["shadow", "shadowing", "shadows"].contains(&key.as_str())
}
