//! What runs: the configuration, checked as a whole and compiled. `Plan::parse` is the one parser; the filter, the
//! command line tool and the tests over every example go through it, so what one of them accepts, all accept.

use std::time::Duration;

use crate::config::{AuthorityMode, Config, Destination, HeaderOperations, MirrorConfig, Named};
use crate::matching::RequestMatcher;
use crate::sample::Sampling;
use crate::syntax;
use crate::timestamp::Timestamp;
use crate::{document, read};

/// At most this many mirrors: what one request costs stays bounded.
pub const MAX_MIRRORS: usize = 16;

/// At most this many entries in one mirror's `match`.
pub const MAX_MATCHES: usize = 64;

/// Why a configuration was refused. It is refused whole: nothing of it takes effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Nothing was given.
    #[error("there is no configuration; give `mirrors` with at least one entry that has a `name` and a `cluster`")]
    NoConfiguration,
    /// The bytes could not be read as a document.
    #[error("the configuration cannot be read: {0}")]
    Unreadable(String),
    /// A key holds what it may not hold.
    #[error("{path}: {problem}")]
    Invalid {
        /// Where, in the user's spelling: `mirrors[1].percentage`.
        path: String,
        /// What was found and what is allowed.
        problem: String,
    },
}

/// A configuration that can run. It never changes; a new configuration is a new plan.
#[derive(Debug)]
pub struct Plan {
    /// The kill switch for all mirrors.
    pub enabled: bool,
    /// In the order of the configuration: 1 to 16.
    pub mirrors: Vec<Mirror>,
}

/// One mirror, ready to decide and to copy.
#[derive(Debug)]
pub struct Mirror {
    /// What the user wrote, with header names in lower case.
    pub config: MirrorConfig,
    /// The shadow's cluster in Envoy.
    pub cluster: String,
    /// Any of them selects a request; none selects every request.
    pub matchers: Vec<RequestMatcher>,
    /// How the share is chosen.
    pub sampling: Sampling,
    /// How the copy's authority is made.
    pub authority: AuthorityRewrite,
}

/// How the authority of a copy is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorityRewrite {
    /// The suffix goes before the port.
    Suffix(String),
    /// As it is.
    Preserve,
    /// Another one.
    Literal(String),
}

// === impl ConfigError ===

impl ConfigError {
    /// A refusal with its place. Each becomes one line, whatever the user wrote: a second one in a log would look like
    /// somebody else's.
    pub fn invalid(path: impl Into<String>, problem: impl Into<String>) -> Self {
        let path = path.into();
        Self::Invalid {
            path: if path.is_empty() {
                "the configuration".to_owned()
            } else {
                one_line(path)
            },
            problem: one_line(problem.into()),
        }
    }
}

fn one_line(text: String) -> String {
    let shown = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().map(shown).collect()
}

// === impl Plan ===

impl Plan {
    /// Reads and compiles a plugin configuration: a protobuf `Struct` in wire format, or JSON.
    ///
    /// # Errors
    /// The first refusal, with its path.
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigError> {
        Self::compile(read::config(document::read(bytes)?)?)
    }

    /// Checks what one key alone cannot tell, and compiles.
    ///
    /// # Errors
    /// The first refusal, with its path.
    pub fn compile(config: Config) -> Result<Self, ConfigError> {
        let count = config.mirrors.len();
        if !(1..=MAX_MIRRORS).contains(&count) {
            return Err(ConfigError::invalid(
                "mirrors",
                format!("{count} entries are not between 1 and {MAX_MIRRORS}"),
            ));
        }
        let mut mirrors: Vec<Mirror> = Vec::with_capacity(count);
        for (index, mirror) in config.mirrors.into_iter().enumerate() {
            let path = format!("mirrors[{index}]");
            if mirrors.iter().any(|other| other.config.name == mirror.name) {
                let problem = format!("`{}` is the name of another mirror too; names are unique", mirror.name);
                return Err(ConfigError::invalid(format!("{path}.name"), problem));
            }
            mirrors.push(Mirror::compile(mirror, &path)?);
        }
        Ok(Self {
            enabled: config.enabled,
            mirrors,
        })
    }

    /// The configuration that this plan was compiled from, with header names in lower case.
    pub fn config(&self) -> Config {
        Config {
            enabled: self.enabled,
            mirrors: self.mirrors.iter().map(|mirror| mirror.config.clone()).collect(),
        }
    }

