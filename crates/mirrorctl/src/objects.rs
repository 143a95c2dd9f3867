//! The user's world: the objects that exist, as `kubectl get -o yaml` prints them. An object stays the JSON value that
//! it is, so that whatever is written back keeps every field, known or not; views read from it what a decision needs.
//! What is needed and not here is never guessed: [`Error::Missing`] names it and the command that brings it.

pub mod controller;

pub mod entry;

mod hosts;

pub mod kinds;

pub mod known;

pub mod reference;

pub mod routing;

mod selector;

mod service;

pub mod waypoint;

mod workload;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::input::Document;
use crate::job;
use crate::place::Place;

pub use hosts::{fully_qualified, host_covers};
pub use kinds::Kind;
pub use routing::ROOT_NAMESPACE;
pub use selector::{Effect, Selecting, label_selector};
pub use service::{EXPORT_TO, Protocol, Service, ServicePort, TargetPort};
pub use workload::Workload;

/// Labels, or a selector by labels.
pub type Labels = BTreeMap<String, String>;

/// One object, and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// The file, and where in it.
    pub place: Place,
    /// The whole object, in the order of its keys.
    pub value: Value,
    /// Its namespace; that of the job if it names none.
    pub namespace: String,
    /// Kept beside the value: a world is searched for them again and again.
    group: String,
    kind: String,
    name: String,
}

/// What the API server knows an object by: group, kind, namespace and name.
type Id = (String, String, String, String);

/// Everything that is known to exist.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// In the order of the inputs. They are shared, because each plan of a job is made in a copy of the world.
    pub objects: Vec<Arc<Object>>,
    /// The domain of the cluster's Services: `cluster.local`.
    pub domain: String,
    /// The context of the cluster that holds all of them. `None`: they are from inputs, and others may exist.
    pub cluster: Option<String>,
}

// === impl Object ===

impl Object {
    /// An object of the API server.
    ///
    /// # Errors
    /// If it has no `apiVersion`, `kind` or `metadata.name`, or is a job. An IstioOperator needs no name, because
    /// `istioctl install` asks for none.
    pub fn new(document: Document, namespace: &str) -> Result<Self> {
        let Document { place, value } = document;
        let text = |keys: &[&str]| at(&value, keys).and_then(Value::as_str).filter(|text| !text.is_empty());
        let has_no_name = text(&["kind"]) == Some(kinds::ISTIO_OPERATOR.kind);
        let needed = [&["apiVersion"][..], &["kind"], &["metadata", "name"]];
        let needed = needed.get(..needed.len() - usize::from(has_no_name));
        let problem = if let Some(missing) = needed.unwrap_or_default().iter().find(|keys| text(keys).is_none()) {
            format!("is not a Kubernetes object: `{}` is missing", missing.join("."))
        } else if text(&["apiVersion"]) == Some(job::API_VERSION) {
            "is a job; --objects takes what is in the cluster, and -f the job".to_owned()
        } else {
            let namespace = text(&["metadata", "namespace"]).unwrap_or(namespace).to_owned();
            return Ok(Self::of(place, value, namespace));
        };
        Err(Error::Unreadable { place, problem })
    }

    /// An object of which is known that it has a kind and a name.
    pub(crate) fn of(place: Place, value: Value, namespace: String) -> Self {
        let text = |keys: &[&str]| at(&value, keys).and_then(Value::as_str).unwrap_or_default();
        let group = text(&["apiVersion"]).split_once('/').map_or("", |(group, _)| group);
        let (group, kind, name) = (
            group.to_owned(),
            text(&["kind"]).to_owned(),
            text(&["metadata", "name"]).to_owned(),
        );
        Self {
            place,
            value,
            namespace,
            group,
            kind,
            name,
        }
    }

    /// The API group, empty for the core group.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// What tells it from every other object: kind, group, namespace and name.
    pub fn key(&self) -> (&str, &str, &str, &str) {
        (&self.kind, &self.group, &self.namespace, self.name())
    }

    /// The kind.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> Id {
        let own = |text: &str| text.to_owned();
        (own(&self.group), own(&self.kind), own(&self.namespace), own(&self.name))
    }

    /// Whether it is of this kind, in any version.
    pub fn is(&self, kind: Kind) -> bool {
        self.kind() == kind.kind && self.group() == kind.group
    }

    /// Whether the API server knows both by one name.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.kind(), self.group(), self.name(), &self.namespace)
            == (other.kind(), other.group(), other.name(), &other.namespace)
    }

    /// The value below these keys.
    pub fn at(&self, keys: &[&str]) -> Option<&Value> {
        at(&self.value, keys)
    }

    /// The text below these keys.
    pub fn text(&self, keys: &[&str]) -> Option<&str> {
        self.at(keys)?.as_str()
    }

    /// The labels below these keys; none if there are none.
    pub fn labels(&self, keys: &[&str]) -> Labels {
        labels(self.at(keys))
    }

    /// One of the object's own labels.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.text(&["metadata", "labels", name])
    }

    /// One of its annotations.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.text(&["metadata", "annotations", name])
    }

    /// In a message: `the Service reviews of namespace demo`.
    pub fn title(&self) -> String {
        title(self.kind(), &self.namespace, self.name())
    }
}

