//! The page for everyone, in a real headless Chromium: light and dark, on a phone, by keys alone, with a screen reader.
//! axe looks for barriers in each of them. `make test-dashboard` runs it.

use super::browser::{CHARTS, Page, key, served};
use crate::common::admin::{Admin, Load};
use serde_json::{Value, json};

#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn it_follows_the_theme() {
    let admin = Admin::start(&Load::new());
    let (_running, url) = served(&admin);
    let page = Page::drawn(&url);
    let ground = || {
        let colour = page.value("getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).map(Number)");
        colour
            .as_array()
            .unwrap()
            .iter()
            .take(3)
            .map(|part| part.as_f64().unwrap())
            .sum::<f64>()
            / 3.0
    };
    let prefer = |theme: &str| {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
        page.browser.cdp("Emulation.setEmulatedMedia", features);
    };
    for (theme, is_dark) in [("light", false), ("dark", true), ("light", false), ("dark", true)] {
        prefer(theme);
        page.until_drawn(16);
        assert_eq!(ground() < 128.0, is_dark, "{theme}");
    }
    assert_eq!(page.barriers(), Vec::<String>::new());
    // A choice of one's own holds whatever the system says, also after a reload.
    page.click("theme");
    assert_eq!(page.value("document.documentElement.dataset.theme"), "light");
    assert!(ground() > 128.0);
    page.until_drawn(16);
    page.browser.reload();
    page.until_drawn(16);
    assert_eq!(page.value("document.documentElement.dataset.theme"), "light");
    assert!(ground() > 128.0);
    page.finish();
}

#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn it_fits_every_width() {
    let admin = Admin::start(&Load::new());
    let (_running, url) = served(&admin);
    let page = Page::drawn(&url);
    for (name, width, height, is_mobile) in [
        ("phone", 360, 780, true),
        ("small-phone", 320, 568, true),
        ("tablet", 768, 1024, true),
        ("wide", 1920, 1080, false),
    ] {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_mobile});
        page.browser.cdp("Emulation.setDeviceMetricsOverride", metrics);
        page.until("the width is taken", &format!("innerWidth === {width}"));
        page.until("nothing is wider", "document.documentElement.scrollWidth <= innerWidth");
        page.until_drawn(6);
        for chart in CHARTS {
            let inside = format!(
                "document.querySelector('[data-testid=\"plot-{chart}\"] canvas').getBoundingClientRect().right <= innerWidth"
            );
            page.until("the chart is inside", &inside);
        }
        assert_eq!(page.barriers(), Vec::<String>::new(), "{name}");
        page.browser.picture(name);
    }
    page.finish();
}

#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn the_tab_key_reaches_everything_in_order() {
    let admin = Admin::start(&Load::new());
    let (_running, url) = served(&admin);
    let page = Page::drawn(&url);
    let focus = || {
        let name =
            "document.activeElement.dataset.testid ?? (document.activeElement.id || document.activeElement.localName)";
        page.value(name).as_str().unwrap().to_owned()
    };
    let mut order = Vec::new();
    for _ in 0..40 {
        page.browser.keys(&[key::TAB]);
        let now = focus();
        if now == "body" || order.contains(&now) && now == "skip" {
            break;
        }
        let shown = "(() => { const one = document.activeElement; const drawn = one.matches('input') ? one.closest('label').querySelector('span') ?? one : one;
            return getComputedStyle(drawn).outlineStyle !== 'none' || getComputedStyle(one).outlineStyle !== 'none'; })()";
        assert_eq!(
            page.value(shown),
            Value::Bool(true),
            "where the focus is cannot be seen: {now}"
        );
        order.push(now);
    }
    let wanted = [
        "skip",
        "mirror-reviews-v2",
        "window-5m",
        "freeze",
        "theme",
        "help-open",
        "plot-rate",
        "plot-success",
        "quantile-p99",
        "plot-latency",
        "zeros",
    ];
    let places: Vec<usize> = wanted
        .iter()
        .map(|id| {
            order
                .iter()
                .position(|one| one == id)
                .unwrap_or_else(|| panic!("{id} is not reached: {order:?}"))
        })
        .collect();
    assert!(places.is_sorted(), "{order:?}");
    page.finish();
}