    /// Whether no request can be copied, whatever it is.
    pub fn is_idle(&self) -> bool {
        !self.enabled || self.mirrors.iter().all(|mirror| !mirror.config.enabled)
    }

    /// Whether a mirror expires, so that the time of day must be known.
    pub fn needs_wall_clock(&self) -> bool {
        self.mirrors.iter().any(|mirror| mirror.config.expires_at.is_some())
    }

    /// Whether a mirror asks for the port on which the request was accepted.
    pub fn needs_port(&self) -> bool {
        self.mirrors
            .iter()
            .any(|mirror| mirror.matchers.iter().any(RequestMatcher::needs_port))
    }
}

// === impl Mirror ===

impl Mirror {
    /// Whether it has expired by this time, given since the Unix epoch. Without a time, all that can expire has.
    pub fn is_expired(&self, wall: Option<Duration>) -> bool {
        let end = self.config.expires_at.as_ref().map(Timestamp::unix);
        end.is_some_and(|end| wall.is_none_or(|now| now >= end))
    }

    fn compile(mut config: MirrorConfig, path: &str) -> Result<Self, ConfigError> {
        let invalid = |key: &str, problem: String| Err(ConfigError::invalid(format!("{path}.{key}"), problem));
        if !syntax::is_dns_label(&config.name) {
            return invalid(
                "name",
                format!("`{}` is not a DNS label (a-z, 0-9 and -, at most 63)", config.name),
            );
        }
        let cluster = match (&config.cluster, &config.destination) {
            (Some(cluster), None) if syntax::is_cluster(cluster) => cluster.clone(),
            (Some(cluster), None) => {
                return invalid(
                    "cluster",
                    format!("`{}` is not the name of a cluster", cluster.escape_debug()),
                );
            }
            (None, Some(destination)) => cluster_of(destination, &format!("{path}.destination"))?,
            (Some(_), Some(_)) => {
                return invalid("destination", "`cluster` is given too; give one of the two".to_owned());
            }
            (None, None) => {
                return Err(ConfigError::invalid(
                    path,
                    "`cluster` or `destination` is missing; give one of the two",
                ));
            }
        };
        if config.r#match.len() > MAX_MATCHES {
            return invalid(
                "match",
                format!("{} entries are more than {MAX_MATCHES}", config.r#match.len()),
            );
        }
        let matchers = config
            .r#match
            .iter()
            .enumerate()
            .map(|(index, entry)| RequestMatcher::compile(entry, &format!("{path}.match[{index}]")))
            .collect::<Result<_, _>>()?;
        let sampling = Sampling::compile(&config.sample, &format!("{path}.sample"))?;
        let authority = AuthorityRewrite::compile(&config, &format!("{path}.authority"))?;
        if let Some(rewrite) = &config.path {
            for (key, value) in [
                ("from", &rewrite.prefix_rewrite.from),
                ("to", &rewrite.prefix_rewrite.to),
            ] {
                if !syntax::is_path(value) {
                    let problem = format!("`{}` is not a path that begins with /", value.escape_debug());
                    return invalid(&format!("path.prefixRewrite.{key}"), problem);
                }
            }
        }
        config.marker = copied_header(&config.marker, None, &format!("{path}.marker"))?;
        config.headers = compile_headers(config.headers, &config.marker, &format!("{path}.headers"))?;
        if let Some(redact) = &mut config.redact {
            redact.check(&config.marker, &format!("{path}.redact"))?;
        }
        let (cap, budget) = (config.body.max_bytes.get(), config.limits.max_buffered_bytes.get());
        if cap > budget {
            let problem = format!("{cap} is more than `limits.maxBufferedBytes` ({budget}); a body never takes more");
            return invalid("body.maxBytes", problem);
        }
        if config
            .circuit_breaker
            .as_ref()
            .is_some_and(|breaker| breaker.failure_percentage.ppm() == 0)
        {
            let problem = "0 would open the breaker when nothing fails; give more, up to 100".to_owned();
            return invalid("circuitBreaker.failurePercentage", problem);
        }
        Ok(Self {
            config,
            cluster,
            matchers,
            sampling,
            authority,
        })
    }
}

