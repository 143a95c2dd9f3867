//! A way to an admin interface that can be cut, held up, led elsewhere, and watched: for an onlooker it is one proxy,
//! whatever happens behind.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// A relay. It stops when dropped.
pub struct Relay {
    address: SocketAddr,
    target: watch::Sender<Option<SocketAddr>>,
    held: watch::Sender<bool>,
    answered: watch::Receiver<u64>,
    work: AbortHandle,
}

// === impl Relay ===

impl Relay {
    /// Leads to `target`.
    pub async fn to(target: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (target, leads_to) = watch::channel(Some(target));
        let (held, holds) = watch::channel(false);
        let (answers, answered) = watch::channel(0);
        let work = tokio::spawn(accept(listener, leads_to, holds, answers)).abort_handle();
        Ok(Self {
            address,
            target,
            held,
            answered,
            work,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Leads elsewhere from now on, or nowhere: then it closes what it has and whatever comes.
    pub fn lead(&self, target: Option<SocketAddr>) {
        self.target.send_replace(target);
    }

    /// Lets no question through until it is told otherwise.
    pub fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    /// Waits until an answer has begun to come through.
    pub async fn has_answered(&self, patience: Duration) -> Result<()> {
        let mut answered = self.answered.clone();
        let first = tokio::time::timeout(patience, answered.wait_for(|answers| *answers > 0));
        first.await.context("nobody has asked through the relay")??;
        Ok(())
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.work.abort();
    }
}

async fn accept(
    listener: TcpListener,
    mut target: watch::Receiver<Option<SocketAddr>>,
    held: watch::Receiver<bool>,
    answers: watch::Sender<u64>,
) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        tokio::select! {
            // What led to the old target ends with it.
            _ = target.changed() => connections.shutdown().await,
            Ok((stream, _)) = listener.accept() => {
                if let Some(target) = *target.borrow() {
                    connections.spawn(relay(stream, target, held.clone(), answers.clone()));
                }
            }
        }
    }
}

async fn relay(client: TcpStream, target: SocketAddr, mut held: watch::Receiver<bool>, answers: watch::Sender<u64>) {
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let ask = async {
        while let Some(question) = read(&mut from_client).await {
            let _ = held.wait_for(|held| !held).await;
            if to_server.write_all(&question).await.is_err() {
                return;
            }
        }
    };
    let answer = async {
        while let Some(answer) = read(&mut from_server).await {
            answers.send_modify(|answers| *answers += 1);
            if to_client.write_all(&answer).await.is_err() {
                return;
            }
        }
    };
    // Whichever side ends first ends both.
    tokio::select! {
        () = ask => {}
        () = answer => {}
    }
}

/// The next bytes; `None` at the end.
async fn read(from: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 64 * 1024];
    let count = from.read(&mut bytes).await.ok().filter(|count| *count > 0)?;
    bytes.truncate(count);
    Some(bytes)
}