/// Charts by arrow keys, read out.
#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn the_arrow_keys_read_the_charts() {
    let admin = Admin::start(&Load::new());
    let (_running, url) = served(&admin);
    let page = Page::drawn(&url);
    page.value("document.querySelector('[data-testid=\"plot-rate\"]').focus()");
    page.browser.keys(&[key::END]);
    page.until_text("readout", "Primary");
    let last = page.text("readout");
    page.browser.keys(&[key::HOME]);
    page.until(
        "the first is read",
        &format!(
            "document.querySelector('#readout').textContent.trim() !== {}",
            json!(last)
        ),
    );
    // Nobody asked half a window ago: that is said, not left out.
    assert!(page.text("readout").contains("Shadow"), "{}", page.text("readout"));
    assert_ne!(page.text("time-rate"), "latest");
    page.browser
        .keys(&[key::END, key::LEFT, key::LEFT, key::RIGHT, key::PAGE_UP, key::ESCAPE]);
    page.until_text("time-rate", "latest");
    assert_eq!(page.attribute("readout", "aria-live"), "polite");
    page.finish();
}

/// The keys of one letter, and the help that lists them.
#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn every_letter_does_what_the_help_says() {
    let admin = Admin::start(&Load::new());
    let (_running, url) = served(&admin);
    let page = Page::drawn(&url);
    page.browser.keys(&["w"]);
    page.until(
        "half an hour",
        "document.querySelector('[data-testid=\"window-30m\"]').checked",
    );
    page.browser.keys(&["]"]);
    page.until_text("name", "reviews-v3");
    page.browser.keys(&["["]);
    page.until_text("name", "reviews-v2");
    page.browser.keys(&["f"]);
    page.until_there("banner-frozen", true);
    page.browser.keys(&["f"]);
    page.until_there("banner-frozen", false);
    page.browser.keys(&["?"]);
    page.until("the help is open", "document.querySelector('#help').open");
    assert_eq!(page.barriers(), Vec::<String>::new());
    page.browser.picture("help");
    page.browser.keys(&[key::ESCAPE]);
    page.until("the help is closed", "!document.querySelector('#help').open");
    page.finish();
}

/// The tabs of the mirrors: one stop, arrows within.
#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn the_arrow_keys_choose_among_the_mirrors() {
    let admin = Admin::start(&Load::new());
    let (_running, url) = served(&admin);
    let page = Page::drawn(&url);
    page.value("document.querySelector('[data-testid=\"mirror-reviews-v2\"]').focus()");
    page.browser.keys(&[key::RIGHT]);
    if page.text("name") == "reviews-v2" {
        page.browser.keys(&[key::ENTER]);
    }
    page.until_text("name", "reviews-v3");
    page.finish();
}

#[test]
#[ignore = "needs Chromium: make test-dashboard"]
fn everything_that_can_be_used_has_a_name() {
    let admin = Admin::start(&Load::new());
    let (_running, url) = served(&admin);
    let page = Page::drawn(&url);
    page.browser.cdp("Accessibility.enable", json!({}));
    let tree = page.browser.cdp("Accessibility.getFullAXTree", json!({}));
    let nodes = tree["nodes"].as_array().unwrap();
    let mut roles = Vec::new();
    for node in nodes.iter().filter(|node| node["ignored"] == false) {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        let name = node["name"]["value"].as_str().unwrap_or_default();
        let needs = [
            "button",
            "radio",
            "checkbox",
            "link",
            "tab",
            "tablist",
            "img",
            "image",
            "tabpanel",
            "radiogroup",
            "region",
            "DisclosureTriangle",
            "heading",
            "dialog",
        ];
        if needs.contains(&role) {
            assert!(!name.trim().is_empty(), "{node:#}");
            roles.push(role.to_owned());
        }
    }
    for role in ["button", "radio", "tab", "tabpanel", "heading"] {
        assert!(roles.iter().any(|one| one == role), "{role}: {roles:?}");
    }
    let charts = roles
        .iter()
        .filter(|role| matches!(role.as_str(), "img" | "image"))
        .count();
    assert!(charts >= CHARTS.len(), "{roles:?}");
    page.finish();
}
