//! Conversations that a client and a primary have through Envoy, step by step as a [`Script`] says, and what each of
//! them heard. The bytes are kept as they came: a conversation that is played twice, with the filter and without, must
//! sound the same.

use std::borrow::Cow;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::backend::readable;
use crate::wire::DATE;

/// For each step.
const PATIENCE: Duration = Duration::from_secs(20);

/// One conversation. After its last step both hang up, and hear the other's end.
#[derive(Debug)]
pub struct Script {
    pub name: &'static str,
    pub steps: Vec<Step>,
}

/// One of the two does something. Whatever waits does so for an event.
pub type Step = (Who, Does);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Client,
    /// On the connection that it accepted last.
    Primary,
}

#[derive(Clone, Debug)]
pub enum Does {
    /// Takes a new connection of Envoy's; primary only.
    Accepts,
    /// Says this, in one write.
    Says(&'static [u8]),
    /// Says so many bytes.
    SaysMuch(usize),
    /// Waits for a text that it has not heard yet.
    Hears(&'static str),
    /// Waits for so many bytes that it has not heard yet.
    HearsMuch(usize),
    /// Waits until the other side says no more.
    HearsTheEnd,
    /// Says no more, but listens on.
    HangsUp,
    /// Cuts the connection, and hears no more.
    Resets,
}

/// What both heard: the client, and the primary on each of its connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    client: Heard,
    primary: Vec<Heard>,
}

/// All bytes that came on one connection, and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Heard {
    bytes: Vec<u8>,
    end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Closed,
    Reset,
}

/// A primary that waits for its lines.
pub struct Stage {
    listener: TcpListener,
    address: SocketAddr,
}

/// One end of a connection.
struct Party {
    /// None once it has cut the connection.
    to: Option<OwnedWriteHalf>,
    heard: watch::Receiver<Heard>,
    /// So much of it was waited for.
    understood: usize,
    ear: JoinHandle<()>,
}

// === impl Stage ===

impl Stage {
    /// Listens on a free port of this machine.
    pub async fn open() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Plays the script, with Envoy's listener at `envoy` in front of this primary.
    pub async fn play(&self, script: &Script, envoy: SocketAddr) -> Result<Transcript> {
        let mut client = Party::new(TcpStream::connect(envoy).await?)?;
        let mut primary = Vec::new();
        for (number, (who, does)) in script.steps.iter().enumerate() {
            let step = self.step(&mut client, &mut primary, *who, does);
            let ended = tokio::time::timeout(PATIENCE, step)
                .await
                .unwrap_or_else(|_| bail!("waited {PATIENCE:?}"));
            if let Err(error) = ended {
                let transcript = Transcript::of(&client, &primary);
                bail!("step {number}, {who:?} {does:?}: {error:#}{}", transcript.show());
            }
        }
        for party in std::iter::once(&mut client).chain(&mut primary) {
            // Envoy forgets a connection of its pool before it closes it, so the next script gets a new one.
            party.hang_up().await;
            let end = tokio::time::timeout(PATIENCE, party.hear_the_end()).await;
            end.context("a connection does not end")??;
        }
        Ok(Transcript::of(&client, &primary))
    }

    async fn step(&self, client: &mut Party, primary: &mut Vec<Party>, who: Who, does: &Does) -> Result<()> {
        if let Does::Accepts = does {
            primary.push(Party::new(self.listener.accept().await?.0)?);
            return Ok(());
        }
        let party = match who {
            Who::Client => client,
            Who::Primary => primary.last_mut().context("the primary has accepted nothing")?,
        };
        match does {
            Does::Accepts => Ok(()),
            Does::Says(bytes) => party.say(bytes).await,
            Does::SaysMuch(length) => {
                let bytes: Vec<_> = (0..*length).map(|index| (index * 31 % 251) as u8).collect();
                party.say(&bytes).await
            }
            Does::Hears(text) => {
                let at = |bytes: &[u8]| bytes.windows(text.len()).position(|some| some == text.as_bytes());
                party.hear(|bytes| Some(at(bytes)? + text.len())).await
            }
            Does::HearsMuch(length) => party.hear(|bytes| (bytes.len() >= *length).then_some(*length)).await,
            Does::HearsTheEnd => party.hear_the_end().await,
            Does::HangsUp => {
                party.hang_up().await;
                Ok(())
            }
            Does::Resets => party.reset().await,
        }
    }
}

