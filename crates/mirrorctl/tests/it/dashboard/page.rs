//! The page in a real headless Chromium, served by the built command, which asks a stand-in that counts on from
//! recorded answers of a real Envoy. Pictures are left in target/tmp/dashboard. `make test-dashboard` runs them.

mod strangers;

use super::browser::{CHARTS, Page, served};
use crate::common::admin::{Admin, Load, Prometheus};
use crate::common::running::Running;
use serde_json::{Value, json};

#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn it_loads_draws_and_goes_on() {
    let admin = Admin::start(&Load::new());
    let (_running, url) = served(&admin);
    let page = Page::drawn(&url);
    assert_eq!(page.text("name"), "reviews-v2");
    assert_eq!(page.attribute("state", "data-state"), "Losing");
    assert!(
        page.text("advice").contains("raise limits.maxInFlight"),
        "{}",
        page.text("advice")
    );
    assert!(
        page.text("source").contains("1 of 1 answers"),
        "{}",
        page.text("source")
    );
    // What was recorded: 73 requests and 69 copies a second.
    for (id, least, most) in [("figure-matched", 60.0, 85.0), ("figure-sent", 55.0, 80.0)] {
        let value = page.number(id);
        assert!((least..most).contains(&value), "{id}: {}", page.text(id));
    }
    page.until_text("reasons", "in_flight");
    page.until_text("answers", "2xx");
    for chart in CHARTS {
        let label = page.attribute(&format!("plot-{chart}"), "aria-label");
        assert!(label.contains("Primary") && label.contains("Shadow"), "{label}");
        for version in ["primary", "shadow"] {
            page.number(&format!("value-{chart}-{version}"));
        }
    }
    // It goes on by itself: totals grow.
    let before = page.text("balance-sent");
    page.until(
        "totals grow",
        &format!(
            "{}.textContent.trim() !== {}",
            "document.querySelector('[data-testid=\"balance-sent\"]')",
            json!(before)
        ),
    );
    assert_eq!(page.text("verdict"), "balanced");
    page.finish();
}

#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn it_switches_windows_quantiles_and_mirrors() {
    let admin = Admin::start(&Load::new());
    let (_running, url) = served(&admin);
    let page = Page::drawn(&url);
    let label = |chart: &str| page.attribute(&format!("plot-{chart}"), "aria-label");
    assert!(label("rate").contains("last 5 min"), "{}", label("rate"));
    page.choose("window-30m");
    page.until(
        "half an hour is shown",
        "document.querySelector('[data-testid=\"plot-rate\"]').ariaLabel.includes('last 30 min')",
    );
    assert!(page.value("location.hash").as_str().unwrap().contains("window=30m"));
    assert!(label("latency").contains("p99"), "{}", label("latency"));
    page.choose("quantile-p50");
    page.until(
        "the median is shown",
        "document.querySelector('[data-testid=\"plot-latency\"]').ariaLabel.includes('p50')",
    );
    page.click("mirror-reviews-v3");
    page.until_text("name", "reviews-v3");
    assert_eq!(page.attribute("state", "data-state"), "Mirroring");
    assert_eq!(page.attribute("mirror-reviews-v3", "aria-selected"), "true");
    assert_eq!(page.attribute("mirror-reviews-v2", "aria-selected"), "false");
    // 25 % are asked for, and chance decides.
    assert!(
        (15.0..35.0).contains(&page.number("figure-share")),
        "{}",
        page.text("figure-share")
    );
    let expires = page.text("figure-expires");
    assert!(expires.contains("in 26,"), "{expires}");
    page.until_text("reasons", "not_sampled");
    // What was chosen stands in the address, so that it outlives the page.
    page.browser.reload();
    page.until_text("name", "reviews-v3");
    for (id, is_checked) in [
        ("window-30m", true),
        ("window-5m", false),
        ("quantile-p50", true),
        ("quantile-p99", false),
    ] {
        let checked = page.value(&format!("document.querySelector('[data-testid=\"{id}\"]').checked"));
        assert_eq!(checked, Value::Bool(is_checked), "{id}");
    }
    page.browser.picture("half-hour");
    page.finish();
}

