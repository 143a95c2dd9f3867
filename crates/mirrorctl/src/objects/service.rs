//! What a Service says: its ports, what they lead to and what they speak, which pods it selects.

use serde_json::Value;

use super::{Labels, Object, World, kinds, selects};
use crate::error::{Error, Result};

/// The annotation of a Service that says which namespaces know it (pkg/config/kube/conversion.go).
pub const EXPORT_TO: &str = "networking.istio.io/exportTo";

/// A Service.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    /// The whole object.
    pub object: &'a Object,
    world: &'a World,
}

/// One of its ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePort {
    /// The number that clients call.
    pub number: u16,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What Istio takes it to speak.
    pub protocol: Protocol,
    /// Where it leads.
    pub target: TargetPort,
}

/// The port of the pods, by number or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetPort {
    /// The same in every pod.
    Number(u16),
    /// Each pod says which.
    Name(String),
}

/// What Istio takes a port to speak, by `appProtocol` or by the first part of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1, HTTP/2, gRPC or gRPC-Web, as declared.
    Http,
    /// Declared, and nothing in which a proxy sees requests: `tcp`, `tls`, `https`, `mongo`, …
    Opaque,
    /// Not TCP at all.
    Udp,
    /// Not declared: Istio looks at the first bytes of each connection.
    Undeclared,
}

// === impl World ===

impl World {
    /// A Service that must be known.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub fn service(&self, namespace: &str, name: &str) -> Result<Service<'_>> {
        let object = self.need(kinds::SERVICE, namespace, name)?;
        Ok(Service { object, world: self })
    }
}

// === impl Service ===

impl<'a> Service<'a> {
    /// `reviews.demo.svc.cluster.local`.
    pub fn host(&self) -> String {
        format!(
            "{}.{}.svc.{}",
            self.object.name(),
            self.object.namespace,
            self.world.domain
        )
    }

    /// The labels of its pods; empty if its endpoints are made by hand.
    pub fn selector(&self) -> Labels {
        self.object.labels(&["spec", "selector"])
    }

    /// Whether clients get the addresses of the pods themselves: there is then no cluster to call.
    pub fn is_headless(&self) -> bool {
        self.object.text(&["spec", "clusterIP"]) == Some("None")
    }

    /// The other name that it stands for, if it is only that.
    pub fn external_name(&self) -> Option<&'a str> {
        let is_external = self.object.text(&["spec", "type"]) == Some("ExternalName");
        is_external.then(|| self.object.text(&["spec", "externalName"]).unwrap_or_default())
    }

    /// Whether proxies of a namespace get it.
    ///
    /// # Errors
    /// What its annotation says instead.
    pub fn exported_to(&self, client: &str) -> std::result::Result<(), &'a str> {
        let own = self.object.namespace.as_str();
        let Some(exported) = self.object.annotation(EXPORT_TO) else {
            return Ok(());
        };
        let mut to = exported.split(',').map(str::trim);
        match to.any(|to| to == "*" || to == client || (to == "." && own == client)) {
            true => Ok(()),
            false => Err(exported),
        }
    }

    /// Its ports, in its own order.
    ///
    /// # Errors
    /// If one of them is no port.
    pub fn ports(&self) -> Result<Vec<ServicePort>> {
        let ports = self.object.at(&["spec", "ports"]).and_then(Value::as_array);
        let ports = ports.into_iter().flatten().enumerate();
        ports
            .map(|(index, port)| {
                read_port(port).ok_or_else(|| {
                    let path = format!("spec.ports[{index}]");
                    Error::invalid(&self.object.place, path, "is not the port of a Service")
                })
            })
            .collect()
    }

    /// The port of a number. `path` says where the job asks for it.
    ///
    /// # Errors
    /// If there is none.
    pub fn port(&self, number: u16, path: &str) -> Result<ServicePort> {
        let ports = self.ports()?;
        let known: Vec<String> = ports.iter().map(ServicePort::title).collect();
        ports.into_iter().find(|port| port.number == number).ok_or_else(|| {
            let known = match known.as_slice() {
                [] => "it has none".to_owned(),
                known => format!("it has {}", known.join(", ")),
            };
            Error::Refused(format!("{path}: {} has no port {number}; {known}", self.object.title()))
        })
    }

    /// The number on which the selected pods accept a port's requests. `labels` narrows the pods down to one version.
    ///
    /// # Errors
    /// [`Error::Missing`] if the port is a name and no workload is known that gives it a number; refused if they
    /// differ.
    pub fn target_port(&self, port: &ServicePort, labels: &Labels) -> Result<u16> {
        let name = match &port.target {
            TargetPort::Number(number) => return Ok(*number),
            TargetPort::Name(name) => name,
        };
        let mut selector = self.selector();
        selector.extend(labels.clone());
        let namespace = &self.object.namespace;
        let numbers: Vec<(String, u16)> = self
            .world
            .workloads(namespace)
            .filter(|workload| selects(&selector, &workload.labels()))
            .filter_map(|workload| Some((workload.object.title(), workload.container_port(name)?)))
            .collect();
        match numbers.as_slice() {
            [] => Err(Error::Missing {
                fact: format!("the number of the port `{name}` to which {} leads", self.object.title()),
                command: kinds::DEPLOYMENT.command(namespace),
            }),
            [(first, number), others @ ..] => match others.iter().find(|(_, other)| other != number) {
                None => Ok(*number),
                Some((second, other)) => Err(Error::Refused(format!(
                    "the port `{name}` of {} is {number} in {first} and {other} in {second}; name one version by `spec.primary`",
                    self.object.title()
                ))),
            },
        }
    }
}

