//! What a mirror may go to.

use serde_json::{Value, json};

use super::{OTHER, PORT, object, service};

/// What the mirror goes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum To {
    /// A Service with the port of the requests; its name is short, with its namespace, or whole.
    Same,
    InNamespace,
    Whole,
    /// A Service with another port only.
    Other,
    /// A Service with both ports.
    Both,
    Headless,
    /// A Service that stands for a host, which a ServiceEntry has or nothing has.
    Alias,
    BareAlias,
    /// The same where the host has the subsets, and not the alias.
    AliasOfSubsets,
    /// A host of a ServiceEntry with fixed addresses.
    Entry,
    /// The same with another resolution: none, the host's names, one of its addresses.
    EntryNone,
    EntryDns,
    EntryRoundRobin,
    /// The host's names, and one of them has the labels of the subset.
    EntryNames,
    /// The second host of a ServiceEntry, and both ports.
    EntryHosts,
    /// A ServiceEntry that only the namespace of the proxies sees, or only its own.
    EntryExported,
    EntryPrivate,
    /// A host that the wildcard of a ServiceEntry covers: with fixed addresses, or with none.
    Covered,
    CoveredNone,
    Absent,
}

// === impl To ===

impl To {
    /// Those to which every way with every port goes.
    pub(super) const COMMON: [Self; 11] = [
        Self::Same,
        Self::InNamespace,
        Self::Whole,
        Self::Other,
        Self::Both,
        Self::Headless,
        Self::Alias,
        Self::BareAlias,
        Self::Entry,
        Self::Covered,
        Self::Absent,
    ];

    /// The other kinds of ServiceEntries.
    pub(super) const ENTRIES: [Self; 8] = [
        Self::EntryNone,
        Self::EntryDns,
        Self::EntryRoundRobin,
        Self::EntryNames,
        Self::EntryHosts,
        Self::EntryExported,
        Self::EntryPrivate,
        Self::CoveredNone,
    ];

    /// Those of which a mirror may name a subset.
    pub(super) const WITH_SUBSETS: [Self; 7] = [
        Self::Same,
        Self::Other,
        Self::Alias,
        Self::AliasOfSubsets,
        Self::Entry,
        Self::EntryDns,
        Self::EntryNames,
    ];

    /// Whether the host is that of a ServiceEntry, and not of a Service.
    pub(super) fn is_outside(self) -> bool {
        Self::ENTRIES.contains(&self) || [Self::Entry, Self::Covered].contains(&self)
    }

    /// Whether it is one name of a Service of which others are tried too.
    pub(super) fn is_spelling(self) -> bool {
        [Self::InNamespace, Self::Whole].contains(&self)
    }

    /// The host as a mirror names it.
    pub(super) fn host(self, namespace: &str) -> String {
        match self {
            Self::InNamespace => format!("shadow.{namespace}"),
            Self::Whole => format!("shadow.{namespace}.svc.cluster.local"),
            Self::Covered | Self::CoveredNone => format!("one.{namespace}.example"),
            _ if self.is_outside() => outside(namespace),
            _ => "shadow".to_owned(),
        }
    }

    /// The host of the DestinationRule that has the subsets.
    pub(super) fn host_of_subsets(self, namespace: &str) -> String {
        match self {
            Self::AliasOfSubsets => outside(namespace),
            _ => self.host(namespace),
        }
    }

    /// The objects; `proxies` is the namespace of the proxies.
    pub(super) fn objects(self, namespace: &str, proxies: &str) -> Vec<Value> {
        let entry = |hosts: &[String], change: Value| {
            let mut spec = json!({
                "hosts": hosts, "location": "MESH_EXTERNAL", "resolution": "STATIC",
                "ports": [{"number": PORT, "name": "http", "protocol": "HTTP"}],
            });
            for (key, value) in change.as_object().into_iter().flatten() {
                spec[key] = value.clone();
            }
            if spec["resolution"] == "STATIC" {
                spec["endpoints"] = json!([{"address": "192.0.2.1"}]);
            }
            object("networking.istio.io/v1", "ServiceEntry", "outside", spec)
        };
        let exact = [outside(namespace)];
        let wildcard = [format!("*.{namespace}.example")];
        let alias = |ports: &[u64]| {
            let mut alias = service("shadow", ports);
            let ports = &alias["spec"]["ports"];
            alias["spec"] = json!({"type": "ExternalName", "externalName": outside(namespace), "ports": ports});
            alias
        };
        match self {
            Self::Same | Self::InNamespace | Self::Whole => vec![service("shadow", &[PORT])],
            Self::Other => vec![service("shadow", &[OTHER])],
            Self::Both => vec![service("shadow", &[PORT, OTHER])],
            Self::Headless => {
                let mut headless = service("shadow", &[PORT]);
                headless["spec"]["clusterIP"] = json!("None");
                vec![headless]
            }
            Self::Alias | Self::AliasOfSubsets => vec![alias(&[PORT]), entry(&exact, json!({}))],
            Self::BareAlias => vec![alias(&[PORT])],
            Self::Entry => vec![entry(&exact, json!({}))],
            Self::EntryNone => vec![entry(&exact, json!({"resolution": "NONE"}))],
            Self::EntryDns => vec![entry(&exact, json!({"resolution": "DNS"}))],
            Self::EntryRoundRobin => vec![entry(&exact, json!({"resolution": "DNS_ROUND_ROBIN"}))],
            Self::EntryNames => {
                let endpoints = json!([
                    {"address": "one.example"},
                    {"address": "two.example", "labels": {"version": "v2"}},
                ]);
                vec![entry(&exact, json!({"resolution": "DNS", "endpoints": endpoints}))]
            }
            Self::EntryHosts => {
                let hosts = [format!("first.{namespace}.example"), outside(namespace)];
                let ports = json!([
                    {"number": PORT, "name": "http", "protocol": "HTTP"},
                    {"number": OTHER, "name": "tls", "protocol": "TLS", "targetPort": 8443},
                ]);
                vec![entry(&hosts, json!({"ports": ports}))]
            }
            Self::EntryExported => vec![entry(&exact, json!({"exportTo": [proxies]}))],
            Self::EntryPrivate => vec![entry(&exact, json!({"exportTo": ["."]}))],
            Self::Covered => vec![entry(&wildcard, json!({}))],
            Self::CoveredNone => vec![entry(&wildcard, json!({"resolution": "NONE"}))],
            Self::Absent => Vec::new(),
        }
    }
}

/// The host of the ServiceEntry of a namespace.
fn outside(namespace: &str) -> String {
    format!("api.{namespace}.example")
}
