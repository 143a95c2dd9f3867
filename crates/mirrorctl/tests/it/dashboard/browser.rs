//! The page in a browser: what is on it, what was drawn, what the browser complained about.

pub mod driver;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

pub use driver::{Browser, key};
use serde_json::{Value, json};

use crate::common::admin::Admin;
use crate::common::running::Running;

/// The page of one dashboard.
pub struct Page {
    pub browser: Browser,
    pub url: String,
    complaints: Vec<String>,
    asked: BTreeSet<String>,
}

/// Ample for two slow processors: what is waited for comes, or the page is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// The dashboard of one proxy, which is asked every second, and the address of its page.
pub fn served(admin: &Admin) -> (Running, String) {
    let running = Running::start(&["--envoy", &admin.url(), "--interval", "1s"]);
    let url = format!("http://{}/", running.address);
    (running, url)
}

impl Page {
    pub fn open(url: &str) -> Self {
        let page = Self {
            browser: Browser::start(),
            url: url.to_owned(),
            complaints: Vec::new(),
            asked: BTreeSet::new(),
        };
        page.browser.open(url);
        page
    }

    /// The page with a mirror on it.
    pub fn loaded(url: &str) -> Self {
        let page = Self::open(url);
        page.until("a mirror is shown", "!document.querySelector('#panel').hidden");
        page
    }

    /// The page whose charts have a line of each version.
    pub fn drawn(url: &str) -> Self {
        let page = Self::loaded(url);
        page.until_drawn(16);
        page
    }

