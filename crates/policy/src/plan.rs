//! The plan: a configuration, checked as a whole and compiled. [`Plan::parse`] is the only parser. The filter, the
//! command line tool and the tests over every example use it, so what one of them accepts, all of them accept.

use std::rc::Rc;
use std::time::Duration;

use crate::config_error::ConfigError;
use crate::configuration::timestamp::Timestamp;
use crate::configuration::{
    Authority, AuthorityMode, Config, Destination, HeaderOperations, MirrorConfig, Named, read,
};
use crate::matching::{RequestHead, RequestMatcher};
use crate::reasons::Dropped;
use crate::redaction::Redaction;
use crate::sample::Sampling;
use crate::work::Work;
use crate::{document, grammar, memory};

/// A plan has at most this many mirrors. The bound limits the cost of one request.
pub const MAX_MIRRORS: usize = 16;

/// The `match` of a mirror has at most this many entries.
pub const MAX_MATCHES: usize = 64;

/// A compiled configuration. A plan never changes. A new configuration is a new plan.
///
/// ```
/// use mirror_policy::Plan;
///
/// let plan = Plan::parse(br#"{"mirrors": [{"name": "v2", "cluster": "reviews-v2", "percentage": 10}]}"#).unwrap();
/// assert_eq!(plan.mirrors[0].cluster, "reviews-v2");
/// assert_eq!(plan.mirrors[0].config.percentage.ppm(), 100_000);
/// ```
#[derive(Debug)]
pub struct Plan {
    /// The kill switch for all mirrors.
    pub enabled: bool,
    /// The mirrors in the order of the configuration: 1 to 16.
    pub mirrors: Vec<Rc<Mirror>>,
}

/// One mirror, compiled from its configuration.
#[derive(Debug)]
pub struct Mirror {
    /// The configuration of the mirror, with header names in lower case.
    pub config: MirrorConfig,
    /// The name of the shadow's cluster in Envoy.
    pub cluster: String,
    /// A request belongs to the mirror if one of the entries matches. Without entries, every request belongs to it.
    pub matchers: Vec<RequestMatcher>,
    /// The way in which the share is chosen.
    pub sampling: Sampling,
    /// How the copy's authority is made.
    pub authority: AuthorityRewrite,
    /// How the copy is redacted. Mirrors of one plan with equal `redact` share it.
    pub redaction: Option<Rc<Redaction>>,
}

/// How the authority of a copy is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorityRewrite {
    /// The authority of the request, with a suffix before its port.
    Suffix(String),
    /// The authority of the request.
    Preserve,
    /// The authority that the configuration gives.
    Literal(String),
}

// === impl Plan ===

impl Plan {
    /// Reads and compiles a plugin configuration: a protobuf `Struct` in wire format, or JSON.
    ///
    /// # Errors
    /// The configuration is empty, cannot be read, or has a value that is not allowed. The error has the first such
    /// value.
    pub fn parse(bytes: &[u8]) -> Result<Self, ConfigError> {
        Self::compile(read::config(document::read(bytes)?)?)
    }

    /// Compiles a configuration. This checks the values that depend on other keys.
    ///
    /// # Errors
    /// The configuration has a value that is not allowed. The error has the first such value.
    pub fn compile(config: Config) -> Result<Self, ConfigError> {
        let count = config.mirrors.len();
        if !(1..=MAX_MIRRORS).contains(&count) {
            return Err(ConfigError::invalid(
                "mirrors",
                format!("{count} entries are not between 1 and {MAX_MIRRORS}"),
            ));
        }
        let mut mirrors: Vec<Rc<Mirror>> = Vec::with_capacity(count);
        for (index, mirror) in config.mirrors.into_iter().enumerate() {
            let path = format!("mirrors[{index}]");
            if mirrors.iter().any(|other| other.config.name == mirror.name) {
                let problem = format!("`{}` is the name of another mirror too; names are unique", mirror.name);
                return Err(ConfigError::invalid(format!("{path}.name"), problem));
            }
            let mut mirror = Mirror::compile(mirror, &path)?;
            if let Some(equal) = mirrors.iter().find(|other| other.config.redact == mirror.config.redact) {
                mirror.redaction = equal.redaction.clone();
            }
            mirrors.push(Rc::new(mirror));
        }
        let plan = Self {
            enabled: config.enabled,
            mirrors,
        };
        memory::check(plan.memory(), 0)?;
        Ok(plan)
    }

