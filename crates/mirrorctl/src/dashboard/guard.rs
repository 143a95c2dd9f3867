//! What comes before every route and after every answer: who asks for a foreign name or from a foreign site is refused,
//! and whatever is answered carries the headers that keep a browser from doing more with it than showing it.

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use std::sync::Arc;

use super::host::{Host, Hosts};

/// Why a request is not answered: one line of text.
pub type Refusal = (StatusCode, String);

/// Nothing but what the page itself brings, from nowhere but here.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CONTENT_SECURITY_POLICY),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Stands around all routes.
pub async fn guard(State(hosts): State<Arc<Hosts>>, request: Request, next: Next) -> Response {
    let mut response = match check(&hosts, request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    headers.extend(ALWAYS);
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whether a request is meant for us, and comes from our own page or from no page at all.
///
/// # Errors
/// The status, and what is wrong with it.
pub fn check(hosts: &Hosts, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let host = only(headers, &header::HOST)?
        .ok_or((StatusCode::BAD_REQUEST, "the request has no Host header\n".to_owned()))?;
    admit(hosts, host)?;
    if let Some(authority) = uri.authority() {
        admit(hosts, authority.as_str())?;
    }
    if uri.path().starts_with("/api/") {
        from_our_page(headers, host)?;
    }
    Ok(())
}

fn admit(hosts: &Hosts, authority: &str) -> Result<(), Refusal> {
    let Some(host) = Host::of_authority(authority) else {
        return Err((StatusCode::BAD_REQUEST, "the request's host is none\n".to_owned()));
    };
    if hosts.admit(&host) {
        return Ok(());
    }
    Err((
        StatusCode::FORBIDDEN,
        format!(
            "{host} is not known as a name of this dashboard; if it is one: mirrorctl dashboard --allow-host {host}\n"
        ),
    ))
}

/// A browser says where a script's question comes from; whatever is no browser says nothing.
fn from_our_page(headers: &HeaderMap, host: &str) -> Result<(), Refusal> {
    let is_ours = |origin: &str| {
        let authority = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
    };
    let origin = only(headers, &header::ORIGIN)?;
    let site = only(headers, &HeaderName::from_static("sec-fetch-site"))?;
    let is_allowed = origin.is_none_or(is_ours) && site.is_none_or(|site| matches!(site, "same-origin" | "none"));
    match is_allowed {
        true => Ok(()),
        false => Err((
            StatusCode::FORBIDDEN,
            "this is for the dashboard's own page only\n".to_owned(),
        )),
    }
}

/// The value of a header that may stand there once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut all = headers.get_all(name).iter();
    match (all.next().map(HeaderValue::to_str), all.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err((
            StatusCode::BAD_REQUEST,
            format!("the header {name} is there twice, or no text\n"),
        )),
    }
}
