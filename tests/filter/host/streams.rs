//! The life of an HTTP stream, as Envoy tells it: piece by piece, or a whole request at once. No callback may do
//! anything but continue.

use super::FakeHost;
use super::abi::{Pairs, buffer, map, pairs};
use super::messages::{End, Request};
use super::plugins::RootId;
use super::world::{Context, Stream};

/// A stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamId(pub(crate) u32);

impl FakeHost {
    // === Whole requests ===

    /// A request that arrives as it says. The stream stays open, its response has not begun.
    pub(crate) fn request(&mut self, root: RootId, request: &Request) -> StreamId {
        let stream = self.open(root, request);
        let pieces = request.chunks.len();
        let ends_here = request.end != End::Never && request.trailers.is_none();
        self.request_headers(stream, &request.headers, ends_here && pieces == 0);
        for (piece, chunk) in request.chunks.iter().enumerate() {
            self.request_body(
                stream,
                chunk,
                ends_here && request.end == End::WithLastChunk && piece + 1 == pieces,
            );
        }
        if ends_here && request.end == End::Alone && pieces > 0 {
            self.request_body(stream, b"", true);
        }
        if let Some(trailers) = &request.trailers {
            self.request_trailers(stream, trailers);
        }
        stream
    }

    /// The primary's whole answer.
    pub(crate) fn respond(&mut self, stream: StreamId, status: u16) {
        self.response_headers(
            stream,
            &pairs(&[(":status", &status.to_string()), ("content-length", "2")]),
            false,
        );
        self.response_body(stream, b"ok", true);
    }

    /// The stream ends, whatever it had come to.
    pub(crate) fn close(&mut self, stream: StreamId) {
        self.log(stream);
        self.destroy(stream);
    }

    /// A request, its answer, and the end.
    pub(crate) fn serve(&mut self, root: RootId, request: &Request) {
        let stream = self.request(root, request);
        self.respond(stream, 200);
        self.close(stream);
    }

    // === Pieces ===

    /// A stream of which the guest has not heard yet.
    pub(crate) fn open(&mut self, root: RootId, request: &Request) -> StreamId {
        let id = self.next_context;
        self.next_context += 1;
        let stream = Stream {
            root: root.0,
            created: false,
            properties: request.properties.clone(),
            request_headers: Pairs::new(),
            response_headers: Pairs::new(),
        };
        self.world_mut().contexts.insert(id, Context::Stream(stream));
        StreamId(id)
    }

    pub(crate) fn request_headers(&mut self, stream: StreamId, headers: &Pairs, end: bool) {
        self.create(stream);
        self.world_mut().stream(stream.0).request_headers = headers.clone();
        self.with_map(
            stream,
            "proxy_on_request_headers",
            map::REQUEST_HEADERS,
            headers,
            Some(end),
        );
    }

    pub(crate) fn request_body(&mut self, stream: StreamId, chunk: &[u8], end: bool) {
        self.with_buffer(stream, "proxy_on_request_body", buffer::REQUEST_BODY, chunk, end);
    }

    pub(crate) fn request_trailers(&mut self, stream: StreamId, trailers: &Pairs) {
        self.with_map(
            stream,
            "proxy_on_request_trailers",
            map::REQUEST_TRAILERS,
            trailers,
            None,
        );
    }

    pub(crate) fn response_headers(&mut self, stream: StreamId, headers: &Pairs, end: bool) {
        self.create(stream);
        self.world_mut().stream(stream.0).response_headers = headers.clone();
        self.with_map(
            stream,
            "proxy_on_response_headers",
            map::RESPONSE_HEADERS,
            headers,
            Some(end),
        );
    }

    pub(crate) fn response_body(&mut self, stream: StreamId, chunk: &[u8], end: bool) {
        self.with_buffer(stream, "proxy_on_response_body", buffer::RESPONSE_BODY, chunk, end);
    }

    pub(crate) fn response_trailers(&mut self, stream: StreamId, trailers: &Pairs) {
        self.with_map(
            stream,
            "proxy_on_response_trailers",
            map::RESPONSE_TRAILERS,
            trailers,
            None,
        );
    }

    /// The access log phase: both header maps can be read once more. It can also come in mid-stream, or first of all.
    pub(crate) fn log(&mut self, stream: StreamId) {
        self.create(stream);
        let Stream {
            request_headers,
            response_headers,
            ..
        } = self.world_mut().stream(stream.0);
        let (request, response) = (request_headers.clone(), response_headers.clone());
        self.enter("proxy_on_log", &[stream.0], |callback| {
            callback.maps.insert(map::REQUEST_HEADERS, request);
            callback.maps.insert(map::RESPONSE_HEADERS, response);
        });
    }

    /// The end of the stream, and perhaps of the root that it held.
    pub(crate) fn destroy(&mut self, stream: StreamId) {
        if self.world_mut().stream(stream.0).created {
            self.enter("proxy_on_done", &[stream.0], |_| {});
            self.enter("proxy_on_delete", &[stream.0], |_| {});
        }
        if let Some(Context::Stream(stream)) = self.world_mut().contexts.remove(&stream.0) {
            self.retire_if_unused(stream.root);
        }
    }

    /// Tells the guest of the stream with its first callback.
    fn create(&mut self, stream: StreamId) {
        let Stream { root, created, .. } = self.world_mut().stream(stream.0);
        let root = *root;
        if !std::mem::replace(created, true) {
            self.enter("proxy_on_context_create", &[stream.0, root], |_| {});
        }
    }

    fn with_map(&mut self, stream: StreamId, export: &'static str, kind: u32, map: &Pairs, end: Option<bool>) {
        self.create(stream);
        let mut arguments = vec![stream.0, map.len() as u32];
        arguments.extend(end.map(u32::from));
        let action = self.enter(export, &arguments, |callback| {
            drop(callback.maps.insert(kind, map.clone()))
        });
        self.check(export, action);
    }

    fn with_buffer(&mut self, stream: StreamId, export: &'static str, kind: u32, chunk: &[u8], end: bool) {
        self.create(stream);
        let arguments = [stream.0, chunk.len() as u32, u32::from(end)];
        let action = self.enter(export, &arguments, |callback| {
            drop(callback.buffers.insert(kind, chunk.to_vec()))
        });
        self.check(export, action);
    }

    /// Continue is 0. A callback that is not exported is as good.
    fn check(&self, export: &str, action: Option<u32>) {
        assert!(
            matches!(action, None | Some(0)),
            "{export} returned {action:?}\n{}",
            self.world().journal.tail()
        );
    }
}
