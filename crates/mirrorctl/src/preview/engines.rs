//! What each engine would give up for a job, and whether it could do it at all: asked of the very code that writes
//! objects.

use crate::error::Error;
use crate::job::{DataPlane, Engine, Expiry, Job, word};
use crate::manifests::{self, Module, Options};
use crate::objects::World;

/// One engine, for one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// The engine.
    pub engine: Engine,
    /// Whether it can: all that it needs is known, and nothing is refused.
    pub ability: Ability,
    /// What the job wants and this engine has not: one phrase each.
    pub gives_up: Vec<String>,
}

/// Whether an engine can do a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ability {
    /// It can.
    Yes,
    /// A fact is missing: which one.
    Unknown(String),
    /// It cannot: why.
    No(String),
}

/// Both engines, the job's own first.
pub fn fits(job: &Job, known: &World, options: &Options) -> Vec<Fit> {
    let other = match job.engine {
        Engine::Wasm => Engine::Native,
        Engine::Native => Engine::Wasm,
    };
    [job.engine, other]
        .into_iter()
        .map(|engine| fit(job, engine, known, options))
        .collect()
}

fn fit(job: &Job, engine: Engine, known: &World, options: &Options) -> Fit {
    let tried = Job { engine, ..job.clone() };
    let mut options = options.clone();
    options.module.get_or_insert_with(|| Module {
        url: "file:///traffic-mirror.wasm".to_owned(),
        sha256: None,
    });
    if engine != Engine::Wasm {
        // What only the filter has is no reason to refuse the comparison.
        options.authorization_policy = false;
    }
    let ability = match manifests::bundle(&tried, known, &options) {
        // A job of this kind is refused when it is read.
        _ if engine == Engine::Native && job.data_plane == DataPlane::Envoy => {
            Ability::No("it is configured through Istio, and dataPlane `envoy` is without".to_owned())
        }
        Ok(_) => Ability::Yes,
        Err(error @ Error::Missing { .. }) => Ability::Unknown(error.to_string()),
        Err(error) => Ability::No(error.to_string()),
    };
    Fit {
        engine,
        ability,
        gives_up: match engine {
            Engine::Wasm => of_filter(job),
            Engine::Native => of_native(job),
        },
    }
}

fn of_filter(job: &Job) -> Vec<String> {
    let mut given_up = vec![
        "request trailers, which a callout cannot send".to_owned(),
        "what routes add or rewrite behind the filter; `path`, `authority` and `headers` of the shadow are there for that".to_owned(),
    ];
    if job.data_plane == DataPlane::Sidecar {
        given_up.push("the callers' identity: the shadow sees the primary's".to_owned());
    }
    given_up
}

fn of_native(job: &Job) -> Vec<String> {
    let mut given_up = Vec::new();
    for shadow in &job.shadows {
        let keys: Vec<&str> = shadow
            .filter
            .keys()
            .map(String::as_str)
            .filter(|key| *key != "percentage")
            .collect();
        if !keys.is_empty() {
            given_up.push(format!("{} of the shadow {}", keys.join(", "), shadow.name));
        }
    }
    if let Expiry::At(end) = job.expires_at {
        given_up.push(format!("the end at {end}: nothing stops by itself"));
    }
    if job.data_plane == DataPlane::Sidecar {
        given_up.push("the requests of callers without a proxy of the mesh".to_owned());
    }
    given_up.push("a marker on the copies, so nothing ends a loop".to_owned());
    given_up.push("statistics of what was skipped, lost and answered, and bounds on memory and rate".to_owned());
    given_up
}

// === impl Fit ===

impl Fit {
    /// The engine's word.
    pub fn name(&self) -> &'static str {
        word(Engine::WORDS, &self.engine)
    }
}