// === impl Party ===

impl Party {
    fn new(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        let (from, to) = stream.into_split();
        let (told, heard) = watch::channel(Heard::default());
        Ok(Self {
            to: Some(to),
            heard,
            understood: 0,
            ear: tokio::spawn(listen(from, told)),
        })
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<()> {
        let to = self.to.as_mut().context("it has no connection any more")?;
        Ok(to.write_all(bytes).await?)
    }

    /// Waits until `end` finds in the bytes not yet understood where these end.
    async fn hear(&mut self, end: impl Fn(&[u8]) -> Option<usize>) -> Result<()> {
        let understood = self.understood;
        let found = |heard: &Heard| heard.bytes.get(understood..).and_then(&end);
        let length = {
            let heard = self
                .heard
                .wait_for(|heard| found(heard).is_some() || heard.end.is_some())
                .await?;
            found(&heard).context("the other side has ended before")?
        };
        self.understood += length;
        Ok(())
    }

    async fn hear_the_end(&mut self) -> Result<()> {
        if self.to.is_some() {
            self.heard.wait_for(|heard| heard.end.is_some()).await?;
        }
        Ok(())
    }

    async fn hang_up(&mut self) {
        if let Some(to) = &mut self.to {
            // The connection may have ended before.
            let _ = to.shutdown().await;
        }
    }

    async fn reset(&mut self) -> Result<()> {
        let to = self.to.take().context("it has no connection any more")?;
        to.as_ref().set_zero_linger()?;
        // Dropped, it would hang up first.
        to.forget();
        self.ear.abort();
        // With both halves the connection goes.
        let ended = (&mut self.ear).await;
        ensure!(ended.is_err(), "the other side has ended before");
        Ok(())
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        self.ear.abort();
    }
}

async fn listen(mut from: OwnedReadHalf, told: watch::Sender<Heard>) {
    let mut some = vec![0; 64 << 10];
    loop {
        let read = from.read(&mut some).await;
        told.send_modify(|heard| match read {
            Ok(0) => heard.end = Some(End::Closed),
            Ok(length) => heard.bytes.extend(&some[..length]),
            Err(_) => heard.end = Some(End::Reset),
        });
        if !matches!(read, Ok(1..)) {
            return;
        }
    }
}

// === impl Transcript ===

impl Transcript {
    fn of(client: &Party, primary: &[Party]) -> Self {
        let heard = |party: &Party| party.heard.borrow().clone();
        let mut transcript = Self {
            client: heard(client),
            primary: primary.iter().map(heard).collect(),
        };
        transcript.client.bytes = steady(&transcript.client.bytes);
        transcript
    }

    /// For a person.
    pub fn show(&self) -> String {
        let primary = self.primary.iter().map(|heard| ("the primary", heard));
        std::iter::once(("the client", &self.client))
            .chain(primary)
            .map(|(who, heard)| format!("\n  {who} heard {}", heard.show()))
            .collect()
    }
}

impl Heard {
    fn show(&self) -> String {
        const SHOWN: usize = 600;
        let shown: Cow<'_, [u8]> = self.bytes.iter().take(SHOWN).copied().collect();
        format!("{} bytes, end {:?}: {}", self.bytes.len(), self.end, readable(&shown))
    }
}

/// An answer's bytes without what depends on the clock: how long the upstream took and, where Envoy itself answers, the
/// date.
fn steady(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let steady = lines.flat_map(|line| {
        let is_late = line.starts_with(b"date: ") && !line.starts_with(format!("date: {DATE}\r").as_bytes());
        let is_timed = is_late || line.starts_with(b"x-envoy-upstream-service-time: ");
        let name = line.iter().position(|byte| *byte == b':').filter(|_| is_timed);
        name.map_or(line.to_vec(), |end| [&line[..end], b": ?\r\n"].concat())
    });
    steady.collect()
}

#[cfg(test)]
mod tests {
    use super::steady;

    #[test]
    fn only_clocks_are_taken_out() {
        let said =
            b"HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nx-envoy-upstream-service-time: 12\r\n\r\n\xff";
        let heard =
            b"HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nx-envoy-upstream-service-time: ?\r\n\r\n\xff";
        assert_eq!(steady(said), heard);
        assert_eq!(steady(b"date: today\r\nage: 1\r\n"), b"date: ?\r\nage: 1\r\n");
    }
}