#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn a_pointer_reads_the_charts() {
    let admin = Admin::start(&Load::new());
    let (_running, url) = served(&admin);
    let page = Page::drawn(&url);
    assert_eq!(page.text("time-rate"), "latest");
    // The newest values are at the right; the very last bin may just have begun.
    let width = page
        .value("document.querySelector('[data-testid=\"plot-rate\"] .u-over').clientWidth")
        .as_i64()
        .unwrap();
    let is_read = |back: &i64| {
        page.browser
            .hover("[data-testid=\"plot-rate\"] .u-over", width / 2 - back);
        page.until(
            "a time is held",
            "document.querySelector('[data-testid=\"time-rate\"]').dataset.held === 'true'",
        );
        page.text("value-rate-primary").contains("/s")
    };
    assert!(
        (4..width / 4).step_by(4).any(|back| is_read(&back)),
        "{}",
        page.text("value-rate-primary")
    );
    // One cross-hair runs through all three.
    let times = CHARTS.map(|chart| page.text(&format!("time-{chart}")));
    assert!(
        times.iter().all(|time| *time == times[0] && time.contains(':')),
        "{times:?}"
    );
    assert!(page.number("value-rate-primary") > 10.0);
    page.browser.picture("pointer");
    page.browser.hover("#name", 0);
    page.until_text("time-rate", "latest");
    page.finish();
}

#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn it_shows_an_outage_of_a_proxy_and_its_end() {
    let load = Load::new();
    let admin = Admin::start(&load);
    let (address, proxy) = (admin.address, admin.url());
    let (_running, url) = served(&admin);
    let page = Page::drawn(&url);
    page.until_there("banner-endpoint", false);
    drop(admin);
    page.until_there("banner-endpoint", true);
    let banner = page.text("banner-endpoint");
    assert!(
        banner.contains(&proxy) && banner.contains("connection refused") && banner.contains("since"),
        "{banner}"
    );
    page.until_text("source", "0 of 1");
    // What was known last still stands there, and says that it is old.
    page.until_text("state", "when last seen");
    assert_eq!(page.text("name"), "reviews-v2");
    assert!(page.lines("rate").iter().all(|columns| *columns >= 16));
    assert_eq!(page.barriers(), Vec::<String>::new());
    page.browser.picture("outage");
    // A page that is opened only now is told at once, and has the charts of before.
    page.browser.reload();
    page.until_there("banner-endpoint", true);
    page.until_drawn(16);
    assert_eq!(page.text("name"), "reviews-v2");
    page.browser.picture("outage-reloaded");
    let admin = Admin::at(address, &load);
    page.until_there("banner-endpoint", false);
    page.until_text("source", "1 of 1");
    page.until(
        "the state is of now",
        "!document.querySelector('[data-testid=\"state\"]').textContent.includes('when last seen')",
    );
    page.browser.picture("recovered");
    drop(admin);
    page.finish();
}

#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn it_draws_what_prometheus_knows() {
    let prometheus = Admin::start(&Prometheus);
    let running = Running::start(&["--prometheus", &prometheus.url()]);
    let page = Page::loaded(&format!("http://{}/", running.address));
    // A minute of the five is there at once, in bins of five seconds.
    page.until_drawn(60);
    assert!(page.text("source").contains("Prometheus"), "{}", page.text("source"));
    page.until_text("endpoints", &prometheus.url());
    for theme in ["light", "dark"] {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
        page.browser.cdp("Emulation.setEmulatedMedia", features);
        page.until_drawn(60);
        assert_eq!(page.barriers(), Vec::<String>::new(), "{theme}");
        page.browser.picture(theme);
    }
    page.finish();
}