/// The name that Istio gives to a destination's cluster (pilot/pkg/model/service.go, `BuildSubsetKey`).
fn cluster_of(destination: &Destination, path: &str) -> Result<String, ConfigError> {
    let host = &destination.host;
    if !syntax::is_fully_qualified(host) {
        let problem = format!(
            "`{}` is not a fully qualified host such as reviews.demo.svc.cluster.local",
            host.escape_debug()
        );
        return Err(ConfigError::invalid(format!("{path}.host"), problem));
    }
    let subset = destination.subset.as_deref().unwrap_or_default();
    if destination.subset.is_some() && !syntax::is_subset(subset) {
        let problem = format!("`{}` is not the name of a subset", subset.escape_debug());
        return Err(ConfigError::invalid(format!("{path}.subset"), problem));
    }
    Ok(format!("outbound|{}|{subset}|{host}", destination.port.number.get()))
}

/// A header name that a copy may carry by configuration, in lower case.
pub(crate) fn copied_header(name: &str, marker: Option<&str>, path: &str) -> Result<String, ConfigError> {
    let name = syntax::header_name(name, path)?;
    if syntax::is_reserved_header(&name) {
        return Err(ConfigError::invalid(
            path,
            format!("`{name}` is a header that the proxy itself sets or obeys"),
        ));
    }
    if marker == Some(name.as_str()) {
        return Err(ConfigError::invalid(
            path,
            format!("`{name}` is the marker; change it by `marker`"),
        ));
    }
    Ok(name)
}

fn compile_headers(operations: HeaderOperations, marker: &str, path: &str) -> Result<HeaderOperations, ConfigError> {
    let values = |key: &str, from: Named<String>| {
        let mut compiled = Named::<String>::default();
        for (name, value) in from.0 {
            let path = format!("{path}.{key}.{name}");
            let name = copied_header(&name, Some(marker), &path)?;
            if !syntax::is_header_value(&value) {
                let problem = format!(
                    "`{}` is not a header value: no control characters",
                    value.escape_debug()
                );
                return Err(ConfigError::invalid(path, problem));
            }
            if compiled.0.iter().any(|(other, _)| *other == name) {
                return Err(ConfigError::invalid(
                    path,
                    format!("`{name}` stands twice; case makes no difference"),
                ));
            }
            compiled.0.push((name, value));
        }
        Ok(compiled)
    };
    let remove = operations.remove.iter().enumerate();
    Ok(HeaderOperations {
        set: values("set", operations.set)?,
        add: values("add", operations.add)?,
        remove: remove
            .map(|(index, name)| copied_header(name, Some(marker), &format!("{path}.remove[{index}]")))
            .collect::<Result<_, _>>()?,
    })
}

// === impl AuthorityRewrite ===

impl AuthorityRewrite {
    fn compile(config: &MirrorConfig, path: &str) -> Result<Self, ConfigError> {
        let authority = &config.authority;
        let (key, other) = match authority.mode {
            AuthorityMode::Suffix => ("value", authority.value.is_some()),
            AuthorityMode::Literal => ("suffix", authority.suffix.is_some()),
            AuthorityMode::Preserve if authority.suffix.is_some() => ("suffix", true),
            AuthorityMode::Preserve => ("value", authority.value.is_some()),
        };
        if other {
            return Err(ConfigError::invalid(
                format!("{path}.{key}"),
                "does not go with this `mode`",
            ));
        }
        match authority.mode {
            AuthorityMode::Preserve => Ok(Self::Preserve),
            AuthorityMode::Suffix => {
                let suffix = authority.suffix.as_deref().unwrap_or("-shadow");
                if !syntax::is_host_suffix(suffix) {
                    let problem = format!(
                        "`{}` is not a host suffix (letters, digits, - and .)",
                        suffix.escape_debug()
                    );
                    return Err(ConfigError::invalid(format!("{path}.suffix"), problem));
                }
                Ok(Self::Suffix(suffix.to_owned()))
            }
            AuthorityMode::Literal => match authority.value.as_deref() {
                Some(value) if syntax::is_authority(value) => Ok(Self::Literal(value.to_owned())),
                Some(value) => {
                    let problem = format!(
                        "`{}` is not an authority such as host or host:port",
                        value.escape_debug()
                    );
                    Err(ConfigError::invalid(format!("{path}.value"), problem))
                }
                None => Err(ConfigError::invalid(
                    path,
                    "`value` is missing; mode `literal` needs it",
                )),
            },
        }
    }
}
