//! What `mirrorctl` says the cluster of a mirror is, is what istiod gives the proxies: for a table of worlds, each in a
//! namespace of its own, at a sidecar and at a gateway. Where it says that there is none, no mirror has a cluster.

mod worlds;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::command;
use crate::kube::{self, kubectl};
use crate::pod::Pod;
use crate::stage::Stage;
use crate::wait::{self, Found, PATIENCE};
use worlds::{Mirror, Proxy, Shared};

pub(super) const ANNOTATIONS: &[(&str, &str)] = &[];

/// The names of clusters.
type Names = BTreeSet<String>;

/// The label of the namespaces of all worlds.
const LABEL: &str = "traffic-mirror.dev/worlds";

/// Proxies of a gateway, and the Gateway that they serve.
const GATEWAY: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: public}
spec:
  selector: {matchLabels: {app: public}}
  template:
    metadata:
      labels: {app: public, sidecar.istio.io/inject: "true"}
      annotations: {inject.istio.io/templates: gateway}
    spec: {containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public}
spec:
  selector: {app: public}
  servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"]}]
---
apiVersion: v1
kind: Service
metadata: {name: public}
spec: {selector: {app: public}, ports: [{name: http, port: 8081}]}
"#;

/// The Gateway of the Gateway API that they serve too, and a waypoint.
const ROUTES: &str = r#"
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: routes}
spec:
  gatewayClassName: istio
  addresses: [{type: Hostname, value: public.NAMESPACE.svc.cluster.local}]
  listeners:
  - {name: wildcard, port: 8081, protocol: HTTP, hostname: "*.routes.example", allowedRoutes: {namespaces: {from: All}}}
  - {name: exact, port: 8081, protocol: HTTP, hostname: listener.example, allowedRoutes: {namespaces: {from: All}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, labels: {istio.io/waypoint-for: service}}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE, allowedRoutes: {namespaces: {from: All}}}]
"#;

pub(super) fn run(stage: &Stage) -> Result<()> {
    let routes = ROUTES.replace("NAMESPACE", &stage.namespace);
    let mut gateways = [kube::documents(GATEWAY)?, kube::documents(&routes)?].concat();
    for object in &mut gateways {
        object["metadata"]["namespace"] = json!(stage.namespace);
    }
    apply(&gateways)?;
    let shared = Shared {
        namespace: stage.namespace.clone(),
    };
    let worlds = worlds::all(&shared);
    let namespaces: Vec<Value> = worlds
        .iter()
        .map(|world| {
            let metadata = json!({"name": world.namespace, "labels": {LABEL: ""}});
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        })
        .collect();
    apply(&namespaces)?;
    let objects: Vec<Value> = worlds.iter().flat_map(|world| world.objects.clone()).collect();
    apply(&objects)?;
    let plugins: Vec<Value> = worlds.iter().flat_map(|world| world.plugins.clone()).collect();
    let claimed = claimed(stage, &[namespaces, gateways, objects, plugins].concat())?;
    let (sidecar, gateway) = (stage.primary()?, stage.only("public")?);
    let result = wait::until("the clusters of all worlds", PATIENCE, || {
        let (at_sidecar, at_gateway) = (Dump::of(&sidecar)?, Dump::of(&gateway)?);
        let at_waypoint = Dump::of_waypoint(&stage.namespace)?;
        let mut wrong = Vec::new();
        for world in &worlds {
            let dump = match world.proxy {
                Proxy::Sidecar => &at_sidecar,
                Proxy::Gateway => &at_gateway,
                Proxy::Waypoint => &at_waypoint,
            };
            let real = match &world.mirror {
                Mirror::RoutesFor(host) => dump.mirrors(host),
                Mirror::Cluster(name) => Some(dump.clusters.get(name).cloned().into_iter().collect()),
            };
            let Some(real) = real else {
                wrong.push(format!("{}: no route for its host", world.title));
                continue;
            };
            let (said, reasons) = claimed.get(&world.namespace).cloned().unwrap_or_default();
            if real != said || said.is_empty() == reasons.is_empty() {
                wrong.push(format!(
                    "{}: Istio has {real:?}, mirrorctl {said:?} {reasons:?}",
                    world.title
                ));
            }
        }
        Ok(match wrong.is_empty() {
            true => Found::Yes(()),
            false => Found::NotYet(format!("{} of {}:\n{}", wrong.len(), worlds.len(), wrong.join("\n"))),
        })
    });
    kubectl(&["delete", "namespace", "--wait=false", "--selector", LABEL], b"")?;
    result
}

