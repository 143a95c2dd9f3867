//! URLs of answers: where a registry sends one on to.

/// `SCHEME://HOST[:PORT]` of a URL: whoever gets what is sent there.
pub fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(start..).and_then(|rest| rest.find(['/', '?', '#']));
    end.and_then(|end| url.get(..start + end)).unwrap_or(url)
}

/// A URL as a message may show it: what stands behind the host may be a signature that lets anybody in.
pub fn shown(url: &str) -> &str {
    let origin = origin(url);
    match origin.rsplit_once('@') {
        Some((_, host)) => host,
        None => origin,
    }
}

/// Where a `location` leads, seen from a URL (RFC 3986, 5.2, without dots).
pub fn resolve(base: &str, location: &str) -> String {
    let origin = origin(base);
    let scheme = base.split_once("://").map_or("https", |(scheme, _)| scheme);
    if location.contains("://") && !location.starts_with(['/', '?']) {
        return location.to_owned();
    }
    if let Some(rest) = location.strip_prefix("//") {
        return format!("{scheme}://{rest}");
    }
    if location.starts_with('/') {
        return format!("{origin}{location}");
    }
    let path = base.split(['?', '#']).next().unwrap_or(base);
    if location.starts_with('?') {
        return format!("{path}{location}");
    }
    match path.get(origin.len()..).and_then(|path| path.rsplit_once('/')) {
        Some((folder, _)) => format!("{origin}{folder}/{location}"),
        None => format!("{origin}/{location}"),
    }
}