// === impl ServicePort ===

impl ServicePort {
    /// In a message: `9080 (http)`.
    pub fn title(&self) -> String {
        match &self.name {
            Some(name) => format!("{} ({name})", self.number),
            None => self.number.to_string(),
        }
    }
}

fn read_port(port: &Value) -> Option<ServicePort> {
    let text = |key: &str| port.get(key).and_then(Value::as_str);
    let number = |value: &Value| u16::try_from(value.as_u64()?).ok().filter(|number| *number > 0);
    let listen = number(port.get("port")?)?;
    Some(ServicePort {
        number: listen,
        name: text("name").map(str::to_owned),
        protocol: protocol(listen, text("protocol"), text("appProtocol"), text("name")),
        target: match port.get("targetPort") {
            // Absent, and 0 in what a client wrote, mean the port itself.
            None | Some(Value::Null) => TargetPort::Number(listen),
            Some(Value::String(name)) => TargetPort::Name(name.clone()),
            Some(value) if value.as_u64() == Some(0) => TargetPort::Number(listen),
            Some(value) => TargetPort::Number(number(value)?),
        },
    })
}

/// As Istio decides (pkg/config/kube/conversion.go, `ConvertProtocol`).
fn protocol(number: u16, transport: Option<&str>, app_protocol: Option<&str>, name: Option<&str>) -> Protocol {
    match transport {
        Some("UDP") => return Protocol::Udp,
        Some("SCTP") => return Protocol::Opaque,
        _ => {}
    }
    let declared = match app_protocol {
        Some("kubernetes.io/h2c" | "kubernetes.io/ws") => return Protocol::Http,
        Some("kubernetes.io/wss") => return Protocol::Opaque,
        Some(declared) => declared,
        None => name.unwrap_or_default(),
    }
    .to_ascii_lowercase();
    if declared.starts_with("grpc-web") {
        return Protocol::Http;
    }
    match declared.split('-').next().unwrap_or_default() {
        "http" | "http2" | "grpc" => Protocol::Http,
        "tcp" | "tls" | "https" | "mongo" | "redis" | "mysql" | "hbone" => Protocol::Opaque,
        "udp" => Protocol::Udp,
        // Servers that speak first: Istio does not wait for bytes there.
        _ if matches!(number, 25 | 53 | 3306 | 27017) => Protocol::Opaque,
        _ => Protocol::Undeclared,
    }
}
