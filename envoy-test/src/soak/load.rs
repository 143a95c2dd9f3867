//! The clients of the soak: each sends one request after the other, of every size and in both framings, some in
//! trickles and some with hostile cookies, and wants a plain 200.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use hyper::Method;
use hyper::body::Bytes;
use tokio::task::JoinSet;

use super::limit::MIB;
use crate::client::{Ask, Connection};

/// So much of a chunked body is sent at a time, and so long a client waits before the next: copies are collected, not
/// just sent.
const CHUNK: usize = 32 << 10;
const PAUSE: Duration = Duration::from_millis(3);
/// Every eighth client trickles: so much of a body at a time, of bodies of at most so many bytes.
const TRICKLE: usize = 64;
const TRICKLED: u64 = 20_000;
/// A third of the declared bodies come with so many empty cookies: 45 KB that grow tenfold once they are hashed.
const COOKIES: usize = 15_000;
/// Between two requests.
const REST: Duration = Duration::from_millis(20);

static BODY: [u8; MIB as usize] = [b'x'; MIB as usize];

/// All clients.
pub struct Load {
    clients: JoinSet<()>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    answered: AtomicU64,
    is_over: AtomicBool,
    trouble: Mutex<Option<String>>,
}

// === impl Load ===

impl Load {
    /// Starts so many clients, with bodies up to this size.
    pub fn start(target: SocketAddr, count: usize, largest: u64) -> Self {
        let shared = Arc::new(Shared::default());
        let mut clients = JoinSet::new();
        for client in 0..count {
            let shared = Arc::clone(&shared);
            clients.spawn(async move {
                if let Err(error) = shared.send_all(target, client, largest).await {
                    *shared.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{error:#}"));
                }
            });
        }
        Self { clients, shared }
    }

    /// How many requests were answered.
    pub fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::Relaxed)
    }

    /// What went wrong for a client, if anything did.
    pub fn trouble(&self) -> Option<String> {
        self.shared
            .trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Lets every client finish its request.
    pub async fn stop(&mut self) -> Result<()> {
        self.shared.is_over.store(true, Ordering::Relaxed);
        while let Some(client) = self.clients.join_next().await {
            client?;
        }
        Ok(())
    }
}

// === impl Shared ===

impl Shared {
    async fn send_all(&self, target: SocketAddr, client: usize, largest: u64) -> Result<()> {
        let mut connection = Connection::http1(target).await?;
        for turn in client.. {
            if self.is_over.load(Ordering::Relaxed) {
                break;
            }
            let is_trickling = client % 8 == 7;
            let (most, chunk_size) = if is_trickling {
                (largest.min(TRICKLED), TRICKLE)
            } else {
                (largest, CHUNK)
            };
            let body = Bytes::from_static(&BODY).slice(..size(turn, most));
            let answer = if turn.is_multiple_of(2) && !is_trickling {
                let mut ask = Ask::post("/soak", body);
                if turn.is_multiple_of(6) {
                    ask = ask.header("cookie", "a=;".repeat(COOKIES));
                }
                connection.send(ask).await?
            } else {
                let (ask, mut upload) = Ask::new(Method::POST, "/soak").upload(1);
                let chunks = async move {
                    let mut rest = body;
                    while !rest.is_empty() {
                        let chunk = rest.split_to(rest.len().min(chunk_size));
                        if upload.send_data(chunk).await.is_err() {
                            break;
                        }
                        tokio::time::sleep(PAUSE).await;
                    }
                };
                tokio::join!(connection.send(ask), chunks).0?
            };
            answer.expect_ok()?;
            self.answered.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(REST).await;
        }
        Ok(())
    }
}

/// 0 to `largest` bytes: nothing, a few, and all orders of magnitude up to the largest.
fn size(turn: usize, largest: u64) -> usize {
    // SplitMix64's last steps: turns that follow each other are to have nothing in common.
    let mut z = (turn as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^= z >> 27;
    let most = match z % 8 {
        0 => 0,
        1 => 100,
        2 => 10_000,
        3 | 4 => 100_000,
        _ => u64::MAX,
    };
    let most = most.min(largest).min(MIB);
    ((z >> 3) % (most + 1)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_reach_from_nothing_to_the_largest() {
        let sizes: Vec<usize> = (0..10_000).map(|turn| size(turn, MIB)).collect();
        assert!(sizes.iter().filter(|size| **size == 0).count() > 1_000);
        assert!(sizes.iter().any(|size| *size > 1_000_000));
        assert!(sizes.iter().all(|size| *size as u64 <= MIB));
        assert!((0..10_000).all(|turn| size(turn, 50) <= 50));
    }
}
