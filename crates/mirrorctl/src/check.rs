//! Looks for what is wrong with jobs, plugin configurations and objects of Istio and the Gateway API: first each for itself, then all of
//! them together with what is known of the user's world. Pure; [`check`] is the table of all checks.

mod attachment;

mod clones;

mod destinations;

mod envoy;

mod flows;

mod istio;

mod live;

mod mirrors;

mod routes;

pub(crate) mod routing;

use mirror_policy::{ConfigError, Plan};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::findings::{Code, Finding, codes};
use crate::input::{Document, Place};
use crate::job::{self, Job};
use crate::objects::{Object, World, kinds};
use crate::schema::Schemas;
use crate::time::Time;
use crate::yaml::Marks;

pub(crate) use routes::millionths;

/// One document that is checked.
#[derive(Debug)]
pub struct Subject {
    place: Place,
    marks: Marks,
    value: Value,
    what: What,
}

/// What a document is.
#[derive(Debug)]
enum What {
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
}

/// Takes the findings of one document.
struct Report<'a> {
    subject: &'a Subject,
    findings: &'a mut Vec<Finding>,
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
        } else if value.get("kind").is_none() && envoy::is_envoy(&value) {
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

    /// In a message.
    fn title(&self) -> String {
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
    fn add(&mut self, code: &'static Code, path: impl Into<String>, message: impl Into<String>) {
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

// === checking ===

/// Everything that is found, in the order of the subjects, and for each in the order of the codes. `world` holds the subjects' objects, and what
/// else is known to exist.
pub fn check(subjects: &[Subject], world: &World, setting: &Setting) -> Vec<Finding> {
    let schemas = Schemas::built_in();
    let flows = flows::flows(subjects, world);
    let mut all = Vec::new();
    for subject in subjects {
        let mut findings = Vec::new();
        let mut report = Report {
            subject,
            findings: &mut findings,
        };
        match &subject.what {
            What::Job(Err((path, problem))) => report.add(codes::JOB, path, problem),
            What::Job(Ok(job)) => mirrors::of_job(job, setting, &mut report),
            What::Envoy => envoy::check(&subject.value, "", setting, &mut report),
            What::PluginConfig => drop(plugin_config(
                &subject.value,
                "",
                mirrors::PROXY_MEMORY,
                setting,
                &mut report,
            )),
            What::Object(object) => of_object(object, world, &schemas, setting, &mut report),
        }
        for flow in &flows {
            if flow.subject.is_some_and(|of_flow| std::ptr::eq(of_flow, subject)) {
                let mut report = Report {
                    subject,
                    findings: &mut findings,
                };
                destinations::check(flow, world, &mut report);
                live::check(flow, &flows, world, &mut report);
            }
        }
        findings.sort_by_key(|finding| finding.code.id);
        all.extend(findings);
    }
    all
}

fn of_object(object: &Object, world: &World, schemas: &Schemas, setting: &Setting, report: &mut Report<'_>) {
    for fault in schemas.faults(&object.value).unwrap_or_default() {
        let code = if fault.unknown {
            codes::UNKNOWN_FIELD
        } else {
            codes::SCHEMA
        };
        report.add(code, fault.path, fault.problem);
    }
    if object.is(kinds::VIRTUAL_SERVICE) {
        istio::virtual_service(object, report);
        routes::virtual_service(object, world, report);
    } else if object.is(kinds::HTTP_ROUTE) {
        routes::http_route(object, world, report);
    } else if object.is(kinds::DESTINATION_RULE) {
        istio::destination_rule(object, report);
    } else if object.is(kinds::WASM_PLUGIN) || object.is(kinds::TRAFFIC_EXTENSION) {
        istio::extension(object, report);
        attachment::check(object, world, setting, report);
    }
    if object.is(kinds::ENVOY_FILTER) {
        envoy::check(&object.value, "", setting, report);
    }
    clones::check(object, world, report);
}

/// A configuration of the filter, at a path of the document, in a proxy with so much memory. It is `None` if the filter refuses it.
fn plugin_config(config: &Value, path: &str, memory: u64, setting: &Setting, report: &mut Report<'_>) -> Option<Plan> {
    let below = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    match Plan::parse(config.to_string().as_bytes()) {
        Ok(plan) => {
            for (index, mirror) in plan.mirrors.iter().enumerate() {
                let written = config.get("mirrors").and_then(|mirrors| mirrors.get(index));
                mirrors::of_filter(
                    &mirror.config,
                    written,
                    &below(&format!("mirrors[{index}]")),
                    setting,
                    report,
                );
                mirrors::cluster(mirror, &below(&format!("mirrors[{index}]")), report);
            }
            mirrors::memory(
                plan.mirrors.iter().map(|mirror| &mirror.config),
                path,
                memory,
                setting,
                report,
            );
            Some(plan)
        }
        Err(ConfigError::Invalid { path: at, problem }) if at == "the configuration" => {
            report.add(codes::PLUGIN_CONFIG, path, problem);
            None
        }
        Err(ConfigError::Invalid { path: at, problem }) => {
            report.add(codes::PLUGIN_CONFIG, below(&at), problem);
            None
        }
        Err(error) => {
            report.add(codes::PLUGIN_CONFIG, path, error.to_string());
            None
        }
    }
}
