//! Asking again and again: what a Prometheus server is asked for, whose clock counts, and what becomes of sources that
//! go away and come back.

use std::sync::{Arc, Mutex};

use crate::common::server::{http, nobody, ok, status};
use mirrorctl::live::feed::Feed;
use mirrorctl::live::fetch::{Access, Client};
use mirrorctl::live::prometheus::Native;
use mirrorctl::live::source::{Source, Url};
use mirrorctl::live::window::Window;
use serde_json::json;

const START: i64 = 1_795_371_600_000;

/// A Prometheus server that is told what time it is and whether it works.
#[derive(Clone)]
struct Prometheus {
    /// Unix seconds by its clock, and whether it answers.
    state: Arc<Mutex<(f64, bool)>>,
    queries: Arc<Mutex<Vec<String>>>,
    url: Url,
}

impl Prometheus {
    fn start() -> Self {
        let state = Arc::new(Mutex::new((0.0, true)));
        let queries = Arc::new(Mutex::new(Vec::new()));
        let (inside, asked) = (Arc::clone(&state), Arc::clone(&queries));
        let address = http(move |request| {
            let (now, works) = *inside.lock().unwrap();
            let query = decoded(
                request
                    .split("query=")
                    .nth(1)
                    .and_then(|rest| rest.split(' ').next())
                    .unwrap(),
            );
            let result = match query.as_str() {
                "time()" => json!({"resultType": "scalar", "result": [now, now.to_string()]}),
                _ => {
                    // One sample a second since the clock read zero, one copy a second.
                    let seconds: f64 = query
                        .rsplit_once('[')
                        .unwrap()
                        .1
                        .trim_end_matches("s]")
                        .parse()
                        .unwrap();
                    let first = (now - seconds).max(0.0).ceil() as i64;
                    let values: Vec<_> = (first..=now as i64).map(|at| json!([at, at.to_string()])).collect();
                    let series = |name: &str| json!({"metric": {"__name__": name, "mirror": "reviews-v2", "instance": "a"}, "values": values});
                    let names = ["traffic_mirror_matched_total", "traffic_mirror_sent_total"];
                    let result: Vec<_> = match query.contains("traffic_mirror_") {
                        true => names.map(series).to_vec(),
                        false => Vec::new(),
                    };
                    json!({"resultType": "matrix", "result": result})
                }
            };
            asked.lock().unwrap().push(query);
            match works {
                true => ok(json!({"status": "success", "data": result}).to_string().as_bytes()),
                false => status("503 Service Unavailable", "", b"starting"),
            }
        });
        Self {
            state,
            queries,
            url: address.parse().unwrap(),
        }
    }

    fn is(&self, now: f64, works: bool) {
        *self.state.lock().unwrap() = (now, works);
    }

    fn feed(&self, keep: u32, natives: Vec<Native>) -> Feed {
        let source = Source::Prometheus {
            url: self.url.clone(),
            selector: String::new(),
            natives,
        };
        feed(source, keep)
    }

    /// For how many seconds it was asked since the last time, in turn.
    fn ranges(&self) -> Vec<u32> {
        let queries = std::mem::take(&mut *self.queries.lock().unwrap());
        let range = |query: &String| query.rsplit_once('[')?.1.trim_end_matches("s]").parse().ok();
        queries.iter().filter_map(range).collect()
    }
}

fn feed(source: Source, keep: u32) -> Feed {
    let client = Client::new(&Access::default()).expect("a client");
    Feed::new(client, source, keep, START)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, used) = match (first, tail) {
            (b'%', [high, low, ..]) => {
                let hex = String::from_utf8(vec![*high, *low]).unwrap();
                (u8::from_str_radix(&hex, 16).unwrap(), 3)
            }
            _ => (*first, 1),
        };
        bytes.push(byte);
        rest = &rest[used..];
    }
    String::from_utf8(bytes).unwrap()
}

/// What was sent in the last five minutes.
fn sent(feed: &Feed) -> f64 {
    feed.view(Window::SHORT, &feed.names()).mirrors[0]
        .window
        .balances
        .sent
        .round()
}

#[test]
fn all_that_is_kept_is_asked_for_once_then_what_is_new() {
    let prometheus = Prometheus::start();
    let mut feed = prometheus.feed(1800, Vec::new());
    prometheus.is(10_000.0, true);
    feed.poll();
    assert_eq!(prometheus.ranges(), [1800]);
    assert_eq!(sent(&feed), 300.0, "the past shows at once");
    prometheus.is(10_002.0, true);
    feed.poll();
    assert_eq!(prometheus.ranges(), [122]);
    assert_eq!(feed.history().newest(), Some(10_002_000));
}

