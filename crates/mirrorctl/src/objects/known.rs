//! The kinds of the API groups in which something is read: whoever misspells one of them means another.

/// A group, and every kind that it has.
type Group = (&'static str, &'static [&'static str]);

/// Kubernetes 1.36, Istio 1.31 and the Gateway API 1.6, experimental kinds too.
const GROUPS: &[Group] = &[
    (
        "",
        &[
            "Binding",
            "ComponentStatus",
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "Namespace",
            "Node",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
        ],
    ),
    (
        "apps",
        &[
            "ControllerRevision",
            "DaemonSet",
            "Deployment",
            "ReplicaSet",
            "StatefulSet",
        ],
    ),
    ("autoscaling", &["HorizontalPodAutoscaler", "Scale"]),
    ("policy", &["Eviction", "PodDisruptionBudget", "PodSecurityPolicy"]),
    (
        "networking.k8s.io",
        &[
            "ClusterCIDR",
            "IPAddress",
            "Ingress",
            "IngressClass",
            "NetworkPolicy",
            "ServiceCIDR",
        ],
    ),
    (
        "rbac.authorization.k8s.io",
        &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
    ),
    (
        "networking.istio.io",
        &[
            "DestinationRule",
            "EnvoyFilter",
            "Gateway",
            "ProxyConfig",
            "ServiceEntry",
            "Sidecar",
            "VirtualService",
            "WorkloadEntry",
            "WorkloadGroup",
        ],
    ),
    (
        "security.istio.io",
        &["AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"],
    ),
    ("telemetry.istio.io", &["Telemetry"]),
    ("extensions.istio.io", &["TrafficExtension", "WasmPlugin"]),
    (
        "gateway.networking.k8s.io",
        &[
            "BackendLBPolicy",
            "BackendTLSPolicy",
            "GRPCRoute",
            "Gateway",
            "GatewayClass",
            "HTTPRoute",
            "ListenerSet",
            "ReferenceGrant",
            "TCPRoute",
            "TLSRoute",
            "UDPRoute",
        ],
    ),
    ("traffic-mirror.dev", &["TrafficMirror"]),
];

/// Names that differ by more letters are not taken for one another.
const MAX_DISTANCE: usize = 3;

/// What is wrong with the group or the kind of an object: the key, and what is said of it. `None` if the kind exists,
/// or is of a group that is not known here.
pub fn problem(group: &str, kind: &str) -> Option<(&'static str, String)> {
    let Some((_, kinds)) = GROUPS.iter().find(|(known, _)| *known == group) else {
        let (known, _) = GROUPS
            .iter()
            .find(|(known, kinds)| kinds.contains(&kind) && is_near(known, group))?;
        return Some((
            "apiVersion",
            format!("there is no API group {group} with a kind {kind}; did you mean {known}?"),
        ));
    };
    // A list of them is one as well.
    if kinds.contains(&kind) || kind.strip_suffix("List").is_some_and(|kind| kinds.contains(&kind)) {
        return None;
    }
    let title = if group.is_empty() { "the core group (v1)" } else { group };
    let near = kinds.iter().find(|known| is_near(known, kind));
    let elsewhere = GROUPS.iter().find(|(_, kinds)| kinds.contains(&kind));
    let (key, advice) = match (near, elsewhere) {
        (Some(near), _) => ("kind", format!("did you mean {near}?")),
        (None, Some((group, _))) => ("apiVersion", format!("did you mean one of {group}?")),
        (None, None) => ("kind", format!("it has {}", kinds.join(", "))),
    };
    Some((key, format!("{title} has no kind {kind}; {advice}")))
}

/// Whether one may be meant by the other: they differ in a few letters, and not in most of them.
fn is_near(known: &str, written: &str) -> bool {
    let distance = strsim::osa_distance(&known.to_lowercase(), &written.to_lowercase());
    distance <= MAX_DISTANCE && distance * 3 <= known.len()
}
