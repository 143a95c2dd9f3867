//! The answers of an echo backend: their bodies, and what is around them.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::channel::Channel;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::HeaderValue;
use hyper::http::request::Parts;
use hyper::upgrade::OnUpgrade;
use hyper::{HeaderMap, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::sync::watch;

use super::{Arriving, Behaviour, Broken, Ending, Reply};

/// Any message with this header traps the filter of `make trap`.
pub const TRAP: &str = "x-trap";

type Body = BoxBody<Bytes, Broken>;

/// An answer with this body.
pub(super) fn with(backend: &str, behaviour: &Behaviour, body: Body) -> Reply {
    let mut response = Response::new(body);
    *response.status_mut() = behaviour.status;
    let content_type = match behaviour.ending {
        Ending::Grpc(_) | Ending::GrpcOnly(_) => "application/grpc",
        Ending::Events => "text/event-stream",
        _ => "application/json",
    };
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(content_type));
    if let Ending::GrpcOnly(status) = behaviour.ending {
        headers.insert("grpc-status", HeaderValue::from(u16::from(status)));
    }
    let texts = [
        (TRAP, behaviour.trap.then_some("yes")),
        ("x-backend", Some(backend)),
        ("location", behaviour.location.as_deref()),
    ];
    for (name, text) in texts {
        if let Some(Ok(value)) = text.map(str::parse) {
            headers.insert(name, value);
        }
    }
    response
}

/// These bytes.
pub(super) fn plain(bytes: Bytes) -> Body {
    BoxBody::new(Full::new(bytes).map_err(|never: Infallible| match never {}))
}

/// A few bytes of a body, then the end of the connection.
pub(super) fn broken() -> Body {
    let (mut sender, body) = Channel::new(1);
    tokio::spawn(async move {
        let _ = sender.send_data(Bytes::from_static(b"this answer has no end")).await;
        // Nothing tells when hyper has written them; without the pause it may close before a byte has left.
        tokio::time::sleep(Duration::from_millis(50)).await;
        sender.abort(Broken);
    });
    BoxBody::new(body)
}

/// One event, and another with the end of the stream.
pub(super) fn events(mut streaming: watch::Receiver<bool>) -> Body {
    let (mut sender, body) = Channel::new(1);
    tokio::spawn(async move {
        sender.send_data(Bytes::from_static(b"data: first\n\n")).await?;
        let _ = streaming.wait_for(|streaming| !streaming).await;
        sender.send_data(Bytes::from_static(b"data: last\n\n")).await
    });
    BoxBody::new(body)
}

/// One empty gRPC message, and the status in the trailers.
pub(super) fn grpc(status: u8) -> Body {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from(u16::from(status)));
    let message = Full::new(Bytes::from_static(&[0; 5])).with_trailers(std::future::ready(Some(Ok(trailers))));
    BoxBody::new(message.map_err(|never: Infallible| match never {}))
}

/// Some bytes at once, the others when the request is complete.
pub(super) fn meanwhile(mut arriving: Arriving) -> Body {
    let (mut sender, body) = Channel::new(1);
    tokio::spawn(async move {
        let _ = sender.send_data(Bytes::from_static(b"go on, ")).await;
        while let Ok(more) = arriving.chunk().await {
            if !more {
                arriving.over();
                let _ = sender.send_data(Bytes::from_static(b"thank you")).await;
                return;
            }
        }
        sender.abort(Broken);
    });
    BoxBody::new(body)
}

/// Accepts what the request wants the connection to become.
pub(super) fn switch(head: &Parts) -> Reply {
    let mut response = Response::new(plain(Bytes::new()));
    for name in ["connection", "upgrade"] {
        if let Some(value) = head.headers.get(name) {
            response.headers_mut().insert(name, value.clone());
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        }
    }
    response
}

/// Sends back what comes through the tunnel, until the client closes it.
pub(super) fn echo(tunnel: OnUpgrade) {
    tokio::spawn(async move {
        if let Ok(tunnel) = tunnel.await {
            let (mut from, mut to) = tokio::io::split(TokioIo::new(tunnel));
            let _ = tokio::io::copy(&mut from, &mut to).await;
        }
    });
}
