//! What is shown: all that a person or a program is told about the mirrors in a window of time, worked out once, for
//! the table, the terminal, the page and the report alike. `None` is what nobody knows: it is never drawn as zero.

use std::collections::BTreeMap;

use mirror_policy::statistics::Statistic;

use super::balances::Balances;
use super::gauges::{Now, Set};
use super::history::{BIN, History, Proxy, Tally};
use super::prometheus::Native;
use super::rates::Numbers;
use super::reading::Counts;
use super::series::Series;
use super::state::{self, State, StateFacts};
use super::window::Window;
use crate::job::Engine;

/// Everything that is shown at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The newest reading, in Unix milliseconds; `None` before the first.
    pub at: Option<i64>,
    /// What was looked at.
    pub window: Window,
    /// The window's beginning and end, in Unix milliseconds.
    pub span: (i64, i64),
    /// Proxies that answer and have the filter.
    pub proxies: usize,
    /// The labels of the plugins whose newest configuration is refused, each with the number of proxies that say so.
    pub refused: BTreeMap<String, usize>,
    /// The mirrors, by name.
    pub mirrors: Vec<MirrorView>,
}

/// One mirror.
#[derive(Debug, Clone, PartialEq)]
pub struct MirrorView {
    /// Its name.
    pub name: String,
    /// Who makes its copies.
    pub engine: Engine,
    /// The proxies that have it configured, and those that answer.
    pub proxies: (usize, usize),
    /// What is configured.
    pub set: Set,
    /// What goes on at this moment, over all proxies.
    pub now: Now,
    /// What it is to be called, in one word.
    pub state: State,
    /// What to do about it, a sentence each.
    pub advice: Vec<String>,
    /// What happened in the window.
    pub window: Numbers,
    /// What happened since the proxies started.
    pub total: Balances,
    /// The charts.
    pub series: Series,
}

// === impl View ===

impl View {
    /// What is to be shown of this history. `wanted`: mirrors that are shown even if no proxy knows them.
    pub fn of(history: &History, window: Window, wanted: &[String]) -> Self {
        Self::with_natives(history, window, wanted, &[])
    }

    /// The same, where these mirrors are of engine native even if nothing was ever said of them.
    pub fn with_natives(history: &History, window: Window, wanted: &[String], natives: &[Native]) -> Self {
        let unseen = |name: &str| match natives.iter().any(|native| native.name == name) {
            true => Engine::Native,
            false => Engine::Wasm,
        };
        let newest = history.newest();
        // In an outage the charts go on, and show it.
        let is_current = history.answering().next().is_some();
        let now = newest.filter(|_| is_current).unwrap_or_else(|| history.now().max(0));
        let last = now.div_euclid(BIN) + i64::from(now.rem_euclid(BIN) > 0);
        let first = last - window.steps() * window.bins_in_step();
        let mut names: Vec<&String> = history.tracks().keys().chain(wanted).collect();
        names.sort();
        names.dedup();
        Self {
            at: newest,
            window,
            span: (first * BIN, last * BIN),
            proxies: history
                .answering()
                .filter(|proxy| !proxy.loaded.is_empty() || !proxy.refused.is_empty())
                .count(),
            refused: refused(history),
            mirrors: names
                .into_iter()
                .map(|name| mirror(history, name, unseen(name), window, first, last))
                .collect(),
        }
    }
}

/// The plugins whose newest configuration is refused, each with the number of proxies that say so.
fn refused(history: &History) -> BTreeMap<String, usize> {
    let mut refused = BTreeMap::new();
    for plugin in history.answering().flat_map(|proxy| &proxy.refused) {
        *refused.entry(plugin.clone()).or_default() += 1;
    }
    refused
}

fn mirror(history: &History, name: &str, unseen: Engine, window: Window, first: i64, last: i64) -> MirrorView {
    let nothing = Tally::default();
    let track = history.tracks().get(name);
    let engine = track.map_or(unseen, |track| track.engine);
    let having: Vec<&Counts> = history
        .answering()
        .filter(|proxy| proxy.loaded.contains(name))
        .filter_map(|proxy| proxy.counts.get(name))
        .collect();
    let loaded: Vec<&Counts> = having.iter().copied().filter(|counts| counts.is_configured()).collect();
    let known = history
        .proxies()
        .values()
        .filter_map(|proxy: &Proxy| proxy.counts.get(name));
    let tally = track.map_or_else(|| nothing.clone(), |track| track.sum(first..last));
    let set = Set::of(&loaded);
    let now = Now::of(&having);
    let numbers = Numbers::of(engine, &tally);
    let proxies = (loaded.len(), history.answering().count());
    let (state, advice) = state::of(&StateFacts {
        engine,
        proxies,
        set: &set,
        now: &now,
        is_outdated: loaded.iter().any(|counts| counts.get(Statistic::Outdated) > Some(0.0)),
        refused: &refused(history),
        numbers: &numbers,
        at: history.now() / 1000,
    });
    MirrorView {
        name: name.to_owned(),
        engine,
        proxies,
        set,
        now,
        state,
        advice,
        window: numbers,
        total: Balances::since_start(engine, known),
        series: track.map_or_else(Series::default, |track| Series::of(track, window, first)),
    }
}