    /// The memory that the budgets of all mirrors may need in a VM, in bytes. Mirrors that are off count too, so
    /// switching them on never makes a plan too large.
    pub fn memory(&self) -> u64 {
        let mirrors = self.mirrors.iter().map(|mirror| memory::of_mirror(&mirror.config));
        let largest = self
            .mirrors
            .iter()
            .map(|mirror| mirror.config.body.max_bytes.get())
            .max();
        mirrors.sum::<u64>() + largest.unwrap_or(0)
    }

    /// The configuration of the plan, with header names in lower case.
    pub fn config(&self) -> Config {
        Config {
            enabled: self.enabled,
            mirrors: self.mirrors.iter().map(|mirror| mirror.config.clone()).collect(),
        }
    }
}

// === impl Mirror ===

impl Mirror {
    /// Whether the mirror has expired at a time of day, given since the Unix epoch. Without a time, a mirror that can
    /// expire has expired.
    pub fn is_expired(&self, wall: Option<Duration>) -> bool {
        let end = self.config.expires_at.as_ref().map(Timestamp::unix);
        end.is_some_and(|end| wall.is_none_or(|now| now >= end))
    }

    /// Whether a request meets the mirror's `match`. `work` is the work for this request so far, for this mirror and
    /// those before it.
    ///
    /// # Errors
    /// No entry is met within `limits.maxExaminedBytes`, and an entry would need more work.
    pub fn matches(&self, head: &RequestHead<'_>, work: &Work) -> Result<bool, Dropped> {
        self.matches_within(head, work, self.config.limits.max_examined_bytes.get())
    }

    /// The same within another limit, in bytes.
    pub(crate) fn matches_within(&self, head: &RequestHead<'_>, work: &Work, limit: u64) -> Result<bool, Dropped> {
        if self.matchers.is_empty() {
            return Ok(true);
        }
        work.go_on(limit);
        let mut decided = Ok(false);
        for matcher in &self.matchers {
            let is_met = matcher.matches(head, work);
            if work.is_over() {
                decided = Err(Dropped::TooCostly);
                work.go_on(limit);
            } else if is_met {
                return Ok(true);
            }
        }
        decided
    }

    /// Whether the mirror's `match` asks for the port on which the proxy accepted the request.
    pub fn needs_port(&self) -> bool {
        self.matchers.iter().any(RequestMatcher::needs_port)
    }

    fn compile(mut config: MirrorConfig, path: &str) -> Result<Self, ConfigError> {
        let invalid = |key: &str, problem: String| Err(ConfigError::invalid(format!("{path}.{key}"), problem));
        if !grammar::is_dns_label(&config.name) {
            return invalid(
                "name",
                format!("`{}` is not a DNS label (a-z, 0-9 and -, at most 63)", config.name),
            );
        }
        let cluster = shadow_cluster(&config, path)?;
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
        let authority = AuthorityRewrite::compile(&config.authority, &format!("{path}.authority"))?;
        if let Some(rewrite) = &config.path {
            for (key, value) in [
                ("from", &rewrite.prefix_rewrite.from),
                ("to", &rewrite.prefix_rewrite.to),
            ] {
                if !grammar::is_path(value) {
                    let problem = format!("`{}` is not a path that begins with /", value.escape_debug());
                    return invalid(&format!("path.prefixRewrite.{key}"), problem);
                }
            }
        }
        config.marker = grammar::marker_name(&config.marker, &format!("{path}.marker"))?;
        config.headers = compile_headers(config.headers, &config.marker, &format!("{path}.headers"))?;
        let redact = config.redact.as_mut();
        let redaction = redact.map(|redact| Redaction::compile(redact, &config.marker, &format!("{path}.redact")));
        let redaction = redaction.transpose()?.map(Rc::new);
        let (cap, largest) = (config.body.max_bytes.get(), config.limits.largest_body());
        if cap > largest {
            let problem = format!(
                "{cap} is more than has room in `limits.maxBufferedBytes` ({}) beside headers and small requests: {largest}; \
                 lower one or raise the other",
                config.limits.max_buffered_bytes.get()
            );
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
            redaction,
        })
    }
}

