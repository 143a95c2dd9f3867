//! Connections, and what they may take all together: so many at once, so much time to ask, so many bytes to ask with,
//! so much time to fetch an answer. Those that come too many wait; those that dawdle are closed.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::patient::Patient;

/// What clients may take.
#[derive(Debug, Clone, Copy)]
pub struct ClientLimits {
    /// Connections at once. More than streams, so that a page can be loaded while all streams are taken.
    pub connections: u32,
    /// Streams of events at once.
    pub streams: u32,
    /// For a request's headers, and from one request to the next.
    pub request: Duration,
    /// Of a request's headers, in bytes; at least 8192.
    pub headers: usize,
    /// For a client to take something of what it is sent.
    pub patience: Duration,
    /// The longest silence of a stream.
    pub breath: Duration,
    /// For answers that are on their way when the dashboard ends.
    pub goodbye: Duration,
}

// === impl ClientLimits ===

impl ClientLimits {
    /// For a few people, with some pages each.
    pub const DEFAULT: Self = Self {
        connections: 128,
        streams: 64,
        request: Duration::from_secs(15),
        headers: 16 << 10,
        patience: Duration::from_secs(60),
        breath: Duration::from_secs(10),
        goodbye: Duration::from_secs(2),
    };
}

/// Serves until `end` comes to pass, then tells all streams to end, and waits for them a little.
///
/// # Errors
/// If the socket cannot be used.
pub async fn serve(
    socket: std::net::TcpListener,
    router: Router,
    limits: ClientLimits,
    stop: watch::Sender<bool>,
    end: impl Future<Output = ()>,
) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    let socket = TcpListener::from_std(socket)?;
    let places = Arc::new(Semaphore::new(limits.connections as usize));
    let mut end = pin!(end);
    loop {
        let next = async {
            // Never closed.
            let place = Arc::clone(&places).acquire_owned().await;
            (place, socket.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut end => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, router.clone(), limits, stop.subscribe());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            // The client is gone already, or the process has no file left: a moment later it may.
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
    drop(socket);
    stop.send_replace(true);
    // All places are free when all connections are closed. Who dawdles is cut off.
    let _ = timeout(limits.goodbye, places.acquire_many(limits.connections)).await;
    Ok(())
}

async fn connection(stream: TcpStream, router: Router, limits: ClientLimits, mut stop: watch::Receiver<bool>) {
    // Events are small and are wanted now.
    let _ = stream.set_nodelay(true);
    let stream = TokioIo::new(Patient::new(stream, limits.patience));
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.request)
            .max_buf_size(limits.headers)
            .serve_connection(stream, TowerToHyperService::new(router))
    );
    // What goes wrong with a connection is the client's affair.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Comes to pass when everything is to end.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Nor is there a reason to go on if nobody is left to say so.
    let _ = stop.wait_for(|stop| *stop).await;
}