#[test]
fn the_server_s_clock_counts_not_ours() {
    let prometheus = Prometheus::start();
    let mut feed = prometheus.feed(600, Vec::new());
    // By decades behind ours.
    prometheus.is(10_000.0, true);
    feed.poll();
    let view = feed.view(Window::SHORT, &feed.names());
    assert_eq!((view.at, view.span.1), (Some(10_000_000), 10_000_000));
    assert_eq!(view.mirrors[0].proxies, (1, 1));
}

#[test]
fn what_was_missed_in_an_outage_is_asked_for_afterwards() {
    let prometheus = Prometheus::start();
    let mut feed = prometheus.feed(1800, Vec::new());
    prometheus.is(10_000.0, true);
    feed.poll();
    prometheus.is(10_000.0, false);
    feed.poll();
    let down = &feed.endpoints()[0];
    assert_eq!(
        down.problem.as_deref(),
        Some("it answers 503 Service Unavailable: is the URL right?")
    );
    let since = down.since.expect("a time by the server's clock");
    assert!((10_000_000..10_600_000).contains(&since), "{since}");
    feed.poll();
    assert_eq!(feed.endpoints()[0].since, Some(since), "since the first time");
    assert_eq!(
        prometheus.ranges(),
        [1800],
        "who does not tell its time is asked nothing else"
    );
    prometheus.is(10_500.0, true);
    feed.poll();
    let range = prometheus.ranges()[0];
    assert!((600..=620).contains(&range), "{range}");
    assert_eq!((&feed.endpoints()[0].problem, feed.endpoints()[0].since), (&None, None));
    assert_eq!(sent(&feed), 300.0, "Prometheus went on scraping: nothing is missing");
    let rates = feed.view(Window::SHORT, &feed.names()).mirrors[0]
        .series
        .primary
        .rate
        .clone();
    assert!(rates.iter().all(Option::is_some), "{rates:?}");
}

#[test]
fn a_server_whose_clock_goes_back_is_begun_with_anew() {
    let prometheus = Prometheus::start();
    let mut feed = prometheus.feed(600, Vec::new());
    prometheus.is(10_000.0, true);
    feed.poll();
    prometheus.is(5_000.0, true);
    feed.poll();
    let view = feed.view(Window::SHORT, &feed.names());
    assert_eq!(view.at, Some(5_000_000));
    let sent = view.mirrors[0].window.balances.sent;
    assert!((118.0..=124.0).contains(&sent), "{sent}");
}

#[test]
fn engine_native_is_asked_for_both_versions() {
    let prometheus = Prometheus::start();
    let native = Native {
        name: "ratings-v3".to_owned(),
        primary: r#"destination_workload="ratings-v2""#.to_owned(),
        shadow: r#"destination_workload="ratings-v3""#.to_owned(),
    };
    let mut feed = prometheus.feed(300, vec![native]);
    prometheus.is(10_000.0, true);
    feed.poll();
    let queries = prometheus.queries.lock().unwrap().clone();
    assert_eq!(queries.len(), 4, "{queries:?}");
    assert!(
        queries[2].contains(r#",destination_workload="ratings-v2"}[300s]"#),
        "{queries:?}"
    );
    assert!(
        queries[3].contains(r#",destination_workload="ratings-v3"}[300s]"#),
        "{queries:?}"
    );
    // It is shown though nobody has counted a request of it.
    let view = feed.view(Window::SHORT, &feed.names());
    let names: Vec<&str> = view.mirrors.iter().map(|mirror| mirror.name.as_str()).collect();
    assert_eq!(names, ["ratings-v3", "reviews-v2"]);
}

#[test]
fn one_proxy_of_two_may_be_away() {
    let here = http(|_| {
        let name = "wasmcustom.wasm_filter.reviews-v2.traffic_mirror_sent_total";
        ok(json!({"stats": [{"name": name, "value": 3}]}).to_string().as_bytes())
    });
    let urls = [here, nobody()].map(|address| address.parse().unwrap());
    let mut feed = feed(Source::Envoy(urls.to_vec()), 300);
    feed.poll();
    let problems: Vec<_> = feed
        .endpoints()
        .iter()
        .map(|endpoint| endpoint.problem.as_deref())
        .collect();
    assert_eq!(problems, [None, Some("connection refused")]);
    assert_eq!(feed.view(Window::SHORT, &feed.names()).mirrors[0].total.sent, 3.0);
}