/// What `mirrorctl` says: by namespace, all clusters of its mirrors, and the reasons for those that are missing. A
/// plugin has the name of the namespace that it is about.
fn claimed(stage: &Stage, objects: &[Value]) -> Result<BTreeMap<String, (Names, Names)>> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let mut mirrorctl = Command::new(&stage.mesh.programs.mirrorctl);
    mirrorctl.args(["validate", "-", "-o", "json", "--fail-on", "never"]);
    let printed = command::output(&mut mirrorctl, &serde_json::to_vec(&list)?)?;
    let printed: Value = serde_json::from_str(&printed)?;
    let mut claimed: BTreeMap<String, (Names, Names)> = BTreeMap::new();
    for stream in printed["streams"].as_array().context("no streams")? {
        let object = stream["object"].as_str().context("a stream of nothing")?;
        let words: Vec<&str> = object.split(' ').collect();
        let namespace = match words[..] {
            ["the", "TrafficExtension", name, ..] => name,
            _ => words.last().copied().unwrap_or_default(),
        };
        let (clusters, reasons) = claimed.entry(namespace.to_owned()).or_default();
        let names = stream["clusters"].as_array().into_iter().flatten();
        clusters.extend(names.filter_map(Value::as_str).map(str::to_owned));
        reasons.extend(stream["reason"].as_str().map(str::to_owned));
    }
    ensure!(!claimed.is_empty(), "mirrorctl knows of no stream");
    Ok(claimed)
}

fn apply(items: &[Value]) -> Result<()> {
    kube::apply(&json!({"apiVersion": "v1", "kind": "List", "items": items}))
}

/// The configuration of a proxy.
struct Dump {
    /// The names of all clusters.
    clusters: Names,
    virtual_hosts: Vec<Value>,
}

// === impl Dump ===

impl Dump {
    fn of(pod: &Pod) -> Result<Self> {
        let configs = |resource: &str| -> Result<Vec<Value>> {
            let dump: Value = serde_json::from_str(&pod.admin(&format!("config_dump?resource={resource}"))?)?;
            Ok(dump["configs"].as_array().cloned().unwrap_or_default())
        };
        // A cluster whose names cannot be resolved is not used yet, and Istio has made it.
        let clusters = [
            configs("dynamic_active_clusters")?,
            configs("dynamic_warming_clusters")?,
        ]
        .concat();
        let names = clusters.iter().filter_map(|one| one["cluster"]["name"].as_str());
        let routes = configs("dynamic_route_configs")?;
        let hosts = routes
            .iter()
            .flat_map(|one| one["route_config"]["virtual_hosts"].as_array());
        Ok(Self {
            clusters: names.map(str::to_owned).collect(),
            virtual_hosts: hosts.flatten().cloned().collect(),
        })
    }

    /// What istiod gives the waypoint. Upstream Envoy lacks filters of its listeners, so it takes the clusters alone,
    /// and its pod does not become ready.
    fn of_waypoint(namespace: &str) -> Result<Self> {
        let of_gateway = "gateway.networking.k8s.io/gateway-name=waypoint";
        let pods = kube::get(namespace, &["pods", "--selector", of_gateway])?;
        let pod = pods["items"][0]["metadata"]["name"].as_str().context("no waypoint")?;
        let url = format!("http://127.0.0.1:15014/debug/config_dump?proxyID={pod}.{namespace}");
        let dump = command::output(Command::new("curl").args(["-sSf", &url]), b"")?;
        let dump: Value = serde_json::from_str(&dump)?;
        let of = |key: &str| -> Vec<Value> {
            let configs = dump["configs"].as_array().into_iter().flatten();
            configs
                .filter_map(|one| one[key].as_array())
                .flatten()
                .cloned()
                .collect()
        };
        let clusters = of("dynamicActiveClusters");
        let names = clusters.iter().filter_map(|one| one["cluster"]["name"].as_str());
        let listeners = of("dynamicListeners");
        let chains = listeners
            .iter()
            .flat_map(|one| one["activeState"]["listener"]["filterChains"].as_array());
        Ok(Self {
            clusters: names.map(str::to_owned).collect(),
            virtual_hosts: chains.flatten().filter_map(virtual_host).collect(),
        })
    }

    /// The clusters to which the requests for a host are copied: of those that the routes name, those that exist.
    /// Returns `None` if nothing is routed for the host yet.
    fn mirrors(&self, host: &str) -> Option<Names> {
        let is_for = |one: &&Value| {
            one["domains"]
                .as_array()
                .is_some_and(|domains| domains.contains(&json!(host)))
        };
        let mut found = self.virtual_hosts.iter().filter(is_for).peekable();
        found.peek()?;
        let routes = found.flat_map(|one| one["routes"].as_array()).flatten();
        let policies = routes.flat_map(|route| route["route"]["request_mirror_policies"].as_array());
        let named = policies.flatten().filter_map(|policy| policy["cluster"].as_str());
        Some(
            named
                .filter(|name| self.clusters.contains(*name))
                .map(str::to_owned)
                .collect(),
        )
    }
}

/// The routes that a waypoint has for a Service, in the form that other proxies have: the name of a chain of filters
/// ends with the host.
fn virtual_host(chain: &Value) -> Option<Value> {
    let host = chain["name"].as_str()?.rsplit_once('|')?.1;
    let filters = chain["filters"].as_array()?;
    let found = filters
        .iter()
        .find_map(|filter| filter["typedConfig"]["routeConfig"]["virtualHosts"].as_array())?;
    let routes = found.iter().filter_map(|one| one["routes"].as_array()).flatten();
    let policies = routes.filter_map(|route| route["route"]["requestMirrorPolicies"].as_array());
    let policies: Vec<&Value> = policies.flatten().collect();
    Some(json!({"domains": [host], "routes": [{"route": {"request_mirror_policies": policies}}]}))
}
