//! What is checked, what the checks depend on, and who takes their findings.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::findings::{Code, Finding};
use crate::input::Document;
use crate::istio::IstioVersion;
use crate::job::{self, Job};
use crate::objects::Object;
use crate::place::Place;
use crate::time::Time;
use crate::yaml::Marks;

/// One document that is checked.
#[derive(Debug)]
pub struct Subject {
    place: Place,
    marks: Marks,
    /// The whole document.
    pub(super) value: Value,
    /// What it is.
    pub(super) what: What,
}

/// What a document is.
#[derive(Debug)]
pub(super) enum What {
    /// A job, or what is wrong with it.
    Job(std::result::Result<Box<Job>, (String, String)>),
    /// The configuration of the filter alone.
    PluginConfig,
    /// A configuration of Envoy itself.
    Envoy,
    /// An object of the API server.
    Object(Object),
}

/// What the checks depend on besides their input.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The time that counts as now.
    pub now: Time,
    /// The workers of a proxy.
    pub workers: u64,
    /// The version of Istio, if it is known.
    pub istio: Option<IstioVersion>,
}

/// Takes the findings of one document.
pub(super) struct Report<'a> {
    /// What is reported on.
    pub(super) subject: &'a Subject,
    /// What was found so far.
    pub(super) findings: &'a mut Vec<Finding>,
}

// === impl Subject ===

impl Subject {
    /// Tells what a document is. An object without a namespace is taken to be in the given one.
    ///
    /// # Errors
    /// If it is nothing that is known here.
    pub fn new(document: Document, marks: Marks, namespace: &str) -> Result<Self> {
        let Document { place, value } = document;
        let is = |key: &str, wanted: &str| value.get(key).and_then(Value::as_str) == Some(wanted);
        let document = Document {
            place: place.clone(),
            value: value.clone(),
        };
        let what = if is("apiVersion", job::API_VERSION) || is("kind", job::KIND) {
            What::Job(match job::read(document) {
                Ok(job) => Ok(Box::new(job)),
                Err(Error::Invalid { path, problem, .. }) => Err((path, problem)),
                Err(error) => Err((String::new(), error.to_string())),
            })
        } else if value.get("kind").is_none() && value.get("mirrors").is_some() {
            What::PluginConfig
        } else if value.get("kind").is_none() && is_envoy(&value) {
            What::Envoy
        } else if value.get("kind").is_none() {
            return Err(Error::Unreadable {
                place,
                problem:
                    "is neither a job, nor a configuration of the filter (`mirrors`) or of Envoy, nor a Kubernetes object (`kind`)"
                        .to_owned(),
            });
        } else {
            What::Object(Object::new(document, namespace)?)
        };
        Ok(Self {
            place,
            marks,
            value,
            what,
        })
    }

    /// The object, if it is one.
    pub fn object(&self) -> Option<&Object> {
        match &self.what {
            What::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The job, if it is one that can be read.
    pub(super) fn job(&self) -> Option<&Job> {
        match &self.what {
            What::Job(Ok(job)) => Some(job),
            _ => None,
        }
    }

    /// In a message.
    pub(super) fn title(&self) -> String {
        match &self.what {
            What::Object(object) => object.title(),
            What::PluginConfig => "the plugin configuration".to_owned(),
            What::Envoy => "the configuration of Envoy".to_owned(),
            What::Job(_) => {
                let name = crate::objects::at(&self.value, &["metadata", "name"]).and_then(Value::as_str);
                format!("the job {}", name.unwrap_or_default()).trim_end().to_owned()
            }
        }
    }
}

// === impl Report ===

impl Report<'_> {
    /// Adds a finding at a path of the document.
    pub(super) fn add(&mut self, code: &'static Code, path: impl Into<String>, message: impl Into<String>) {
        let path = path.into();
        let finding = Finding {
            code,
            place: self.subject.place.clone(),
            mark: self.subject.marks.at(&path),
            object: self.subject.title(),
            path,
            message: message.into(),
        };
        // One cause, met on two ways, is one finding.
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }
}

/// Whether a document without `kind` is Envoy's.
fn is_envoy(value: &Value) -> bool {
    ["resources", "static_resources", "staticResources", "@type"]
        .iter()
        .any(|key| value.get(key).is_some())
}
