//! Writes a job as the document that reads back as the same job. What is a default is left out, except what a reader of
//! the file must see: the expiry.

use serde_json::{Map, Value, json};

use super::{API_VERSION, Allowed, Backend, CloneOf, DataPlane, Engine, Expiry, Isolation, Job, KIND, Shadow, word};

/// The document of a job.
pub fn write(job: &Job) -> Value {
    let mut spec = Map::new();
    let mut target = json!({"kind": "Service", "name": job.target.name});
    put(&mut target, "port", job.target.port.map(Value::from));
    spec.insert("targetRef".to_owned(), target);
    if job.data_plane != DataPlane::Sidecar {
        spec.insert("dataPlane".to_owned(), word(DataPlane::WORDS, &job.data_plane).into());
    }
    if job.engine != Engine::Wasm {
        spec.insert("engine".to_owned(), word(Engine::WORDS, &job.engine).into());
    }
    if let Some(primary) = &job.primary {
        let primary = match primary.labels.as_slice() {
            [(label, version)] if label == "version" && *version == primary.subset => json!({"version": version}),
            labels => json!({"subset": primary.subset, "labels": texts(labels)}),
        };
        spec.insert("primary".to_owned(), primary);
    }
    let expires_at = match job.expires_at {
        Expiry::Never => "never".to_owned(),
        Expiry::At(time) => time.to_string(),
    };
    spec.insert("expiresAt".to_owned(), expires_at.into());
    spec.insert("shadows".to_owned(), job.shadows.iter().map(shadow).collect());
    json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": job.name, "namespace": job.namespace},
        "spec": spec,
    })
}

fn shadow(shadow: &Shadow) -> Value {
    let mut fields = json!({"name": shadow.name});
    let (key, backend) = match &shadow.backend {
        Backend::Service { name, namespace, port } => {
            let mut backend = json!({"name": name});
            put(&mut backend, "namespace", namespace.clone().map(Value::from));
            put(&mut backend, "port", port.map(Value::from));
            ("backendRef", backend)
        }
        Backend::Subset(name) => ("subset", name.as_str().into()),
        Backend::Clone(clone) => ("clone", clone_of(clone)),
    };
    put(&mut fields, key, Some(backend));
    if let Some(fields) = fields.as_object_mut() {
        fields.extend(shadow.filter.clone());
    }
    fields
}

fn clone_of(clone: &CloneOf) -> Value {
    let mut fields = json!({"deployment": clone.deployment, "version": clone.version});
    if !clone.images.is_empty() {
        put(&mut fields, "images", Some(texts(&clone.images)));
    }
    if !clone.env.is_empty() {
        let env: Map<String, Value> = clone
            .env
            .iter()
            .map(|(container, variables)| (container.clone(), texts(variables)))
            .collect();
        put(&mut fields, "env", Some(env.into()));
    }
    put(&mut fields, "replicas", clone.replicas.map(Value::from));
    if clone.isolation != Isolation::Service {
        put(
            &mut fields,
            "isolation",
            Some(word(Isolation::WORDS, &clone.isolation).into()),
        );
    }
    if !clone.allow.is_empty() {
        let words = clone.allow.iter().map(|allowed| word(Allowed::WORDS, allowed));
        put(&mut fields, "allow", Some(words.collect()));
    }
    fields
}

fn texts(texts: &[(String, String)]) -> Value {
    let texts = texts
        .iter()
        .map(|(name, text)| (name.clone(), Value::from(text.as_str())));
    Value::Object(texts.collect())
}

fn put(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Some(fields), Some(value)) = (object.as_object_mut(), value) {
        fields.insert(key.to_owned(), value);
    }
}
