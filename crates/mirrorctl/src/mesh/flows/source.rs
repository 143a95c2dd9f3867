//! Whose requests a stream of copies is made of, and whether two streams copy some of the same requests.

use crate::objects::{Labels, host_covers};

/// Whose requests are copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FlowSource {
    /// Those that the sidecars of these pods accept.
    Pods {
        /// Their namespace.
        namespace: String,
        /// Their labels. Without a label: every pod of the namespace.
        selector: Labels,
    },
    /// Those for a host, at its callers or its waypoint.
    Host {
        /// The whole name. It may begin with a wildcard.
        host: String,
        /// The namespace whose DestinationRules are obeyed, as far as that can be told.
        namespace: String,
        /// Whether it is a mirror of Envoy's own.
        native: bool,
    },
    /// Those that come through gateways.
    Gateway {
        /// The namespace of their proxies.
        namespace: String,
        /// The gateways.
        gateways: Gateways,
        /// The hosts of the requests. They may begin with a wildcard.
        hosts: Vec<String>,
    },
}

/// Gateways, as a resource names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gateways {
    /// One resource of Istio's API or of the Gateway API.
    Resource {
        /// The API group.
        group: &'static str,
        /// The namespace.
        namespace: String,
        /// The name.
        name: String,
        /// The listener. `None` means every listener.
        section: Option<String>,
    },
    /// The proxies with these labels.
    Proxies(Labels),
}

// === impl FlowSource ===

impl FlowSource {
    /// The namespace of the proxies that copy.
    pub(crate) fn namespace(&self) -> &str {
        match self {
            Self::Pods { namespace, .. } | Self::Host { namespace, .. } | Self::Gateway { namespace, .. } => namespace,
        }
    }

    /// In a list.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::Pods { namespace, selector } if selector.is_empty() => format!("pods of namespace {namespace}"),
            Self::Pods { namespace, selector } => format!("pods of namespace {namespace} with {}", pairs(selector)),
            Self::Host { host, .. } => format!("requests for {host}"),
            Self::Gateway { gateways, hosts, .. } => {
                let hosts = hosts.join(", ");
                match gateways {
                    Gateways::Resource { namespace, name, .. } => {
                        format!("requests for {hosts} at gateway {namespace}/{name}")
                    }
                    Gateways::Proxies(labels) => format!("requests for {hosts} at proxies with {}", pairs(labels)),
                }
            }
        }
    }

    /// Whether some requests belong to both, as far as the names of hosts and gateways tell. Which pods are behind a
    /// host is not looked at.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Host { host: one, .. }, Self::Host { host: two, .. }) => overlap(one, two),
            (
                Self::Gateway {
                    gateways: one,
                    hosts: of_one,
                    ..
                },
                Self::Gateway {
                    gateways: two,
                    hosts: of_two,
                    ..
                },
            ) => {
                one.overlap(two)
                    && of_one
                        .iter()
                        .any(|host| of_two.iter().any(|other| overlap(host, other)))
            }
            (
                Self::Pods {
                    namespace: one,
                    selector: of_one,
                },
                Self::Pods {
                    namespace: two,
                    selector: of_two,
                },
            ) => one == two && of_one == of_two,
            _ => false,
        }
    }
}

// === impl Gateways ===

impl Gateways {
    fn overlap(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Resource {
                    group,
                    namespace,
                    name,
                    section,
                },
                Self::Resource {
                    group: other_group,
                    namespace: other_namespace,
                    name: other_name,
                    section: other_section,
                },
            ) => {
                (group, namespace, name) == (other_group, other_namespace, other_name)
                    && (section.is_none() || other_section.is_none() || section == other_section)
            }
            _ => self == other,
        }
    }
}

fn pairs(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(",")
}

/// Whether a host can be meant by two patterns.
fn overlap(one: &str, two: &str) -> bool {
    host_covers(one, two) || host_covers(two, one)
}

/// Whether pods can have both sets of labels.
pub(crate) fn can_have_both(one: &Labels, two: &Labels) -> bool {
    one.iter()
        .all(|(key, value)| two.get(key).is_none_or(|other| other == value))
}
