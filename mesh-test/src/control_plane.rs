//! Starts the mesh: etcd, the API server, its controllers, istiod, the stand-in kubelet, and a registry with the
//! module.
//!
//! Everything of the lab is below /media, which is a file system of its own here: bin/ with the programs, logs/ with
//! what they write, pods/ with a folder for each pod.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::command::{line, output};
use crate::kube::{self, KUBECONFIG, kubectl};
use crate::programs::Programs;
use crate::wait::{self, Found};

/// The API server compiles nothing, but writes its own roles at its first start.
const START: Duration = Duration::from_secs(120);
/// The administrator's token. Nobody outside of the lab's own network can use it.
const TOKEN: &str = "lab-token";
/// What is left out of the installation: istiod runs as a process, and the definitions are applied before.
const LEFT_OUT: [&str; 5] = [
    "CustomResourceDefinition",
    "Deployment",
    "HorizontalPodAutoscaler",
    "NetworkPolicy",
    "PodDisruptionBudget",
];
/// Those that Deployments, Services and namespaces need.
const CONTROLLERS: &str = "deployment-controller,replicaset-controller,endpointslice-controller,\
    serviceaccount-controller,namespace-controller,garbage-collector-controller,\
    root-ca-certificate-publisher-controller";

/// A running mesh.
#[derive(Clone, Debug)]
pub struct Mesh {
    /// By which the proxies fetch the module.
    pub module_url: String,
    pub programs: Programs,
}

impl Mesh {
    /// Brings it up.
    pub fn start(programs: &Programs) -> Result<Self> {
        prepare_folders(programs)?;
        prepare_network()?;
        start_api_server()?;
        start_controllers()?;
        install_istio(programs)?;
        start_istiod()?;
        let kubelet = programs.lab.join("kubelet/kubelet.py");
        start(
            "kubelet",
            Command::new("python3").args(["-B", "-u"]).arg(kubelet).arg(TOKEN),
        )?;
        start_registry(programs)?;
        Ok(Self {
            module_url: push_own(programs)?,
            programs: programs.clone(),
        })
    }

    /// Pushes a module as an image, and returns its URL.
    pub fn push(&self, module: &[u8]) -> Result<String> {
        let file = Path::new("/media/pushed.wasm");
        fs::write(file, module)?;
        push(&self.programs, file)
    }
}

/// Pushes the module that `mirrorctl` brings, as a user would, and returns its URL.
fn push_own(programs: &Programs) -> Result<String> {
    let mut push = Command::new(&programs.mirrorctl);
    push.args(["module", "push", "127.0.0.1:5000/traffic-mirror"]);
    let url = output(&mut push, b"")?;
    let digest = url.trim().rsplit('@').next().unwrap_or_default();
    Ok(format!("oci://registry.lab:5000/traffic-mirror@{digest}"))
}

/// Pushes another module, and returns its URL.
fn push(programs: &Programs, module: &Path) -> Result<String> {
    let mut push = Command::new(programs.lab.join("push-image"));
    push.args(["127.0.0.1:5000", "traffic-mirror"]).arg(module);
    let digest = output(&mut push, b"")?;
    Ok(format!("oci://registry.lab:5000/traffic-mirror@{}", digest.trim()))
}

/// Puts /media together.
fn prepare_folders(programs: &Programs) -> Result<()> {
    fs::create_dir_all("/media")?;
    line("mount -t tmpfs -o mode=755 tmpfs /media")?;
    for folder in ["bin", "logs", "pods", "etcd", "kube", "istiod"] {
        fs::create_dir(Path::new("/media").join(folder))?;
    }
    fs::remove_dir_all(&programs.logs)?;
    fs::create_dir(&programs.logs)?;
    for file in ["envoy", "mesh-test"] {
        File::create(Path::new("/media").join(file))?;
    }
    let own = std::env::current_exe()?;
    for (source, target) in [
        (&programs.folder.join("bin"), "/media/bin"),
        (&programs.logs, "/media/logs"),
        (&programs.envoy, "/media/envoy"),
        (&own, "/media/mesh-test"),
    ] {
        output(Command::new("mount").arg("--bind").arg(source).arg(target), b"")?;
    }
    fs::copy(programs.folder.join("bootstrap.json"), "/media/bootstrap.json")?;
    Ok(())
}

/// Makes the bridge of the pods, which also leads to the Services.
fn prepare_network() -> Result<()> {
    fs::create_dir_all("/run/netns")?;
    line("mount -t tmpfs tmpfs /run/netns")?;
    line("ip link set lo up")?;
    line("ip link add br0 type bridge")?;
    line("ip address add 10.244.0.1/16 dev br0")?;
    line("ip link set br0 up")?;
    line("ip route add 10.96.0.0/16 dev br0")?;
    line("sysctl -qw net.ipv4.ip_forward=1")?;
    Ok(())
}

fn start_api_server() -> Result<()> {
    line("openssl genrsa -out /media/kube/accounts.key 2048")?;
    fs::write(
        "/media/kube/tokens.csv",
        format!("{TOKEN},admin,admin,system:masters\n"),
    )?;
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": {"server": "https://127.0.0.1:6443", "insecure-skip-tls-verify": true}}],
        "users": [{"name": "admin", "user": {"token": TOKEN}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "admin"}}],
    });
    fs::write(KUBECONFIG, kubeconfig.to_string())?;
    // Nothing here is to outlive a crash of the machine, so nothing waits for the disk.
    start(
        "etcd",
        Command::new("/media/bin/etcd").args(["--data-dir", "/media/etcd", "--unsafe-no-fsync"]),
    )?;
    wait_for_url("etcd", "http://127.0.0.1:2379/health")?;
    start(
        "kube-apiserver",
        Command::new("/media/bin/kube-apiserver").args([
            "--etcd-servers=http://127.0.0.1:2379",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--cert-dir=/media/kube",
            "--service-account-key-file=/media/kube/accounts.key",
            "--service-account-signing-key-file=/media/kube/accounts.key",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--api-audiences=https://kubernetes.default.svc,istio-ca",
            "--token-auth-file=/media/kube/tokens.csv",
            "--authorization-mode=RBAC",
            "--bind-address=0.0.0.0",
            "--advertise-address=10.244.0.1",
            "--allow-privileged=true",
        ]),
    )?;
    wait_for("the API server", || {
        kubectl(&["get", "--raw", "/readyz"], b"").map(drop)
    })
}

