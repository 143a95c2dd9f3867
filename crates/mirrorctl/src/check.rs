//! Looks for what is wrong with jobs, plugin configurations and objects of Istio and the Gateway API: first each for
//! itself, then all of them together with what is known of the user's world. Pure; [`check`] is the table of all
//! checks.

mod access;

mod answers;

mod attachment;

mod balancing;

mod clones;

mod destinations;

mod envoy;

mod istio;

mod live;

mod mirrors;

mod outside;

mod references;

mod routes;

mod subject;

mod unreached;

mod unread;

mod versions;

use std::collections::BTreeMap;

use crate::findings::{Code, Finding, Stream, codes};
use crate::job::Job;
use crate::mesh::clusters::clusters;
use crate::mesh::flows::{Flow, flows};
use crate::objects::{Object, World, kinds};
use crate::schema::Schemas;
use subject::{Report, What};

pub(crate) use answers::LIMIT;
pub use subject::{Setting, Subject};
pub use unread::{no_object, unread};

/// Why no objects can be made of a job.
#[derive(Debug)]
pub struct Refusal {
    /// What it is.
    pub code: &'static Code,
    /// The key of the job; empty: the whole.
    pub path: String,
    /// The sentence that says so.
    pub problem: String,
}

/// Everything that is found, in the order of the subjects, and for each in the order of the codes. `world` holds the
/// subjects' objects, and what else is known to exist. `refusal` says of a job why no objects can be made of it.
pub fn check(
    subjects: &[Subject],
    world: &World,
    setting: &Setting,
    refusal: &dyn Fn(&Job) -> Option<Refusal>,
) -> Vec<Finding> {
    let schemas = Schemas::built_in();
    let flows = flows_of(subjects, world);
    let unread_kinds = unread::mirroring_kinds(subjects);
    let mut all = Vec::new();
    for subject in subjects {
        let mut findings = Vec::new();
        let mut report = Report {
            subject,
            findings: &mut findings,
        };
        match &subject.what {
            What::Job(Err((path, problem))) => report.add(codes::JOB, path, problem),
            What::Job(Ok(job)) => {
                mirrors::of_job(job, setting, &mut report);
                if let Some(Refusal { code, path, problem }) = refusal(job) {
                    report.add(code, path, problem);
                }
            }
            What::Envoy => envoy::document(&subject.value, setting, &mut report),
            What::PluginConfig => drop(mirrors::plugin_config(
                &subject.value,
                "",
                mirrors::PROXY_MEMORY,
                setting,
                &mut report,
            )),
            What::Object(object) => of_object(object, world, &schemas, setting, &mut report),
        }
        for kind in &unread_kinds {
            kind.report(&mut Report {
                subject,
                findings: &mut findings,
            });
        }
        for (flow, by) in &flows {
            if by.is_some_and(|by| std::ptr::eq(by, subject)) {
                let mut report = Report {
                    subject,
                    findings: &mut findings,
                };
                destinations::check(flow, world, &mut report);
                balancing::check(flow, world, &mut report);
                live::check(flow, &flows, world, &mut report);
            }
        }
        findings.sort_by_key(|finding| finding.code.id);
        all.extend(findings);
    }
    all
}

/// Every stream of copies that the subjects make, and its clusters, in the order of their objects; jobs come last.
pub fn streams(subjects: &[Subject], world: &World) -> Vec<Stream> {
    let of_flow = |(flow, by): &(Flow<'_>, Option<&Subject>)| {
        let (clusters, reason) = match clusters(flow, world) {
            Ok(clusters) => (clusters, None),
            Err(absence) => (Vec::new(), Some(absence.problem)),
        };
        Some(Stream {
            object: (*by)?.title(),
            path: flow.path.clone(),
            from: flow.source.title(),
            clusters,
            reason,
        })
    };
    flows_of(subjects, world).iter().filter_map(of_flow).collect()
}

/// Every stream of copies with the subject that makes it; `None` for what is only known to exist.
fn flows_of<'a>(subjects: &'a [Subject], world: &'a World) -> Vec<(Flow<'a>, Option<&'a Subject>)> {
    let by_key: BTreeMap<_, &Subject> = subjects
        .iter()
        .filter_map(|subject| Some((subject.object()?.key(), subject)))
        .collect();
    let by_job = |job: &Job| {
        let mut subjects = subjects.iter();
        subjects.find(|subject| subject.job().is_some_and(|of_subject| std::ptr::eq(of_subject, job)))
    };
    flows(subjects.iter().filter_map(Subject::job), world)
        .into_iter()
        .map(|flow| {
            let by = match (flow.object, flow.job) {
                (Some(object), _) => by_key.get(&object.key()).copied(),
                (None, job) => job.and_then(by_job),
            };
            (flow, by)
        })
        .collect()
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
        unreached::check(object, world, report);
    } else if object.is(kinds::HTTP_ROUTE) || object.is(kinds::GRPC_ROUTE) {
        routes::http_route(object, world, report);
        unreached::check(object, world, report);
        references::http_route(object, world, report);
    } else if object.is(kinds::DESTINATION_RULE) {
        istio::destination_rule(object, report);
        live::reverted(object, world, report);
    } else if object.is(kinds::WASM_PLUGIN) || object.is(kinds::TRAFFIC_EXTENSION) {
        istio::extension::extension(object, report);
        attachment::check(object, world, setting, report);
    }
    if object.is(kinds::ENVOY_FILTER) {
        envoy::check(&object.value, "", setting, report);
    }
    versions::check(object, world, setting, report);
    clones::check(object, world, report);
    unread::check(object, report);
}