    /// Waits until each line is so wide in every chart. A single value is marked by less than 10 pixels.
    pub fn until_drawn(&self, wide: u64) {
        let begin = Instant::now();
        while !CHARTS
            .iter()
            .all(|chart| self.lines(chart).iter().all(|columns| *columns >= wide))
        {
            assert!(begin.elapsed() < PATIENCE, "the charts have no lines: {}", self.all());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Waits until an expression holds.
    pub fn until(&self, what: &str, expression: &str) {
        let begin = Instant::now();
        while self.value(expression) != Value::Bool(true) {
            assert!(
                begin.elapsed() < PATIENCE,
                "never: {what} ({expression}): {}",
                self.all()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until the text of an element contains this.
    pub fn until_text(&self, id: &str, text: &str) {
        let expression = format!("{}?.textContent.includes({}) ?? false", element(id), json!(text));
        self.until(&format!("{id}: {text}"), &expression);
    }

    /// Waits until an element is on the page, or no more.
    pub fn until_there(&self, id: &str, is_there: bool) {
        let sign = if is_there { "!==" } else { "===" };
        self.until(id, &format!("{} {sign} null", element(id)));
    }

    pub fn value(&self, expression: &str) -> Value {
        self.browser.run(&format!("return {expression};"), json!([]))
    }

    pub fn text(&self, id: &str) -> String {
        let text = self.value(&format!("{}?.textContent ?? null", element(id)));
        text.as_str()
            .unwrap_or_else(|| panic!("{id} is not there"))
            .trim()
            .to_owned()
    }

    pub fn attribute(&self, id: &str, name: &str) -> String {
        let value = self.value(&format!("{}?.getAttribute({}) ?? null", element(id), json!(name)));
        value
            .as_str()
            .unwrap_or_else(|| panic!("{id} has no {name}"))
            .to_owned()
    }

    /// A number as it stands somewhere, without its unit.
    pub fn number(&self, id: &str) -> f64 {
        let text = self.text(id);
        let digits: String = text.chars().filter(|one| one.is_ascii_digit() || *one == '.').collect();
        digits.parse().unwrap_or_else(|_| panic!("{id} is no number: {text}"))
    }

    pub fn click(&self, id: &str) {
        self.browser.click(&format!("[data-testid=\"{id}\"]"));
    }

    /// Chooses a radio button by its label, as the button itself may be hidden.
    pub fn choose(&self, id: &str) {
        self.browser.click(&format!("label:has([data-testid=\"{id}\"])"));
    }

    /// How wide the line of the primary is in a chart, and that of the shadow: columns with pixels of its colour.
    pub fn lines(&self, chart: &str) -> [u64; 2] {
        let script = "
            const canvas = document.querySelector(`[data-testid='plot-${arguments[0]}'] canvas`);
            if (!canvas || canvas.width === 0) return [0, 0];
            // A copy: the page's own canvas is not made to be read, and the browser would say so.
            const copy = document.createElement('canvas');
            Object.assign(copy, { width: canvas.width, height: canvas.height });
            const drawn = copy.getContext('2d', { willReadFrequently: true });
            drawn.drawImage(canvas, 0, 0);
            const { data } = drawn.getImageData(0, 0, copy.width, copy.height);
            return ['primary', 'shadow'].map((name) => {
                const probe = document.body.appendChild(document.createElement('i'));
                probe.style.color = `var(--${name})`;
                const wanted = getComputedStyle(probe).color.match(/[0-9.]+/g).map(Number);
                probe.remove();
                const columns = new Set();
                for (let at = 0; at < data.length; at += 4) {
                    const far = Math.max(...[0, 1, 2].map((part) => Math.abs(data[at + part] - wanted[part])));
                    if (data[at + 3] > 200 && far < 12) columns.add((at / 4) % copy.width);
                }
                return columns.size;
            });";
        let counts = self.browser.run(script, json!([chart]));
        [0, 1].map(|index: usize| counts[index].as_u64().expect("a number"))
    }

    /// What axe finds wrong with the page for people with disabilities (WCAG 2.2 AA, and what it holds to be good
    /// practice).
    pub fn barriers(&self) -> Vec<String> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/page/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}: make page brings it"));
        self.browser.run(&axe, json!([]));
        let found = self.browser.run_later("return (await axe.run()).violations;");
        let found = found.as_array().unwrap_or_else(|| panic!("axe did not run: {found}"));
        let line = |one: &Value| {
            let places: Vec<String> = one["nodes"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|node| node["html"].to_string())
                .collect();
            format!("{}: {}: {}", one["id"], one["help"], places.join(" "))
        };
        found.iter().map(line).collect()
    }

    /// What the browser's console holds, and whom the page has asked: taken together at the end of each test.
    pub fn look_back(&mut self) {
        let entries = self.browser.log("browser");
        let lines = entries
            .iter()
            .map(|entry| format!("{}: {}", entry["level"], entry["message"]));
        self.complaints.extend(lines);
        for entry in self.browser.log("performance") {
            let message: Value = serde_json::from_str(entry["message"].as_str().expect("text")).expect("JSON");
            let message = &message["message"];
            if message["method"] == "Network.requestWillBeSent" {
                let url = message["params"]["request"]["url"].as_str().expect("a URL");
                self.asked.insert(url.to_owned());
            }
        }
    }

    /// Nothing went wrong that the browser knows of: no error, no warning, no breach of the policy, and nobody was
    /// asked but the dashboard.
    pub fn finish(mut self) {
        self.look_back();
        assert_eq!(self.complaints, Vec::<String>::new());
        self.asked_nobody_else();
    }

    /// The same, although the dashboard itself was away, which the browser writes down.
    pub fn finish_after_loss(mut self) {
        self.look_back();
        let is_loss = |line: &&String| {
            line.contains("/api/events") && (line.contains("net::ERR_") || line.contains("Failed to load resource"))
        };
        let other: Vec<&String> = self.complaints.iter().filter(|line| !is_loss(line)).collect();
        assert_eq!(other, Vec::<&String>::new());
        self.asked_nobody_else();
    }

    fn asked_nobody_else(&self) {
        let origin = self.url.trim_end_matches('/');
        assert!(
            self.asked
                .iter()
                .any(|url| url.starts_with(&format!("{origin}/api/events?"))),
            "{:?}",
            self.asked
        );
        for url in &self.asked {
            assert!(
                url.starts_with(&format!("{origin}/")) || url.starts_with("data:image/svg+xml"),
                "{url}"
            );
        }
    }

    fn all(&self) -> String {
        let text = self.value("document.body?.innerText ?? ''");
        format!(
            "\n{}\n{:?}",
            text.as_str().unwrap_or_default(),
            self.browser.log("browser")
        )
    }
}

/// The three charts.
pub const CHARTS: [&str; 3] = ["rate", "success", "latency"];

/// An element by the name that it has for tests.
fn element(id: &str) -> String {
    format!("document.querySelector('[data-testid=\"{id}\"]')")
}
