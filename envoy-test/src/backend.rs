//! The echo backend: primary and shadow of every case, of the demo and of docker-compose.
//!
//! It speaks HTTP/1 and HTTP/2 without TLS on one port, journals each request as it arrives, and answers with what it
//! received as JSON. How it answers is told by its own default, and by each request ([`Behaviour`]). Two paths are its
//! own: `GET /_echo/requests` shows the latest requests, `POST /_echo/behaviour?…` sets the default (no query: normal
//! again).

mod behaviour;
mod hostile;
mod journal;
mod raw;
mod received;
mod reply;

pub use behaviour::{Behaviour, Ending};
pub use hostile::{Fault, Hostile};
pub use journal::Journal;
pub use raw::{RawBackend, Refusing};
pub use received::{Progress, Received, TEST_ID, hash, readable};
pub use reply::TRAP;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

type Reply = Response<BoxBody<Bytes, Broken>>;

/// Why an answer is not sent, or not to its end: hyper then cuts the connection (HTTP/1) or resets the stream (HTTP/2).
#[derive(Debug)]
struct Broken;

/// A running echo backend. It stops when dropped.
pub struct Echo {
    address: SocketAddr,
    state: Arc<State>,
    server: AbortHandle,
}

/// What the connections of one backend share.
struct State {
    name: String,
    default: Mutex<Behaviour>,
    journal: Journal,
    /// While true, no answer leaves: a case decides what happens first.
    held: watch::Sender<bool>,
    /// While true, answers that are streams do not end.
    streaming: watch::Sender<bool>,
}

// === impl Echo ===

impl Echo {
    /// Listens on `address` (port 0: any free one) and serves from then on.
    pub async fn start(name: &str, address: SocketAddr, default: Behaviour, journal: Journal) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("backend {name} cannot listen on {address}"))?;
        let state = Arc::new(State {
            name: name.to_owned(),
            default: Mutex::new(default),
            journal,
            held: watch::Sender::new(false),
            streaming: watch::Sender::new(true),
        });
        Ok(Self {
            address: listener.local_addr()?,
            server: tokio::spawn(accept(listener, Arc::clone(&state))).abort_handle(),
            state,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has received.
    pub fn journal(&self) -> &Journal {
        &self.state.journal
    }

    /// How it answers from now on, unless a request asks for something else.
    pub fn behave(&self, default: Behaviour) {
        self.state.behave(default);
    }

    /// Holds all answers back until [`Echo::release`].
    pub fn hold(&self) {
        self.state.held.send_replace(true);
    }

    /// Lets the answers go that [`Echo::hold`] keeps.
    pub fn release(&self) {
        self.state.held.send_replace(false);
    }

    /// Ends the answers that are streams ([`Ending::Events`]).
    pub fn end_streams(&self) {
        self.state.streaming.send_replace(false);
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.server.abort();
    }
}

// === impl State ===

impl State {
    fn behave(&self, default: Behaviour) {
        *self.default.lock().unwrap_or_else(PoisonError::into_inner) = default;
    }

    fn default(&self) -> Behaviour {
        self.default.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Journals the request while it arrives, then answers as told.
    async fn serve(&self, mut request: Request<Incoming>) -> Result<Reply, Broken> {
        if let Some(own) = request.uri().path().strip_prefix("/_echo/") {
            return Ok(self.control(own, request.uri().query()));
        }
        let tunnel = hyper::upgrade::on(&mut request);
        let (head, body) = request.into_parts();
        let behaviour = self.default().asked(&self.name, &head);
        let mut arriving = Arriving::new(&self.journal, &head, body);
        if behaviour.early || behaviour.ending == Ending::Meanwhile {
            arriving.chunk().await?;
        } else {
            while arriving.chunk().await? {}
        }
        if behaviour.ending == Ending::Meanwhile {
            return Ok(reply::with(&self.name, &behaviour, reply::meanwhile(arriving)));
        }
        let (id, received) = (arriving.id, arriving.over());

        let _ = self.held.subscribe().wait_for(|held| !held).await;
        if let Some(delay) = behaviour.delay {
            tokio::time::sleep(delay).await;
        }
        let body = match behaviour.ending {
            Ending::Reset => return Err(Broken),
            Ending::Silent => std::future::pending().await,
            Ending::Upgrade => {
                reply::echo(tunnel);
                return Ok(reply::switch(&head));
            }
            Ending::ResetAfterHeaders => reply::broken(),
            Ending::Events => reply::events(self.streaming.subscribe()),
            Ending::Grpc(status) => reply::grpc(status),
            Ending::GrpcOnly(_) => reply::plain(Bytes::new()),
            Ending::Answer | Ending::Meanwhile => {
                let echoed =
                    received.map_or_else(String::new, |received| format!("{:#}\n", received.to_json(&self.name)));
                reply::plain(
                    behaviour
                        .size
                        .map_or_else(|| Bytes::from(echoed), |size| Bytes::from(vec![b'x'; size])),
                )
            }
        };
        self.journal.answered(id, behaviour.status);
        Ok(reply::with(&self.name, &behaviour, body))
    }

    fn control(&self, path: &str, query: Option<&str>) -> Reply {
        let (status, text) = match path {
            "requests" => (200, format!("{:#}\n", self.journal.to_json(&self.name))),
            "behaviour" => {
                self.behave(Behaviour::default().asked_by_query(&self.name, query.unwrap_or_default()));
                (200, format!("{:?}\n", self.default()))
            }
            _ => (
                404,
                "GET /_echo/requests or POST /_echo/behaviour?status=503&delay=500ms\n".to_owned(),
            ),
        };
        let mut response = Response::new(reply::plain(Bytes::from(text)));
        *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
        response
    }
}

/// A request whose body is still arriving. When hyper drops it half-way, the journal says so.
struct Arriving {
    journal: Journal,
    id: u64,
    body: Incoming,
    over: bool,
}

impl Arriving {
    fn new(journal: &Journal, head: &Parts, body: Incoming) -> Self {
        Self {
            journal: journal.clone(),
            id: journal.arrived(head),
            body,
            over: false,
        }
    }

    /// Takes the next part of the body. False: there is none.
    async fn chunk(&mut self) -> Result<bool, Broken> {
        let Some(frame) = self.body.frame().await else {
            return Ok(false);
        };
        if let Some(chunk) = frame.map_err(|_| Broken)?.data_ref() {
            self.journal.chunk(self.id, chunk);
        }
        Ok(true)
    }

    fn over(mut self) -> Option<Received> {
        self.over = true;
        self.journal.complete(self.id)
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if !self.over {
            self.journal.broken(self.id);
        }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("told to break off")
    }
}

impl std::error::Error for Broken {}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        // Connections end with this task, because the set aborts what it holds.
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => drop(connections.spawn(connection(stream, Arc::clone(&state)))),
            // Out of file descriptors, or a client that was faster gone than accepted.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(stream: TcpStream, state: Arc<State>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let state = Arc::clone(&state);
        async move { state.serve(request).await }
    });
    // An error here is the client's, or one that a case asked for.
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection_with_upgrades(TokioIo::new(stream), service)
        .await;
}
