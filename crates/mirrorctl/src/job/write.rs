//! Writes a job as the document that reads back as the same job. What is a default is left out, except what a reader of
//! the file must see: the expiry.

use serde_json::{Map, Value, json};

use super::{
    API_VERSION, Allowed, Backend, CloneOf, DataPlane, Endpoint, EndpointProtocol, Engine, Expiry, External,
    GatewayApi, GatewayRef, Isolation, Job, KIND, Shadow, word,
};

/// The document of a job.
pub fn write(job: &Job) -> Value {
    let mut spec = Map::new();
    let kind = match job.data_plane {
        DataPlane::Envoy => "Listener",
        _ => "Service",
    };
    let mut target = json!({"kind": kind, "name": job.target.name});
    put(&mut target, "port", job.target.port.map(Value::from));
    spec.insert("targetRef".to_owned(), target);
    if job.data_plane != DataPlane::Sidecar {
        spec.insert("dataPlane".to_owned(), word(DataPlane::WORDS, &job.data_plane).into());
    }
    if let Some(gateway) = &job.gateway {
        spec.insert("gateway".to_owned(), gateway_ref(gateway));
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
    let mut metadata = json!({"name": job.name});
    put(
        &mut metadata,
        "namespace",
        (!job.namespace.is_empty()).then(|| job.namespace.as_str().into()),
    );
    json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": metadata,
        "spec": spec,
    })
}

fn gateway_ref(gateway: &GatewayRef) -> Value {
    let mut fields = json!({});
    let group = gateway.api.map(|api| word(GatewayApi::WORDS, &api).into());
    put(&mut fields, "group", group);
    put(&mut fields, "name", Some(gateway.name.as_str().into()));
    put(&mut fields, "namespace", gateway.namespace.clone().map(Value::from));
    put(&mut fields, "port", gateway.port.map(Value::from));
    fields
}

fn shadow(shadow: &Shadow) -> Value {
    let mut fields = json!({"name": shadow.name});
    let backend = match &shadow.backend {
        Backend::Service { name, namespace, port } => {
            let mut backend = json!({"name": name});
            put(&mut backend, "namespace", namespace.clone().map(Value::from));
            put(&mut backend, "port", port.map(Value::from));
            backend
        }
        Backend::Subset(name) => name.as_str().into(),
        Backend::Clone(clone) => clone_of(clone),
        Backend::External(external) => external_of(external),
        Backend::Endpoint(endpoint) => endpoint_of(endpoint),
    };
    put(&mut fields, shadow.backend.key(), Some(backend));
    if let Some(fields) = fields.as_object_mut() {
        fields.extend(shadow.filter.clone());
    }
    fields
}

fn external_of(external: &External) -> Value {
    let mut fields = json!({"host": external.host, "port": external.port});
    if external.protocol != EndpointProtocol::Http {
        let protocol = word(EndpointProtocol::WORDS, &external.protocol);
        put(&mut fields, "protocol", Some(protocol.into()));
    }
    if let Some(tls) = &external.tls {
        let mut written = json!({"mode": "SIMPLE"});
        let is_own = tls.sni == external.host;
        put(&mut written, "sni", (!is_own).then(|| tls.sni.as_str().into()));
        let is_sni = tls.subject_alt_names.as_slice() == [tls.sni.as_str()];
        let names = (!is_sni).then(|| json!(tls.subject_alt_names));
        put(&mut written, "subjectAltNames", names);
        put(
            &mut written,
            "caCertificates",
            tls.ca_certificates.clone().map(Value::from),
        );
        put(&mut fields, "tls", Some(written));
    }
    fields
}

fn endpoint_of(endpoint: &Endpoint) -> Value {
    let mut fields = json!({"host": endpoint.host, "port": endpoint.port});
    if endpoint.protocol != EndpointProtocol::Http {
        let protocol = word(EndpointProtocol::WORDS, &endpoint.protocol);
        put(&mut fields, "protocol", Some(protocol.into()));
    }
    let tls = endpoint.tls.as_ref();
    put(
        &mut fields,
        "tls",
        tls.map(|tls| json!({"sni": tls.sni, "caFile": tls.ca_file})),
    );
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
