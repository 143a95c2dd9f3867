//! What one case has: a namespace of Kubernetes with a primary and a shadow, and nothing in the proxies from before.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::control_plane::Mesh;
use crate::kube::{self, kubectl};
use crate::load;
use crate::plugin::Plugin;
use crate::pod::Pod;
use crate::wait::{self, Found, PATIENCE};

/// The primary's and the shadow's deployments, and the `app` labels of their pods.
const PRIMARY: (&str, &str) = ("reviews-v1", "reviews");
const SHADOW: (&str, &str) = ("reviews-v2", "reviews-v2");

/// A primary and a shadow.
#[derive(Clone, Debug)]
pub struct Stage {
    pub mesh: Mesh,
    pub namespace: String,
}

impl Stage {
    /// Makes the namespace, and waits until both pods are ready. `annotations` are those of the primary's pods.
    pub fn set(mesh: &Mesh, name: &str, annotations: &[(&str, &str)]) -> Result<Self> {
        let stage = Self {
            mesh: mesh.clone(),
            namespace: name.replace('_', "-"),
        };
        let mut items = vec![json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": stage.namespace, "labels": {"istio-injection": "enabled"}},
        })];
        for mut object in kube::documents(include_str!("../lab/objects/primary-and-shadow.yaml"))? {
            object["metadata"]["namespace"] = json!(stage.namespace);
            if object["kind"] == "Deployment" && object["metadata"]["name"] == PRIMARY.0 {
                for (key, value) in annotations {
                    object["spec"]["template"]["metadata"]["annotations"][key] = json!(value);
                }
            }
            items.push(object);
        }
        kube::apply(&json!({"apiVersion": "v1", "kind": "List", "items": items}))?;
        stage.primary()?;
        stage.shadow()?;
        Ok(stage)
    }

    /// The only pod of the primary.
    pub fn primary(&self) -> Result<Pod> {
        Ok(self.ready(PRIMARY.1, 1)?.remove(0))
    }

    /// All pods of the primary, however many and whatever they are at.
    pub fn primaries(&self) -> Result<Vec<Pod>> {
        self.pods(PRIMARY.1)
    }

    /// The only pod of the shadow.
    pub fn shadow(&self) -> Result<Pod> {
        Ok(self.ready(SHADOW.1, 1)?.remove(0))
    }

    /// The only pod with this label `app`.
    pub fn only(&self, app: &str) -> Result<Pod> {
        Ok(self.ready(app, 1)?.remove(0))
    }

    /// Replaces the primary's pod by a new one, and returns that when it is ready.
    pub fn restart_primary(&self) -> Result<Pod> {
        let old = self.primary()?;
        let pod = format!("pod/{}", old.name);
        kubectl(&["delete", "--namespace", &self.namespace, "--wait", &pod], b"")?;
        self.primary()
    }

    /// Has so many pods of the primary, and returns them when all are ready.
    pub fn scale_primary(&self, count: usize) -> Result<Vec<Pod>> {
        let replicas = format!("--replicas={count}");
        let deployment = format!("deployment/{}", PRIMARY.0);
        kubectl(&["scale", "--namespace", &self.namespace, &replicas, &deployment], b"")?;
        self.ready(PRIMARY.1, count)
    }

    /// Applies the plugin, and returns when the API server has it.
    pub fn apply(&self, plugin: &Plugin) -> Result<()> {
        kube::apply(&plugin.object(&self.namespace, &self.mesh.module_url))
    }

    /// Applies the plugin, and waits until all pods of the primary serve it.
    pub fn serve(&self, plugin: &Plugin) -> Result<()> {
        self.apply(plugin)?;
        self.wait_for(plugin)
    }

    /// Applies a plugin of which the module is new, and waits until all pods of the primary serve the new one.
    pub fn serve_module(&self, plugin: &Plugin) -> Result<()> {
        self.apply(plugin)?;
        let url = plugin.module_url.as_deref().unwrap_or(&self.mesh.module_url);
        let digest = url.rsplit(':').next().unwrap_or_default();
        for pod in self.primaries()? {
            pod.wait_for_module(&plugin.discovery_name(&self.namespace), digest)?;
        }
        self.wait_for(plugin)
    }

    /// Waits until all pods of the primary serve this plugin.
    pub fn wait_for(&self, plugin: &Plugin) -> Result<()> {
        for pod in self.primaries()? {
            pod.wait_for_plugin(&plugin.discovery_name(&self.namespace), plugin.delivered())?;
        }
        Ok(())
    }

    /// Deletes the plugin, and waits until no pod of the primary has it.
    pub fn remove(&self, plugin: &Plugin) -> Result<()> {
        kubectl(
            &[
                "delete",
                "--namespace",
                &self.namespace,
                plugin.resource(),
                &plugin.name,
            ],
            b"",
        )?;
        for pod in self.primaries()? {
            pod.wait_for_no_plugin(&plugin.discovery_name(&self.namespace))?;
        }
        Ok(())
    }

    /// The cluster by which a sidecar of this namespace reaches the shadow.
    pub fn shadow_cluster(&self) -> String {
        format!("outbound|9080||reviews-v2.{}.svc.cluster.local", self.namespace)
    }

    /// A configuration with one mirror to the shadow, of everything but a [`load`].
    pub fn mirror(&self, name: &str) -> Value {
        let of_cases = json!({"withoutHeaders": {load::HEADER: {}}});
        json!({"mirrors": [{"name": name, "cluster": self.shadow_cluster(), "match": [of_cases]}]})
    }

    /// A configuration that is refused because of its percentage.
    pub fn refused(&self) -> Value {
        json!({"mirrors": [{"name": "copy", "cluster": self.shadow_cluster(), "percentage": 140}]})
    }

    /// What `mirrorctl status` prints about a pod, whose admin interface it reaches as from within the pod.
    pub fn status(&self, pod: &Pod) -> Result<String> {
        let mirrorctl = self.mesh.programs.mirrorctl.to_string_lossy().into_owned();
        let seen = pod.run(&[&mirrorctl, "status", "--envoy", "http://127.0.0.1:15000"])?;
        Ok(String::from_utf8_lossy(&[seen.stdout, seen.stderr].concat()).into_owned())
    }

    /// The address of a Service.
    pub fn service_address(&self, name: &str) -> Result<String> {
        let service = kube::get(&self.namespace, &["service", name])?;
        let address = service["spec"]["clusterIP"].as_str();
        address.map(str::to_owned).context("the Service has no address")
    }

    /// How many requests were copied while [`Stage::wait_until_copying`] waited. Some may still be under way when it
    /// returns, but none after a later request was copied.
    pub fn copied_first(&self, pod: &Pod) -> Result<u64> {
        Ok(self.shadow()?.received(&first_path(pod))? as u64)
    }

    /// Waits until this pod copies what it is asked.
    pub fn wait_until_copying(&self, pod: &Pod) -> Result<()> {
        let shadow = self.shadow()?;
        let path = first_path(pod);
        wait::until(&format!("a first copy by {}", pod.name), PATIENCE, || {
            pod.expect_unharmed(&path, 1)?;
            Ok(match shadow.received(&path)? {
                0 => Found::NotYet("nothing at the shadow".to_owned()),
                _ => Found::Yes(()),
            })
        })
    }

    /// Asks the pod, and fails unless each request is answered and each is copied.
    pub fn expect_copied(&self, pod: &Pod, path: &str, count: usize) -> Result<()> {
        pod.expect_unharmed(path, count)?;
        self.shadow()?.wait_for_received(path, count)
    }

    /// Waits until this pod says that the plugin's configuration is refused (1) or not (0).
    pub fn wait_for_refused(&self, pod: &Pod, plugin: &Plugin, value: u64) -> Result<()> {
        pod.wait_for_statistic(&plugin.refused_gauge(&self.namespace), value)
    }

    /// Waits until this pod says that the plugin's configuration is refused, asks it, and fails unless each request is
    /// answered. That none is copied is for the end of the case, when a copy would have come.
    pub fn expect_passive(&self, pod: &Pod, plugin: &Plugin, path: &str, count: usize) -> Result<()> {
        self.wait_for_refused(pod, plugin, 1)?;
        pod.expect_unharmed(path, count)
    }

    /// Fails if the shadow has received a request for one of these paths.
    pub fn expect_never_copied(&self, paths: &[&str]) -> Result<()> {
        let shadow = self.shadow()?;
        for path in paths {
            let copied = shadow.received(path)?;
            ensure!(copied == 0, "{copied} requests for /{path} were copied");
        }
        Ok(())
    }

    /// Waits until there are so many pods with this label, all of them ready.
    fn ready(&self, app: &str, count: usize) -> Result<Vec<Pod>> {
        let what = format!("{count} ready pods of {app} in {}", self.namespace);
        wait::until(&what, PATIENCE, || {
            let found = self.described(app)?;
            let ready: Vec<_> = found.iter().filter(|pod| is_ready(pod)).collect();
            if ready.len() != count || found.len() != count {
                return Ok(Found::NotYet(format!("{} pods, {} ready", found.len(), ready.len())));
            }
            let pods: Result<Vec<_>> = ready.iter().map(|pod| self.find(pod)).collect();
            Ok(Found::Yes(pods?))
        })
    }

    fn pods(&self, app: &str) -> Result<Vec<Pod>> {
        self.described(app)?.iter().map(|pod| self.find(pod)).collect()
    }

    fn find(&self, described: &Value) -> Result<Pod> {
        let name = described["metadata"]["name"].as_str().context("a pod without a name")?;
        Pod::find(&self.namespace, name)
    }

    /// The pods with this label that are to stay.
    fn described(&self, app: &str) -> Result<Vec<Value>> {
        let list = kube::get(&self.namespace, &["pods", "--selector", &format!("app={app}")])?;
        let all = list["items"].as_array().cloned().context("no list of pods")?;
        let stays = |pod: &Value| pod["metadata"]["deletionTimestamp"].is_null();
        Ok(all.into_iter().filter(stays).collect())
    }
}

/// Deletes the namespace of a case, without waiting: its pods go in the background.
pub fn clear(name: &str) -> Result<()> {
    let namespace = name.replace('_', "-");
    kubectl(
        &["delete", "namespace", "--wait=false", "--ignore-not-found", &namespace],
        b"",
    )?;
    Ok(())
}

/// The path of the requests that find out whether a pod copies.
fn first_path(pod: &Pod) -> String {
    format!("first-of-{}", pod.name)
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    let mut all = conditions.into_iter().flatten();
    all.any(|one| one["type"] == "Ready" && one["status"] == "True")
}
