//! Where statistics come from, as a person names it: proxies by their admin URLs, or a Prometheus server. A URL is
//! checked when it is read, so that a mistake is told before anything is asked.

use std::fmt;
use std::str::FromStr;

use ureq::http::Uri;

use super::prometheus::Native;

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The admin interface of each proxy.
    Envoy(Vec<Url>),
    /// A Prometheus server.
    Prometheus {
        /// Its URL, without `/api/v1`.
        url: Url,
        /// Narrows the proxies: matchers of labels without braces, `namespace="demo"`, or nothing.
        selector: String,
        /// The mirrors of engine native.
        natives: Vec<Native>,
    },
}

/// The kinds of sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// Envoy's admin interface.
    Envoy,
    /// A Prometheus server.
    Prometheus,
}

/// An address that is asked over HTTP: scheme, host, port, and maybe a path below which it answers; no slash at the
/// end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Url(String);

// === impl Source ===

impl Source {
    /// Which kind it is.
    pub fn kind(&self) -> SourceKind {
        match self {
            Self::Envoy(_) => SourceKind::Envoy,
            Self::Prometheus { .. } => SourceKind::Prometheus,
        }
    }

    /// Everyone who is asked.
    pub fn urls(&self) -> &[Url] {
        match self {
            Self::Envoy(urls) => urls,
            Self::Prometheus { url, .. } => std::slice::from_ref(url),
        }
    }

    /// The mirrors of engine native that are asked for.
    pub fn natives(&self) -> &[Native] {
        match self {
            Self::Envoy(_) => &[],
            Self::Prometheus { natives, .. } => natives,
        }
    }

    /// What to say if nobody who answers has a statistic of any mirror.
    pub fn no_filter(&self) -> String {
        let urls: Vec<&str> = self.urls().iter().map(Url::as_str).collect();
        match self {
            Self::Envoy(_) => super::envoy::no_filter(&urls),
            Self::Prometheus { url, .. } => super::prometheus::no_filter(url.as_str()),
        }
    }
}

// === impl SourceKind ===

impl SourceKind {
    /// As it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Envoy => "envoy",
            Self::Prometheus => "prometheus",
        }
    }
}

// === impl Url ===

impl Url {
    /// As it is shown, and asked.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Url {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Url {
    type Err = String;

    /// Takes `http://HOST:PORT`, `https://HOST/PATH`, and `HOST:PORT` for the first.
    fn from_str(text: &str) -> Result<Self, String> {
        let has_scheme = text.contains("://");
        let whole = if has_scheme {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let example = "write it as http://127.0.0.1:15000";
        let uri: Uri = whole
            .parse()
            .map_err(|error| format!("is no URL ({error}): {example}"))?;
        match uri.scheme_str() {
            Some("http" | "https") => {}
            _ => return Err(format!("is not http or https: {example}")),
        }
        let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        if authority.is_empty() || uri.host().unwrap_or_default().is_empty() {
            return Err(format!("names no host: {example}"));
        }
        if authority.contains('@') {
            return Err("holds credentials, which show in lists of processes: use --bearer-token-file".to_owned());
        }
        let has_port = authority.len() > uri.host().unwrap_or_default().len();
        if has_port && uri.port_u16().is_none() {
            return Err(format!("has a port that is no number from 0 to 65535: {example}"));
        }
        if uri.query().is_some() || whole.contains('#') {
            return Err(format!("has more than a path: {example}"));
        }
        Ok(Self(whole.trim_end_matches('/').to_owned()))
    }
}
