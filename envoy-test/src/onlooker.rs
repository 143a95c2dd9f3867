//! Those who look while a case sends: `mirrorctl` as a user runs it, its page, its terminal, its report; and what they
//! must say, which is what the backends [`counted`](mod@counted) themselves.
//!
//! A [`View`] is read as any program would read it, by the names that docs/live.md has, independently of the code that
//! wrote it.

mod counted;
mod pane;
mod relay;
mod view;

pub use counted::{counted, success, sum};
pub use pane::Pane;
pub use relay::Relay;
pub use view::{View, assert_same};

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail, ensure};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::ChildStdout;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::mirrorctl::{Dashboard, Looking, Mirrorctl, of_envoys};

/// For whatever should happen at once, on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Envoy puts durations into its histograms after it was asked, so the third answer has all that was there before the
/// first.
const ANSWERS: usize = 3;

/// Everyone who looks all the time, from before the first request on.
pub struct Onlookers {
    mirrorctl: Mirrorctl,
    sources: Vec<String>,
    dashboard: Dashboard,
    page: Views,
    terminal: Views,
}

/// Someone who looks for a while, and then says what has been.
pub struct Glance {
    relay: Relay,
    looking: Looking,
    lines: Lines<BufReader<ChildStdout>>,
}

/// Views that come one after the other.
pub struct Views {
    whose: &'static str,
    seen: watch::Receiver<Seen>,
    /// Ends with this value.
    _work: JoinSet<()>,
    _looking: Option<Looking>,
}

#[derive(Default)]
struct Seen {
    views: Vec<Arc<View>>,
    /// Why no more will come.
    end: Option<String>,
}

// === impl Onlookers ===

impl Onlookers {
    /// Starts the dashboard and `watch` with these arguments, opens the page's stream, and waits until both have seen
    /// something.
    pub async fn start(mirrorctl: &Mirrorctl, sources: Vec<String>) -> Result<Self> {
        let (looking, mut lines) = mirrorctl.look(
            &[
                &["watch".to_owned(), "-ojson".to_owned(), "--interval=1s".to_owned()],
                &sources[..],
            ]
            .concat(),
        )?;
        let terminal = Views::start("the terminal", Some(looking), |seen| async move {
            while let Some(line) = lines.next_line().await? {
                tell(&seen, &line)?;
            }
            bail!("mirrorctl watch has ended")
        });
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let dashboard = mirrorctl
            .dashboard(listen, &[&["--interval=1s".to_owned()], &sources[..]].concat())
            .await?;
        let mut events = get(dashboard.address()?, "/api/events?window=5m").await?.into_body();
        let page = Views::start("the page", None, |seen| async move {
            let mut text = String::new();
            while let Some(frame) = events.frame().await {
                let data = frame?.into_data().unwrap_or_default();
                text.push_str(std::str::from_utf8(&data).context("an event is not UTF-8")?);
                while let Some((event, rest)) = text.split_once("\n\n") {
                    if let Some(data) = event.strip_prefix("event: view\ndata: ") {
                        tell(&seen, data)?;
                    }
                    text = rest.to_owned();
                }
            }
            bail!("the stream of events has ended")
        });
        for views in [&terminal, &page] {
            views.when("a first answer", |view| view.at().is_some()).await?;
        }
        Ok(Self {
            mirrorctl: mirrorctl.clone(),
            sources,
            dashboard,
            page,
            terminal,
        })
    }

    /// What all of them say of what has happened until now. They must say the same.
    pub async fn now(&self) -> Result<Arc<View>> {
        let since = now();
        let (page, terminal) = tokio::try_join!(self.page.after(since), self.terminal.after(since))?;
        let api = self.api().await?;
        assert_same(("the page", &page), ("the terminal", &terminal))?;
        assert_same(("the page", &page), ("its /api/view", &api))?;
        Ok(page)
    }

    /// What the page says once `condition` holds; `what` says it in an error.
    pub async fn when(&self, what: &str, condition: impl Fn(&View) -> bool) -> Result<Arc<View>> {
        let both = async |views: &Views| views.when(what, &condition).await;
        Ok(tokio::try_join!(both(&self.page), both(&self.terminal))?.0)
    }

    /// What `GET /api/view` answers.
    pub async fn api(&self) -> Result<View> {
        let response = get(self.dashboard.address()?, "/api/view").await?;
        let body = tokio::time::timeout(PATIENCE, response.into_body().collect()).await??;
        View::parse(std::str::from_utf8(&body.to_bytes())?)
    }

    /// What a command that looks once says as JSON: `["report", "--since-start"]`.
    pub async fn say(&self, command: &[&str]) -> Result<View> {
        View::parse(&self.print(&[command, &["-ojson"]].concat()).await?)
    }