/// The numbers on the page are those of the view, which are held against what backends counted elsewhere. The source
/// stands still, so that both are of one moment.
#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn its_numbers_are_those_of_the_view() {
    let prometheus = Admin::start(&Prometheus);
    let running = Running::start(&["--prometheus", &prometheus.url()]);
    let page = Page::loaded(&format!("http://{}/", running.address));
    page.until_drawn(60);
    let view = page
        .browser
        .run_later("return await (await fetch('/api/view?window=5m')).json();");
    let mirror = &view["mirrors"][0];
    let (window, total) = (&mirror["window"], &mirror["total"]);
    let cells = |row: &str| -> Vec<f64> {
        let script =
            format!("[...document.querySelectorAll('[data-testid=\"row-{row}\"] td')].map((cell) => cell.innerText)");
        let cells = page.value(&script);
        let texts = cells.as_array().unwrap().iter().map(|cell| cell.as_str().unwrap());
        texts
            .flat_map(str::split_whitespace)
            .filter_map(|word| word.parse().ok())
            .collect()
    };
    let count = |ledger: &Value, kind: &str, result: &str| {
        let reasons = ledger["reasons"].as_array().unwrap();
        let reason = reasons
            .iter()
            .find(|one| one["kind"] == kind && one["result"] == result)
            .unwrap();
        reason["count"].as_f64().unwrap()
    };
    let mut rows = 0;
    for reason in total["reasons"].as_array().unwrap() {
        let (kind, result) = (reason["kind"].as_str().unwrap(), reason["result"].as_str().unwrap());
        let both = |kind: &str| [count(&window["ledger"], kind, result), count(total, kind, result)];
        match kind {
            "skipped" | "dropped" | "failures" if both(kind) != [0.0, 0.0] => {
                assert_eq!(cells(&format!("{kind}-{result}")), both(kind), "{kind} {result}");
                rows += 1;
            }
            "responses" if [both("primary_responses"), both(kind)] != [[0.0; 2]; 2] => {
                let expected = [both("primary_responses"), both(kind)].concat();
                assert_eq!(cells(&format!("answers-{result}")), expected, "{result}");
                rows += 1;
            }
            _ => {}
        }
    }
    assert!(rows >= 5, "{rows}");
    let sides = [&window["primary"], &window["shadow"]];
    assert_eq!(
        cells("responses"),
        sides.map(|side| side["responses"].as_f64().unwrap())
    );
    for (row, key) in [
        ("successPercentage", "successPercentage"),
        ("errorPercentage", "errorPercentage"),
    ] {
        let shown = cells(row);
        for (shown, side) in shown.iter().zip(sides) {
            let expected = side[key].as_f64().unwrap();
            assert!((shown - expected).abs() < 0.01, "{row}: {shown}, not {expected}");
        }
        assert!(shown.len() >= 2, "{shown:?}");
    }
    for (balance, terms) in [
        ("matched", &["sent", "skipped", "dropped", "collecting"][..]),
        ("sent", &["responses", "failures", "inFlight"]),
    ] {
        let text = page.text(&format!("balance-{balance}"));
        for term in [&[balance], terms].concat() {
            let expected = total[term].to_string();
            assert!(text.contains(&expected), "{term} is {expected}: {text}");
        }
    }
    let rate = window["perSecond"]["matched"].as_f64().unwrap();
    assert!(
        (page.number("figure-matched") - rate).abs() < 0.01,
        "{}",
        page.text("figure-matched")
    );
    page.finish();
}

#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn it_waits_for_the_first_proxy() {
    let load = Load::new();
    let admin = Admin::start(&load);
    let (address, proxy) = (admin.address, admin.url());
    drop(admin);
    let running = Running::start(&["--envoy", &proxy, "--interval", "1s"]);
    let page = Page::open(&format!("http://{}/", running.address));
    page.until_there("banner-endpoint", true);
    // There is nothing to show yet, and it does not claim so.
    assert!(
        page.text("banner-endpoint").ends_with("connection refused."),
        "{}",
        page.text("banner-endpoint")
    );
    let nothing = page.text("nothing");
    assert!(nothing.contains("No source has answered yet"), "{nothing}");
    page.browser.picture("nobody");
    let _admin = Admin::at(address, &load);
    page.until("a mirror is shown", "!document.querySelector('#panel').hidden");
    page.until_there("banner-endpoint", false);
    page.finish();
}

#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn it_outlives_the_server() {
    let admin = Admin::start(&Load::new());
    let (mut running, url) = served(&admin);
    let page = Page::drawn(&url);
    running.signal("TERM");
    assert_eq!(running.ended(), Some(0), "an open page keeps it");
    page.until_there("banner-server", true);
    let banner = page.text("banner-server");
    assert!(banner.contains("does not answer since"), "{banner}");
    assert_eq!(page.text("name"), "reviews-v2");
    page.browser.picture("server-gone");
    let _again = Running::on(
        &running.address.to_string(),
        &["--envoy", &admin.url(), "--interval", "1s"],
    );
    page.until_there("banner-server", false);
    page.until_drawn(16);
    page.finish_after_loss();
}