fn start_controllers() -> Result<()> {
    start(
        "kube-controller-manager",
        Command::new("/media/bin/kube-controller-manager")
            .arg(format!("--kubeconfig={KUBECONFIG}"))
            .arg(format!("--controllers={CONTROLLERS}"))
            .args([
                "--service-account-private-key-file=/media/kube/accounts.key",
                "--root-ca-file=/media/kube/apiserver.crt",
                "--leader-elect=false",
            ]),
    )
}

/// Applies what `istioctl install` would, without istiod's Deployment, and the definitions of all kinds.
fn install_istio(programs: &Programs) -> Result<()> {
    let crds = programs.folder.join("crds");
    let crds = crds.to_string_lossy();
    kubectl(&["apply", "--server-side", "-f", &crds], b"")?;
    let installed = fs::read_to_string(programs.folder.join("istio.yaml"))?;
    let mut items = vec![json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-system"}})];
    items.extend(kube::documents(include_str!("../lab/objects/node.yaml"))?);
    for object in kube::documents(&installed)? {
        let is_wanted = object["kind"].as_str().is_some_and(|kind| !LEFT_OUT.contains(&kind));
        if object["metadata"]["name"] == "istio-validator-istio-system" {
            items.push(default_validator(&object)?);
        }
        if is_wanted {
            items.push(object);
        }
    }
    kube::apply(&json!({"apiVersion": "v1", "kind": "List", "items": items}))
}

/// The webhook that `istioctl install` adds at its end: it validates what names no revision of Istio.
fn default_validator(of_revision: &Value) -> Result<Value> {
    let mut webhook = of_revision["webhooks"][0].clone();
    let fields = webhook.as_object_mut().context("istiod has no validating webhook")?;
    fields.insert("name".to_owned(), json!("validation.istio.io"));
    fields.insert("failurePolicy".to_owned(), json!("Ignore"));
    fields.insert(
        "objectSelector".to_owned(),
        json!({"matchExpressions": [{"key": "istio.io/rev", "operator": "DoesNotExist"}]}),
    );
    let labels = json!({"app": "istiod", "istio": "istiod", "istio.io/rev": "default", "istio.io/tag": "default"});
    Ok(json!({
        "apiVersion": of_revision["apiVersion"],
        "kind": of_revision["kind"],
        "metadata": {"name": "istiod-default-validator", "labels": labels},
        "webhooks": [webhook],
    }))
}

fn start_istiod() -> Result<()> {
    start(
        "istiod",
        Command::new("/media/bin/pilot-discovery")
            .current_dir("/media/istiod")
            .args(["discovery", "--kubeconfig", KUBECONFIG, "--monitoringAddr=:15014"])
            .args([
                "--log_output_level=default:info",
                "--domain",
                "cluster.local",
                "--namespace",
                "istio-system",
            ])
            .envs([
                ("CLUSTER_ID", "Kubernetes"),
                ("EXTERNAL_ISTIOD", "false"),
                ("INJECTION_WEBHOOK_CONFIG_NAME", "istio-sidecar-injector"),
                ("PILOT_CERT_PROVIDER", "istiod"),
                ("POD_NAME", "istiod-lab"),
                ("POD_NAMESPACE", "istio-system"),
                ("REVISION", "default"),
                ("SERVICE_ACCOUNT", "istiod"),
                ("VALIDATION_WEBHOOK_CONFIG_NAME", "istio-validator-istio-system"),
                // Only Istio's own build of Envoy has these filters.
                ("PILOT_ENABLE_ALPN_FILTER", "false"),
                ("PILOT_ENABLE_METADATA_EXCHANGE", "false"),
                ("PILOT_ENABLE_AMBIENT", "true"),
            ]),
    )?;
    wait_for_url("istiod", "http://127.0.0.1:8080/ready")?;
    // istiod writes its certificate into the webhooks; before that nothing could be injected.
    wait_for("istiod's certificate in the webhooks", || {
        let injector = kube::get("", &["mutatingwebhookconfiguration", "istio-sidecar-injector"])?;
        let bundle = &injector["webhooks"][0]["clientConfig"]["caBundle"];
        bundle.as_str().map(drop).context("no certificate")
    })
}

fn start_registry(programs: &Programs) -> Result<()> {
    let configuration = programs.lab.join("registry.yaml");
    start(
        "registry",
        Command::new("/media/bin/docker-registry")
            .arg("serve")
            .arg(configuration),
    )?;
    wait_for_url("the registry", "http://127.0.0.1:5000/v2/")
}

/// Starts a program whose log is logs/NAME.log. The program ends with this process.
fn start(name: &str, command: &mut Command) -> Result<()> {
    let log = File::create(format!("/media/logs/{name}.log"))?;
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    Ok(())
}

fn wait_for_url(what: &str, url: &str) -> Result<()> {
    wait_for(what, || output(Command::new("curl").args(["-sSf", url]), b"").map(drop))
}

fn wait_for(what: &str, mut ask: impl FnMut() -> Result<()>) -> Result<()> {
    wait::until(what, START, || ask().map(Found::Yes))
}
