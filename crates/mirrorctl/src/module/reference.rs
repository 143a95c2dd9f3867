//! `REGISTRY/NAME[:TAG]`: where an image is pushed to, by the grammar of the distribution specification.

use std::fmt;
use std::str::FromStr;

use regex_lite::Regex;

const DOCKER_HUB: &str = "docker.io";

/// Where an image is pushed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The registry, `HOST[:PORT]`, as the user wrote it.
    pub registry: String,
    /// The repository in it.
    pub name: String,
    /// The tag, if one is given.
    pub tag: Option<String>,
}

// === impl Reference ===

impl Reference {
    /// The host that is asked: Docker Hub's registry has another name than its images.
    pub fn host(&self) -> &str {
        match self.registry.as_str() {
            DOCKER_HUB | "index.docker.io" => "registry-1.docker.io",
            registry => registry,
        }
    }

    /// The names under which credentials for it may be kept, the most exact one first. Podman keeps them for parts of a
    /// registry too; Docker Hub has a name of its own.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        let mut path = format!("{}/{}", self.registry, self.name);
        while let Some((parent, _)) = path.rsplit_once('/').filter(|(parent, _)| !parent.is_empty()) {
            keys.push(path.clone());
            path = parent.to_owned();
        }
        keys.push(path);
        if self.host() == "registry-1.docker.io" {
            keys.extend(["https://index.docker.io/v1/", "index.docker.io", DOCKER_HUB].map(str::to_owned));
        }
        keys
    }

    /// Whether the registry is on this machine.
    pub fn is_local(&self) -> bool {
        let host = match self.registry.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &self.registry,
        };
        let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for Reference {
    /// Without the tag.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.registry, self.name)
    }
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix("oci://").unwrap_or(text);
        if bare.contains("://") {
            return Err("has a scheme; write REGISTRY/NAME[:TAG], and --insecure for plain HTTP".to_owned());
        }
        if bare.contains('@') {
            return Err("has a digest, which follows from what is pushed; write REGISTRY/NAME[:TAG]".to_owned());
        }
        let (registry, rest) = match bare.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
            _ => {
                return Err(format!(
                    "names no registry; write REGISTRY/NAME[:TAG], such as registry.example.com/{bare}; Docker Hub's is \
                     {DOCKER_HUB}/USER/NAME"
                ));
            }
        };
        let (name, tag) = match rest.split_once(':') {
            Some((name, tag)) => (name, Some(tag)),
            None => (rest, None),
        };
        if !is(registry, r"^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?$") {
            return Err(format!("`{registry}` is not a registry: HOST or HOST:PORT"));
        }
        if name.len() > 255
            || !is(
                name,
                r"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$",
            )
        {
            return Err(format!(
                "`{name}` is not the name of a repository: lower case, digits, and between them . _ __ - and /"
            ));
        }
        if matches!(registry, DOCKER_HUB | "index.docker.io") && !name.contains('/') {
            return Err(format!("names no user; Docker Hub has {DOCKER_HUB}/USER/{name}"));
        }
        if let Some(tag) = tag.filter(|tag| !is(tag, r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")) {
            return Err(format!(
                "`{tag}` is not a tag: at most 128 of A-Z, a-z, 0-9, _ . and -, and neither . nor - first"
            ));
        }
        Ok(Self {
            registry: registry.to_owned(),
            name: name.to_owned(),
            tag: tag.map(str::to_owned),
        })
    }
}

fn is(text: &str, pattern: &str) -> bool {
    Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}