/// An object in a message: `the Service reviews of namespace demo`, without its name if it has none.
pub fn title(kind: &str, namespace: &str, name: &str) -> String {
    if name.is_empty() {
        return format!("the {kind} of namespace {namespace}");
    }
    format!("the {kind} {name} of namespace {namespace}")
}

/// The elements of the list below these keys. Without a list: none.
pub fn list<'a>(value: &'a Value, keys: &[&str]) -> impl Iterator<Item = &'a Value> + use<'a> {
    at(value, keys).and_then(Value::as_array).into_iter().flatten()
}

/// The value below these keys.
pub fn at<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().try_fold(value, |value, key| value.get(key))
}

/// An object of texts as labels.
pub fn labels(value: Option<&Value>) -> Labels {
    let fields = value.and_then(Value::as_object).into_iter().flatten();
    fields
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Whether a selector selects something with these labels. One without labels selects nothing, as a Service's.
pub fn selects(selector: &Labels, labels: &Labels) -> bool {
    !selector.is_empty() && selector.iter().all(|(name, value)| labels.get(name) == Some(value))
}

// === impl World ===

impl World {
    /// The objects of documents; an object without a namespace is taken to be in the given one.
    ///
    /// # Errors
    /// If a document is no object, or two hold the same object with different content.
    pub fn of(documents: Vec<Document>, namespace: &str, domain: &str) -> Result<Self> {
        let objects = documents.into_iter().flat_map(items);
        let (objects, _) = distinct(objects.map(|document| Object::new(document, namespace)))?;
        Ok(Self {
            objects,
            domain: domain.to_owned(),
            cluster: None,
        })
    }

    /// Whether what is not here does not exist.
    pub fn is_whole(&self) -> bool {
        self.cluster.is_some()
    }

    /// An error as a person can act on it: what is missing in a whole world does not exist.
    pub fn explained(&self, error: Error) -> Error {
        match (error, &self.cluster) {
            (Error::Missing { fact, .. }, Some(context)) => Error::NotFound(format!(
                "{} is not in the cluster of context {context}",
                fact.trim_end_matches(',')
            )),
            (error, _) => error,
        }
    }

    /// The same world once an object is applied to it.
    pub fn put(&mut self, object: Object) {
        match self.objects.iter_mut().find(|other| other.is_same(&object)) {
            Some(other) => *other = Arc::new(object),
            None => self.objects.push(Arc::new(object)),
        }
    }

    /// What will exist: a new object stands for the known one of the same name.
    ///
    /// # Errors
    /// If two new objects are the same and differ.
    pub fn overlaid<'a>(self, new: impl Iterator<Item = &'a Object>) -> Result<Self> {
        let (mut objects, known) = distinct(new.cloned().map(Ok))?;
        objects.extend(
            self.objects
                .into_iter()
                .filter(|object| !known.contains_key(&object.id())),
        );
        Ok(Self {
            objects,
            domain: self.domain,
            cluster: self.cluster,
        })
    }

    /// All objects, in the order of the inputs.
    pub fn iter(&self) -> impl Iterator<Item = &Object> {
        self.objects.iter().map(Arc::as_ref)
    }

    /// Every object of a kind.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        self.objects
            .iter()
            .map(Arc::as_ref)
            .filter(move |object| object.is(kind))
    }

    /// One object, if it is known.
    pub fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Object> {
        self.all(kind)
            .find(|object| object.namespace == namespace && object.name() == name)
    }

    /// One object that must be known.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub fn need(&self, kind: Kind, namespace: &str, name: &str) -> Result<&Object> {
        self.find(kind, namespace, name).ok_or_else(|| Error::Missing {
            fact: title(kind.kind, namespace, name),
            command: format!("kubectl get {} {name} -n {namespace} -o yaml", kind.resource),
        })
    }
}

/// Objects, each once, and the place of each.
type Distinct = (Vec<Arc<Object>>, HashMap<Id, usize>);

/// The objects, each once, with their places among them.
fn distinct(objects: impl Iterator<Item = Result<Object>>) -> Result<Distinct> {
    let mut distinct: Vec<Arc<Object>> = Vec::new();
    let mut known = HashMap::new();
    for object in objects {
        let object = object?;
        let same = known.get(&object.id()).and_then(|index: &usize| distinct.get(*index));
        match same {
            Some(other) if other.value == object.value => {}
            Some(other) => {
                let problem = format!(
                    "{} is in {} too, and differs; give each object once",
                    object.title(),
                    other.place
                );
                return Err(Error::Unreadable {
                    place: object.place,
                    problem,
                });
            }
            None => {
                known.insert(object.id(), distinct.len());
                distinct.push(Arc::new(object));
            }
        }
    }
    Ok((distinct, known))
}

/// A `v1` List, or one of a kind, as its items; anything else as itself.
pub(crate) fn items(document: Document) -> Vec<Document> {
    let is_list = document
        .value
        .get("kind")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.ends_with("List"));
    let Document { place, mut value } = document;
    match value.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) if is_list => items
            .into_iter()
            .enumerate()
            .map(|(index, value)| Document {
                place: Place {
                    item: Some(index + 1),
                    ..place.clone()
                },
                value,
            })
            .collect(),
        Some(items) => {
            if let Some(fields) = value.as_object_mut() {
                fields.insert("items".to_owned(), items);
            }
            vec![Document { place, value }]
        }
        None => vec![Document { place, value }],
    }
}