    /// What a command that looks once prints.
    pub async fn print(&self, command: &[&str]) -> Result<String> {
        let own: Vec<String> = command.iter().map(|one| (*one).to_owned()).collect();
        let output = self.mirrorctl.run(&[&own[..], &self.sources].concat()).await?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "{command:?} ended with {}: {errors}",
            output.status
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Ends them all as a person does.
    pub async fn stop(self) -> Result<()> {
        drop(self.page);
        self.dashboard.stop().await
    }
}

// === impl Glance ===

impl Glance {
    /// Starts this command, as `["report", "--window=1m"]`, and waits until it has asked this admin interface once.
    pub async fn begin(mirrorctl: &Mirrorctl, command: &[&str], envoy: SocketAddr) -> Result<Self> {
        let relay = Relay::to(envoy).await?;
        let own = command.iter().copied().chain(["-ojson"]).map(str::to_owned);
        let arguments: Vec<String> = own.chain(of_envoys(&[relay.address()])).collect();
        let (looking, lines) = mirrorctl.look(&arguments)?;
        relay.has_answered(PATIENCE).await?;
        Ok(Self { relay, looking, lines })
    }

    /// What it asks from now on is answered at the end, but it waits only seconds for an answer.
    pub fn hold(&self) {
        self.relay.hold(true);
    }

    /// What it says of the time from its beginning until now. It ends by itself, or because its user has seen enough.
    pub async fn end(mut self, is_enough: bool) -> Result<View> {
        self.relay.hold(false);
        if is_enough {
            self.looking.interrupt()?;
        }
        let mut text = String::new();
        while let Some(line) = self.lines.next_line().await? {
            text.push_str(&line);
        }
        self.looking.end().await?;
        View::parse(&text)
    }
}

// === impl Views ===

impl Views {
    fn start<W>(whose: &'static str, looking: Option<Looking>, work: impl FnOnce(watch::Sender<Seen>) -> W) -> Self
    where
        W: Future<Output = Result<()>> + Send + 'static,
    {
        let (sender, seen) = watch::channel(Seen::default());
        let mut set = JoinSet::new();
        let work = work(sender.clone());
        set.spawn(async move {
            if let Err(error) = work.await {
                sender.send_modify(|seen| seen.end = Some(format!("{error:#}")));
            }
        });
        Self {
            whose,
            seen,
            _work: set,
            _looking: looking,
        }
    }

    /// The first view that must have everything that had happened at this time, in Unix milliseconds.
    async fn after(&self, since: i64) -> Result<Arc<View>> {
        let later = |view: &&Arc<View>| view.at().is_some_and(|at| at > since);
        let find = |seen: &Seen| seen.views.iter().filter(later).nth(ANSWERS - 1).cloned();
        self.find("what happened until now", find).await
    }

    /// The newest view, once `condition` holds for it.
    async fn when(&self, what: &str, condition: impl Fn(&View) -> bool) -> Result<Arc<View>> {
        let find = |seen: &Seen| seen.views.last().filter(|view| condition(view)).cloned();
        self.find(what, find).await
    }

    async fn find(&self, what: &str, find: impl Fn(&Seen) -> Option<Arc<View>>) -> Result<Arc<View>> {
        let mut seen = self.seen.clone();
        let found = seen.wait_for(|seen| seen.end.is_some() || find(seen).is_some());
        let problem = match tokio::time::timeout(PATIENCE, found).await {
            Err(_) => format!("waited {PATIENCE:?}"),
            Ok(Err(_)) => "it has ended".to_owned(),
            Ok(Ok(seen)) => match (find(&seen), &seen.end) {
                (Some(view), _) => return Ok(view),
                (None, end) => end.clone().unwrap_or_default(),
            },
        };
        let seen = self.seen.borrow();
        let last = seen
            .views
            .last()
            .map_or_else(|| "nothing".to_owned(), |view| view.brief());
        bail!(
            "{}: no view of {what}: {problem}; the last of {}: {last}",
            self.whose,
            seen.views.len()
        )
    }
}

fn tell(seen: &watch::Sender<Seen>, text: &str) -> Result<()> {
    let view = Arc::new(View::parse(text)?);
    seen.send_modify(|seen| seen.views.push(view));
    Ok(())
}

/// Unix milliseconds.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// As a browser asks.
async fn get(address: SocketAddr, path: &str) -> Result<Response<Incoming>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(TcpStream::connect(address).await?)).await?;
    tokio::spawn(connection);
    let request = Request::get(path)
        .header("host", address.to_string())
        .body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    ensure!(response.status() == 200, "{path} answers {}", response.status());
    Ok(response)
}
