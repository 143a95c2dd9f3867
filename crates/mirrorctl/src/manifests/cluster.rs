//! How Istio names clusters.

/// A port of a Service, or of a subset of it, as a proxy calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteDestination {
    /// The fully qualified host of the Service.
    pub host: String,
    /// The port of the Service, never that of its pods.
    pub port: u16,
    /// The subset, if it is one.
    pub subset: Option<String>,
}

impl RouteDestination {
    /// `outbound|PORT|SUBSET|HOST` (pilot/pkg/model/service.go, `BuildSubsetKey`).
    pub fn cluster(&self) -> String {
        let subset = self.subset.as_deref().unwrap_or_default();
        format!("outbound|{}|{subset}|{}", self.port, self.host)
    }

    /// The same as the waypoint that serves the Service calls it: `inbound-vip|PORT|http|HOST`, with `http/SUBSET` for
    /// a subset (pilot/pkg/networking/core/listener_waypoint.go).
    pub fn cluster_of_waypoint(&self) -> String {
        match &self.subset {
            Some(subset) => format!("inbound-vip|{}|http/{subset}|{}", self.port, self.host),
            None => format!("inbound-vip|{}|http|{}", self.port, self.host),
        }
    }
}
