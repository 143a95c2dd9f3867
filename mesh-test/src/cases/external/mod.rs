//! A shadow outside the mesh, which speaks TLS: copies arrive with the Host that the job asks for, and what the pods
//! send to that host themselves goes as before the job.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::command;
use crate::kube::kubectl;
use crate::pod::Pod;
use crate::stage::Stage;
use crate::wait::{self, Found, PATIENCE};

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

/// The name of the server, which the stand-in for DNS knows, and its address.
const HOST: &str = "outside.lab";
const ADDRESS: &str = "10.244.0.1";
/// Its certificates, and what it received.
const FOLDER: &str = "/media/outside";
const KINDS: &str = "services,deployments,serviceentries,destinationrules,virtualservices,httproutes";
/// So many requests are asked, and copied.
const COUNT: usize = 5;

pub(super) fn run(stage: &Stage) -> Result<()> {
    let _server = Server::start(stage)?;
    let (primary, caller) = (stage.primary()?, stage.shadow()?);
    let before = [own_calls(&primary)?, own_calls(&caller)?];
    let service = format!("reviews.{}.svc.cluster.local:9080", stage.namespace);
    let kept = format!("{}:9080", primary.address);
    let wasm = |authority: Value| json!({"engine": "wasm", "authority": authority});
    for (name, choice, wanted) in [
        ("own", wasm(Value::Null), HOST),
        ("kept", wasm(json!({"mode": "preserve"})), &*kept),
        (
            "suffixed",
            wasm(json!({"mode": "suffix", "suffix": "-shadow"})),
            &format!("{}-shadow:9080", primary.address),
        ),
        ("native", json!({"engine": "native", "api": "istio"}), &*service),
        ("hostname", json!({"engine": "native", "api": "gateway"}), &*service),
    ] {
        let generated = generate(stage, name, &choice)?;
        kubectl(&["apply", "-f", "-"], generated.as_bytes())?;
        let copied = wait::until(&format!("copies of job {name}"), PATIENCE, || {
            ask(stage, &choice, &format!("first-{name}"), 1)?;
            Ok(match received(&format!("first-{name}"))?.pop() {
                Some(_) => Found::Yes(()),
                None => Found::NotYet("nothing arrived".to_owned()),
            })
        });
        copied.with_context(|| generated.clone())?;
        ask(stage, &choice, name, COUNT)?;
        wait::equal(&format!("copies of job {name}"), &COUNT, || Ok(received(name)?.len()))?;
        for copy in received(name)? {
            ensure!(copy["port"] == 443, "{name}: {copy}");
            ensure!(
                header(&copy, "host") == Some(wanted),
                "{name}: no Host {wanted} in {copy}"
            );
        }
        let during = [own_calls(&primary)?, own_calls(&caller)?];
        ensure!(
            during == before,
            "{name}: the pods' own calls: {before:#?}, then {during:#?}"
        );
        kubectl(&["delete", "-f", "-"], generated.as_bytes())?;
    }
    Ok(())
}

/// Asks the primary: at its pod, or by a caller's proxy, which is what copies with Envoy's own mirroring.
fn ask(stage: &Stage, choice: &Value, path: &str, count: usize) -> Result<()> {
    match choice["engine"] == "native" {
        true => stage
            .shadow()?
            .ask_service("reviews", &stage.service_address("reviews")?, path, count),
        false => stage.primary()?.expect_unharmed(path, count),
    }
}

/// The objects of a job.
fn generate(stage: &Stage, name: &str, choice: &Value) -> Result<String> {
    let tls = json!({"mode": "SIMPLE", "caCertificates": format!("{FOLDER}/ca.pem")});
    let mut shadow = json!({"external": {"host": HOST, "port": 443, "tls": tls}});
    let mut spec = json!({
        "targetRef": {"kind": "Service", "name": "reviews", "port": 9080},
        "engine": choice["engine"],
        "expiresAt": "never",
    });
    if choice["engine"] == "wasm" {
        spec["primary"] = json!({"version": "v1"});
    }
    if !choice["authority"].is_null() {
        shadow["authority"] = choice["authority"].clone();
    }
    spec["shadows"] = json!([shadow]);
    let metadata = json!({"name": name, "namespace": stage.namespace});
    let job = json!({"apiVersion": "traffic-mirror.dev/v1alpha1", "kind": "TrafficMirror", "metadata": metadata, "spec": spec});
    fs::write(format!("{FOLDER}/job.json"), job.to_string())?;
    let objects = kubectl(
        &["get", KINDS, "--namespace", &stage.namespace, "--output", "yaml"],
        b"",
    )?;
    let mut mirrorctl = Command::new(&stage.mesh.programs.mirrorctl);
    mirrorctl
        .args(["generate", "-f", &format!("{FOLDER}/job.json"), "--objects", "-"])
        .args(["--module", &stage.mesh.module_url]);
    if let Some(api) = choice["api"].as_str() {
        mirrorctl.args(["--api", api, "--no-virtual-service"]);
    }
    command::output(&mut mirrorctl, objects.as_bytes())
}

/// What a pod gets that calls the server itself, and what the server saw of it: HTTP, and TLS of its own.
fn own_calls(pod: &Pod) -> Result<Vec<String>> {
    let call = |url: &str, port: &str| {
        let resolve = format!("{HOST}:{port}:{ADDRESS}");
        let ca = format!("{FOLDER}/ca.pem");
        pod.inside(&[
            "curl",
            "-sSi",
            "--max-time",
            "10",
            "--cacert",
            &ca,
            "--resolve",
            &resolve,
            url,
        ])
    };
    Ok(vec![
        call(&format!("http://{HOST}/direct/plain"), "80")?,
        call(&format!("https://{HOST}/direct/encrypted"), "443")?,
    ])
}

/// The requests whose path begins with `/PATH/` that the server received.
fn received(path: &str) -> Result<Vec<Value>> {
    let all = fs::read_to_string(format!("{FOLDER}/requests"))?;
    let start = format!("/{path}/");
    let all = all.lines().map(serde_json::from_str::<Value>);
    let is_one = |one: &Value| one["path"].as_str().is_some_and(|path| path.starts_with(&start));
    Ok(all.collect::<Result<Vec<_>, _>>()?.into_iter().filter(is_one).collect())
}

fn header<'a>(request: &'a Value, name: &str) -> Option<&'a str> {
    let headers = request["headers"].as_array()?;
    let found = headers
        .iter()
        .find(|pair| pair[0].as_str().is_some_and(|key| key.eq_ignore_ascii_case(name)));
    found?[1].as_str()
}

/// The server, which ends with the case.
struct Server(Child);

// === impl Server ===

impl Server {
    fn start(stage: &Stage) -> Result<Self> {
        fs::create_dir_all(FOLDER)?;
        File::create(format!("{FOLDER}/requests"))?;
        let log = File::create("/media/logs/outside.log")?;
        let program = stage.mesh.programs.lab.join("outside");
        let mut outside = Command::new("python3");
        outside.arg("-B").arg(program).args([FOLDER, HOST]).stdin(Stdio::null());
        let server = Self(outside.stdout(log.try_clone()?).stderr(log).spawn()?);
        wait::until("the server outside", PATIENCE, || {
            let url = format!("https://{HOST}/");
            let ca = format!("{FOLDER}/ca.pem");
            let resolve = format!("{HOST}:443:{ADDRESS}");
            command::output(
                Command::new("curl").args(["-sSf", "--cacert", &ca, "--resolve", &resolve, &url]),
                b"",
            )
            .map(|_| Found::Yes(()))
        })?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already, or it ends now.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
