//! A real headless Chromium, driven by its own chromedriver over the W3C's WebDriver protocol.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// One browser with one tab; it ends with the test.
pub struct Browser {
    session: String,
    agent: ureq::Agent,
    driver: Child,
}

/// Keys that have no letter (WebDriver, "Keyboard actions").
pub mod key {
    pub const ESCAPE: &str = "\u{E00C}";
    pub const TAB: &str = "\u{E004}";
    pub const ENTER: &str = "\u{E007}";
    pub const LEFT: &str = "\u{E012}";
    pub const RIGHT: &str = "\u{E014}";
    pub const HOME: &str = "\u{E011}";
    pub const END: &str = "\u{E010}";
    pub const PAGE_UP: &str = "\u{E00E}";
}

/// Where pictures are left for people to look at.
pub fn pictures() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("dashboard");
    fs::create_dir_all(&folder).expect("a folder for pictures");
    folder
}

impl Browser {
    /// Starts what `CHROMEDRIVER` and `CHROMIUM` name, else what is on the path (`scripts/chromium` prints both).
    pub fn start() -> Self {
        let program = std::env::var("CHROMEDRIVER").unwrap_or("chromedriver".to_owned());
        let mut driver = Command::new(&program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}: is Chromium's driver installed? See scripts/chromium"));
        let mut stdout = BufReader::new(driver.stdout.take().expect("a pipe"));
        let mut said = String::new();
        let port = loop {
            let mut line = String::new();
            assert!(
                stdout.read_line(&mut line).expect("text") > 0,
                "chromedriver has ended: {said}"
            );
            if let Some((_, port)) = line.trim_end_matches(['.', '\n']).split_once("successfully on port ") {
                break port.to_owned();
            }
            said.push_str(&line);
        };
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(180)))
            .http_status_as_error(false)
            .proxy(None);
        let mut browser = Self {
            session: format!("http://127.0.0.1:{port}/session"),
            agent: config.build().into(),
            driver,
        };
        let mut options = json!({
            "args": [
                "--headless=new", "--window-size=1280,1000", "--force-device-scale-factor=1", "--disable-gpu",
                "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
                // A name of someone else's that points here, as after DNS rebinding.
                "--host-resolver-rules=MAP rebound.example 127.0.0.1", "--disable-extensions", "--disable-sync", "--no-first-run", "--lang=en-GB", "--no-sandbox",
            ],
        });
        if let Ok(binary) = std::env::var("CHROMIUM") {
            options["binary"] = json!(binary);
        }
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}});
        let session = browser.post("", &wanted);
        let id = session["sessionId"].as_str().expect("a session");
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.session);
        let request = self.agent.post(&url).header("content-type", "application/json");
        answer(&url, request.send(body.to_string()))
    }

    /// Loads a page.
    pub fn open(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    /// Loads the same page anew.
    pub fn reload(&self) {
        self.post("/refresh", &json!({}));
    }

    /// What a function's body returns on the page.
    pub fn run(&self, body: &str, args: Value) -> Value {
        self.post("/execute/sync", &json!({"script": body, "args": args}))
    }

    /// The same of a body that returns a promise.
    pub fn run_later(&self, body: &str) -> Value {
        let script = format!(
            "const done = arguments[0]; (async () => {{ {body} }})().then(done, (error) => done(String(error)));"
        );
        self.post("/execute/async", &json!({"script": script, "args": []}))
    }

    /// A command of Chromium's own protocol.
    pub fn cdp(&self, command: &str, params: Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": params}))
    }

    /// Entries of a log since it was asked for last.
    pub fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.post("/se/log", &json!({"type": kind}));
        entries.as_array().expect("a list").clone()
    }

    /// Presses and releases keys, one after the other.
    pub fn keys(&self, keys: &[&str]) {
        let one = |key: &&str| {
            [
                json!({"type": "keyDown", "value": key}),
                json!({"type": "keyUp", "value": key}),
            ]
        };
        let actions: Vec<Value> = keys.iter().flat_map(one).collect();
        self.post(
            "/actions",
            &json!({"actions": [{"type": "key", "id": "keys", "actions": actions}]}),
        );
    }

    /// Clicks where an element is, as a mouse does; it is scrolled to first.
    pub fn click(&self, selector: &str) {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector}));
        let id = found
            .as_object()
            .and_then(|one| one.values().next())
            .and_then(Value::as_str);
        let path = format!("/element/{}/click", id.expect("an element"));
        self.post(&path, &json!({}));
    }

    /// Moves the mouse to a point of an element, from its middle.
    pub fn hover(&self, selector: &str, x: i64) {
        let element = self.post("/element", &json!({"using": "css selector", "value": selector}));
        let moves = json!([{"type": "pointerMove", "duration": 0, "origin": element, "x": x, "y": 0}]);
        self.post(
            "/actions",
            &json!({"actions": [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": moves}]}),
        );
    }

    /// Leaves a picture of the whole page for people to look at.
    pub fn picture(&self, name: &str) {
        let picture = self.cdp("Page.captureScreenshot", json!({"captureBeyondViewport": true}));
        let bytes = decoded(picture["data"].as_str().expect("a picture"));
        assert!(bytes.starts_with(b"\x89PNG"));
        fs::write(pictures().join(format!("{name}.png")), bytes).expect("a file");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser behind.
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn answer(url: &str, response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Value {
    let mut response = response.unwrap_or_else(|error| panic!("{url}: {error}"));
    let bytes = response.body_mut().with_config().limit(100 << 20).read_to_vec();
    let mut answer: Value = serde_json::from_slice(&bytes.expect("an answer")).expect("JSON");
    assert!(response.status().is_success(), "{url}: {answer:#}");
    answer["value"].take()
}

/// Base64, whose alphabet stands in the order of its values.
fn decoded(text: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{other} is no base64"),
    };
    let digits: Vec<u8> = text.trim_end_matches('=').bytes().collect();
    let whole = |four: &[u8]| {
        let bits = four.iter().fold(0, |bits, byte| bits << 6 | value(*byte)) << (6 * (4 - four.len()));
        bits.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(whole).collect()
}
