//! What can be asked for, and what is answered: the page's files, the view as JSON, the view as a stream. Everything is
//! read only; nothing that is asked for changes anything.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::{Semaphore, watch};

use super::events::Events;
use super::frames::{Newest, PageWindow};
use super::guard::{Refusal, guard};
use super::host::Hosts;
use crate::page::File;

/// What the answers follow from.
#[derive(Clone)]
pub struct Served {
    /// The newest views.
    pub newest: Newest,
    /// True when all streams are to end.
    pub stop: watch::Receiver<bool>,
    /// A place for each stream.
    pub places: Arc<Semaphore>,
    /// The longest silence of a stream.
    pub breath: Duration,
}

/// Files change with the binary alone, but under the same name: a browser may keep them, and must ask whether they
/// hold.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// All routes, behind the guard.
pub fn router(files: &[File], hosts: Hosts, served: Served) -> Router {
    let mut router = Router::new()
        .route("/api/view", get(view))
        .route("/api/events", get(events))
        .with_state(served);
    for &file in files {
        let tag = tag(file.bytes);
        router = router.route(
            file.path,
            get(move |headers: HeaderMap| async move { send(file, &tag, &headers) }),
        );
    }
    router
        .fallback(|uri: Uri| async move {
            (
                StatusCode::NOT_FOUND,
                format!("there is no {}; the page is at /\n", uri.path()),
            )
        })
        .method_not_allowed_fallback(|| async {
            (StatusCode::METHOD_NOT_ALLOWED, "it can only be read: GET or HEAD\n")
        })
        .layer(from_fn_with_state(Arc::new(hosts), guard))
}

fn send(file: File, tag: &HeaderValue, headers: &HeaderMap) -> Response {
    let kept = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, REVALIDATE)];
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut known = known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    // A tag that was weakened on the way names the same bytes.
    if known.any(|one| one.trim() == "*" || one.trim().trim_start_matches("W/").as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, kept).into_response();
    }
    (kept, [(header::CONTENT_TYPE, file.content_type)], file.bytes).into_response()
}

/// The bytes, in short: FNV-1a, 64 bits.
fn tag(bytes: &[u8]) -> HeaderValue {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    HeaderValue::from_str(&format!("\"{hash:016x}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

async fn view(State(mut served): State<Served>, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let span = span(query.as_deref())?;
    let newest = served.newest.wait_for(Option::is_some).await;
    let frames = newest.ok().and_then(|newest| newest.clone()).ok_or_else(|| {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "nobody asks the source any more\n".to_owned(),
        )
    })?;
    Ok(([(header::CONTENT_TYPE, "application/json")], frames.get(span).json()).into_response())
}

async fn events(State(served): State<Served>, RawQuery(query): RawQuery) -> Result<Response, Response> {
    let span = span(query.as_deref()).map_err(IntoResponse::into_response)?;
    let place = served.places.try_acquire_owned().map_err(|_| {
        let full = "as many pages are open as can be served at once; close one\n";
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "10")], full).into_response()
    })?;
    let events = Events::new(served.newest, span, served.stop, served.breath, place);
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], events.into_body()).into_response())
}

fn span(query: Option<&str>) -> Result<PageWindow, Refusal> {
    PageWindow::of_query(query).map_err(|problem| (StatusCode::BAD_REQUEST, format!("{problem}\n")))
}
