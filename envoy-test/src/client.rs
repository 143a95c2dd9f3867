//! The clients: one connection each, so that a case knows which requests share one.
//!
//! [`Connection`] speaks HTTP/1 or HTTP/2; each request carries an id of its own by which its copies are found. [`raw`]
//! sends bytes as they are.

mod answer;
mod socket;

pub use answer::{Answer, Opened};
pub use socket::Socket;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use http_body_util::channel::{Channel, Sender};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::{Bytes, Frame};
use hyper::client::conn::{http1, http2};
use hyper::ext;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::backend::TEST_ID;

/// The body of a request.
pub type Body = BoxBody<Bytes, Abort>;

/// No answer of a healthy Envoy takes this long, so a case that waits for one fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(30);

/// The end of an upload by its client.
#[derive(Debug)]
pub struct Abort;

/// One connection to Envoy.
pub struct Connection {
    sender: Protocol,
}

enum Protocol {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

/// A request to be sent.
pub struct Ask {
    method: Method,
    path: String,
    host: String,
    headers: HeaderMap,
    body: Body,
}

// === impl Connection ===

impl Connection {
    /// Opens an HTTP/1 connection.
    pub async fn http1(address: SocketAddr) -> Result<Self> {
        let (sender, connection) = http1::handshake(TokioIo::new(connect(address).await?)).await?;
        tokio::spawn(connection);
        Ok(Self {
            sender: Protocol::Http1(sender),
        })
    }

    /// Opens an HTTP/2 connection, without TLS.
    pub async fn http2(address: SocketAddr) -> Result<Self> {
        let (sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(connect(address).await?)).await?;
        tokio::spawn(connection);
        Ok(Self {
            sender: Protocol::Http2(sender),
        })
    }

    /// Sends the request and reads the whole answer.
    pub async fn send(&mut self, ask: Ask) -> Result<Answer> {
        let what = format!("{} {}", ask.method, ask.path);
        let answer = tokio::time::timeout(PATIENCE, self.exchange(ask)).await;
        answer
            .with_context(|| format!("no answer to {what} in {PATIENCE:?}"))?
            .with_context(|| format!("{what} failed"))
    }

    /// Sends a GET.
    pub async fn get(&mut self, path: &str) -> Result<Answer> {
        self.send(Ask::get(path)).await
    }

    /// Whether the connection can still be used.
    pub fn is_open(&self) -> bool {
        match &self.sender {
            Protocol::Http1(sender) => !sender.is_closed(),
            Protocol::Http2(sender) => !sender.is_closed(),
        }
    }

    /// Sends the request and returns as soon as the answer's headers are there; the request may still be under way.
    pub async fn open(&mut self, ask: Ask) -> Result<Opened> {
        tokio::time::timeout(PATIENCE, self.begin(ask))
            .await
            .context("no headers of an answer")?
    }

    /// Opens a tunnel over HTTP/2: by CONNECT, or with a protocol by what HTTP/2 has for an upgrade (RFC 8441).
    pub async fn tunnel(&mut self, ask: Ask, protocol: Option<&'static str>) -> Result<Socket> {
        let Protocol::Http2(sender) = &mut self.sender else {
            bail!("over HTTP/1, a socket does this");
        };
        let mut request = ask.http2()?;
        if let Some(protocol) = protocol {
            request.extensions_mut().insert(ext::Protocol::from_static(protocol));
        }
        let open = async {
            let response = sender.send_request(request).await?;
            ensure!(response.status() == 200, "no tunnel: {}", response.status());
            Ok(Socket::new(TokioIo::new(hyper::upgrade::on(response).await?)))
        };
        tokio::time::timeout(PATIENCE, open).await.context("no tunnel")?
    }

    async fn exchange(&mut self, ask: Ask) -> Result<Answer> {
        self.begin(ask).await?.rest().await
    }

    async fn begin(&mut self, mut ask: Ask) -> Result<Opened> {
        let id = ask.identify();
        let response = match &mut self.sender {
            Protocol::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(ask.http1()?).await?
            }
            Protocol::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(ask.http2()?).await?
            }
        };
        Ok(Opened::new(id, response))
    }
}

// === impl Ask ===

impl Ask {
    /// A GET for this path.
    pub fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    /// A POST with this body, its length announced.
    pub fn post(path: &str, body: impl Into<Bytes>) -> Self {
        Self::new(Method::POST, path).body(body)
    }

    /// Any method, without a body.
    pub fn new(method: Method, path: &str) -> Self {
        let body = Empty::new().map_err(|never: Infallible| match never {}).boxed();
        Self {
            method,
            path: path.to_owned(),
            host: "shop.example".to_owned(),
            headers: HeaderMap::new(),
            body,
        }
    }

    /// For another host than `shop.example`.
    pub fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// With one more header; the value may be any bytes that HTTP allows.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a case writes valid header names");
        self.headers.append(
            name,
            HeaderValue::from_bytes(value.as_ref()).expect("a case writes valid header values"),
        );
        self
    }

    /// With a body whose length is announced.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Full::new(body.into()).map_err(|never| match never {}).boxed();
        self
    }

    /// With a body in these chunks, its length not announced.
    pub fn chunked<const N: usize>(self, chunks: [&'static [u8]; N]) -> Self {
        let (ask, mut upload) = self.upload(N.max(1));
        for chunk in chunks {
            let _ = upload.try_send(Frame::data(Bytes::from_static(chunk)));
        }
        ask
    }

    /// With a body that the case sends while it goes on: chunk by chunk, to its end by dropping the sender, or aborted.
    pub fn upload(mut self, buffer: usize) -> (Self, Sender<Bytes, Abort>) {
        let (sender, body) = Channel::new(buffer);
        self.body = BoxBody::new(body);
        (self, sender)
    }

    fn identify(&mut self) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if let Some(id) = self.headers.get(TEST_ID).and_then(|id| id.to_str().ok()) {
            return id.to_owned();
        }
        let id = format!("request-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.headers
            .insert(TEST_ID, HeaderValue::from_str(&id).expect("letters and digits"));
        id
    }

    fn http1(mut self) -> Result<Request<Body>> {
        self.headers.insert("host", HeaderValue::from_str(&self.host)?);
        let path = std::mem::take(&mut self.path);
        self.request(&path)
    }

    fn http2(self) -> Result<Request<Body>> {
        let uri = format!("http://{}{}", self.host, self.path);
        let mut request = self.request(&uri)?;
        *request.version_mut() = hyper::Version::HTTP_2;
        Ok(request)
    }

    fn request(self, uri: &str) -> Result<Request<Body>> {
        let mut request = Request::builder().method(self.method).uri(uri).body(self.body)?;
        *request.headers_mut() = self.headers;
        Ok(request)
    }
}

impl std::fmt::Display for Abort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the client gave up")
    }
}

impl std::error::Error for Abort {}

/// Sends these bytes on a connection of their own and reads until Envoy closes it, or until `enough`.
pub async fn raw(address: SocketAddr, request: &[u8], enough: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>> {
    let mut stream = connect(address).await?;
    stream.write_all(request).await?;
    let mut answer = Vec::new();
    let read = async {
        while !enough(&answer) && stream.read_buf(&mut answer).await? > 0 {}
        anyhow::Ok(())
    };
    match tokio::time::timeout(PATIENCE, read).await {
        Ok(result) => result?,
        Err(_) => bail!(
            "no end of the answer in {PATIENCE:?}: {}",
            String::from_utf8_lossy(&answer)
        ),
    }
    Ok(answer)
}

async fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address)
        .await
        .with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
