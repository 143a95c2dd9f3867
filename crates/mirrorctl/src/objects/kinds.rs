//! The kinds that are looked at.

/// A kind of object: its API group, its kind, and its name for `kubectl get`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Without a version; empty for the core group.
    pub group: &'static str,
    /// As in `kind:`.
    pub kind: &'static str,
    /// As in `kubectl get RESOURCE`.
    pub resource: &'static str,
}

// === impl Kind ===

impl Kind {
    /// The name of its resource at the API server: `virtualservices`.
    pub fn plural(self) -> &'static str {
        self.resource.split('.').next().unwrap_or(self.resource)
    }

    /// The command that prints all objects of this kind in a namespace.
    pub fn command(self, namespace: &str) -> String {
        format!("kubectl get {} -n {namespace} -o yaml", self.resource)
    }
}

macro_rules! kinds {
    ($($name:ident = $group:literal $kind:literal $resource:literal;)*) => {
        $(#[doc = concat!("`", $resource, "`")]
        pub const $name: Kind = Kind { group: $group, kind: $kind, resource: $resource };)*

        /// All of them.
        pub const ALL: &[Kind] = &[$($name),*];
    };
}

kinds! {
    NAMESPACE = "" "Namespace" "namespaces";
    SERVICE = "" "Service" "services";
    CONFIG_MAP = "" "ConfigMap" "configmaps";
    POD = "" "Pod" "pods";
    DEPLOYMENT = "apps" "Deployment" "deployments";
    STATEFUL_SET = "apps" "StatefulSet" "statefulsets";
    DAEMON_SET = "apps" "DaemonSet" "daemonsets";
    REPLICA_SET = "apps" "ReplicaSet" "replicasets";
    ROLLOUT = "argoproj.io" "Rollout" "rollouts.argoproj.io";
    HORIZONTAL_POD_AUTOSCALER = "autoscaling" "HorizontalPodAutoscaler" "horizontalpodautoscalers";
    POD_DISRUPTION_BUDGET = "policy" "PodDisruptionBudget" "poddisruptionbudgets";
    NETWORK_POLICY = "networking.k8s.io" "NetworkPolicy" "networkpolicies";
    POD_MONITOR = "monitoring.coreos.com" "PodMonitor" "podmonitors.monitoring.coreos.com";
    ROLE_BINDING = "rbac.authorization.k8s.io" "RoleBinding" "rolebindings";
    CLUSTER_ROLE_BINDING = "rbac.authorization.k8s.io" "ClusterRoleBinding" "clusterrolebindings";
    VIRTUAL_SERVICE = "networking.istio.io" "VirtualService" "virtualservices.networking.istio.io";
    DESTINATION_RULE = "networking.istio.io" "DestinationRule" "destinationrules.networking.istio.io";
    SIDECAR = "networking.istio.io" "Sidecar" "sidecars.networking.istio.io";
    SERVICE_ENTRY = "networking.istio.io" "ServiceEntry" "serviceentries.networking.istio.io";
    ENVOY_FILTER = "networking.istio.io" "EnvoyFilter" "envoyfilters.networking.istio.io";
    AUTHORIZATION_POLICY = "security.istio.io" "AuthorizationPolicy" "authorizationpolicies.security.istio.io";
    PEER_AUTHENTICATION = "security.istio.io" "PeerAuthentication" "peerauthentications.security.istio.io";
    REQUEST_AUTHENTICATION = "security.istio.io" "RequestAuthentication" "requestauthentications.security.istio.io";
    TELEMETRY = "telemetry.istio.io" "Telemetry" "telemetries.telemetry.istio.io";
    ISTIO_GATEWAY = "networking.istio.io" "Gateway" "gateways.networking.istio.io";
    ISTIO_OPERATOR = "install.istio.io" "IstioOperator" "istiooperators.install.istio.io";
    WASM_PLUGIN = "extensions.istio.io" "WasmPlugin" "wasmplugins.extensions.istio.io";
    TRAFFIC_EXTENSION = "extensions.istio.io" "TrafficExtension" "trafficextensions.extensions.istio.io";
    GATEWAY = "gateway.networking.k8s.io" "Gateway" "gateways.gateway.networking.k8s.io";
    REFERENCE_GRANT = "gateway.networking.k8s.io" "ReferenceGrant" "referencegrants.gateway.networking.k8s.io";
    HTTP_ROUTE = "gateway.networking.k8s.io" "HTTPRoute" "httproutes.gateway.networking.k8s.io";
    GRPC_ROUTE = "gateway.networking.k8s.io" "GRPCRoute" "grpcroutes.gateway.networking.k8s.io";
}