/// The name of the shadow's cluster, from `cluster` or `destination`.
fn shadow_cluster(config: &MirrorConfig, path: &str) -> Result<String, ConfigError> {
    match (&config.cluster, &config.destination) {
        (Some(cluster), None) if grammar::is_cluster(cluster) => Ok(cluster.clone()),
        (Some(cluster), None) => {
            let problem = format!("`{}` is not the name of a cluster", cluster.escape_debug());
            Err(ConfigError::invalid(format!("{path}.cluster"), problem))
        }
        (None, Some(destination)) => cluster_of(destination, &format!("{path}.destination")),
        (Some(_), Some(_)) => Err(ConfigError::invalid(
            format!("{path}.destination"),
            "`cluster` is given too; give one of the two",
        )),
        (None, None) => Err(ConfigError::invalid(
            path,
            "`cluster` or `destination` is missing; give one of the two",
        )),
    }
}

/// The cluster of a destination, by Istio's rule for its name (pilot/pkg/model/service.go, `BuildSubsetKey`).
fn cluster_of(destination: &Destination, path: &str) -> Result<String, ConfigError> {
    let host = &destination.host;
    if !grammar::is_fully_qualified(host) {
        let problem = format!(
            "`{}` is not a fully qualified host such as reviews.demo.svc.cluster.local",
            host.escape_debug()
        );
        return Err(ConfigError::invalid(format!("{path}.host"), problem));
    }
    let subset = destination.subset.as_deref().unwrap_or_default();
    if destination.subset.is_some() && !grammar::is_subset(subset) {
        let problem = format!("`{}` is not the name of a subset", subset.escape_debug());
        return Err(ConfigError::invalid(format!("{path}.subset"), problem));
    }
    Ok(format!("outbound|{}|{subset}|{host}", destination.port.number.get()))
}

fn compile_headers(operations: HeaderOperations, marker: &str, path: &str) -> Result<HeaderOperations, ConfigError> {
    let values = |key: &str, from: Named<String>| {
        let mut compiled = Named::<String>::default();
        for (name, value) in from.0 {
            let path = if grammar::is_shown(&name) {
                format!("{path}.{key}.{name}")
            } else {
                format!("{path}.{key}.(a key that is not shown)")
            };
            let name = grammar::copied_header_name(&name, Some(marker), &path)?;
            // The value is not shown: it may be a credential of the shadow.
            if !grammar::is_header_value(&value) {
                let problem = "this text is not a header value: no control characters, at most 4096 bytes";
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
            .map(|(index, name)| grammar::copied_header_name(name, Some(marker), &format!("{path}.remove[{index}]")))
            .collect::<Result<_, _>>()?,
    })
}

// === impl AuthorityRewrite ===

impl AuthorityRewrite {
    fn compile(authority: &Authority, path: &str) -> Result<Self, ConfigError> {
        let invalid = |key: &str, problem: String| Err(ConfigError::invalid(format!("{path}{key}"), problem));
        let other = "does not go with this `mode`";
        match (authority.mode, &authority.suffix, &authority.value) {
            (AuthorityMode::Preserve | AuthorityMode::Literal, Some(_), _) => invalid(".suffix", other.to_owned()),
            (AuthorityMode::Preserve | AuthorityMode::Suffix, _, Some(_)) => invalid(".value", other.to_owned()),
            (AuthorityMode::Preserve, ..) => Ok(Self::Preserve),
            (AuthorityMode::Suffix, None, _) => Ok(Self::Suffix("-shadow".to_owned())),
            (AuthorityMode::Suffix, Some(suffix), _) if grammar::is_host_suffix(suffix) => {
                Ok(Self::Suffix(suffix.clone()))
            }
            (AuthorityMode::Suffix, Some(suffix), _) => {
                let suffix = suffix.escape_debug();
                invalid(
                    ".suffix",
                    format!("`{suffix}` is not a host suffix (letters, digits, - and .)"),
                )
            }
            (AuthorityMode::Literal, _, Some(value)) if grammar::is_authority(value) => {
                Ok(Self::Literal(value.clone()))
            }
            (AuthorityMode::Literal, _, Some(value)) => {
                let value = value.escape_debug();
                invalid(
                    ".value",
                    format!("`{value}` is not an authority such as host or host:port"),
                )
            }
            (AuthorityMode::Literal, _, None) => invalid("", "`value` is missing; mode `literal` needs it".to_owned()),
        }
    }
}
