//! One view, read as any program would read it.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::{Value, json};

use super::{success, sum};
use crate::ledger::Counts;

/// What `mirrorctl` says at one time.
#[derive(Debug)]
pub struct View(Value);

// === impl View ===

impl View {
    /// Reads it.
    pub fn parse(text: &str) -> Result<Self> {
        let view: Value = serde_json::from_str(text).with_context(|| format!("no JSON: {text:.200}"))?;
        ensure!(view["mirrors"].is_array(), "no view: {text:.200}");
        Ok(Self(view))
    }

    /// When the newest reading was taken, in Unix milliseconds.
    pub fn at(&self) -> Option<i64> {
        self.0["at"].as_i64()
    }

    /// What stands at this place, as `/source/proxies`.
    pub fn get(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The mirror of this name.
    pub fn mirror(&self, name: &str) -> Result<&Value> {
        let mut mirrors = self.0["mirrors"].as_array().into_iter().flatten();
        mirrors
            .find(|mirror| mirror["name"] == name)
            .with_context(|| format!("no mirror {name} in {}", self.brief()))
    }

    /// The state of the mirror of this name; empty without it.
    pub fn state(&self, name: &str) -> &str {
        self.mirror(name)
            .map_or("", |mirror| mirror["state"].as_str().unwrap_or_default())
    }

    /// Whether each proxy that is asked answers, in their order.
    pub fn up(&self) -> Vec<bool> {
        let endpoints = self.get("/source/endpoints").as_array().into_iter().flatten();
        endpoints.map(|endpoint| endpoint["up"] == true).collect()
    }

    /// What was counted since the proxies started, by names as [`super::counted()`] has them. It must balance, with
    /// nothing under way.
    pub fn total(&self, mirror: &str) -> Result<Counts> {
        let ledger = &self.mirror(mirror)?["total"];
        for (name, value) in [("collecting", 0), ("inFlight", 0), ("unaccounted", 0)] {
            ensure!(ledger[name] == value, "{name} is {} in the total", ledger[name]);
        }
        counts(ledger)
    }

    /// The same of the window.
    pub fn window(&self, mirror: &str) -> Result<Counts> {
        counts(&self.mirror(mirror)?["window"]["ledger"])
    }

    /// Fails unless the window, and the total if that is given, say what was counted, and shares and rates follow from
    /// it.
    pub fn assert_counted(&self, mirror: &str, window: &Counts, total: Option<&Counts>) -> Result<()> {
        self.check_counted(mirror, window, total)
            .map_err(|error| anyhow!("{error:#}; the view has {}", self.brief()))
    }

    fn check_counted(&self, mirror: &str, window: &Counts, total: Option<&Counts>) -> Result<()> {
        if let Some(total) = total {
            self.assert_total(mirror, total)?;
        }
        let said = self.window(mirror)?;
        ensure!(said == *window, "the window has {said:?}, counted were {window:?}");
        let numbers = &self.mirror(mirror)?["window"];
        let of = |name: &str| window.get(name).copied().unwrap_or(0) as f64;
        let [primary, shadow] = success(window);
        let share = (of("matched") > 0.0).then(|| 100.0 * of("sent") / of("matched"));
        let error = |success: Option<f64>| success.map(|success| 100.0 - success);
        for (pointer, expected) in [
            ("/actualPercentage", share),
            ("/primary/successPercentage", primary),
            ("/primary/errorPercentage", error(primary)),
            ("/shadow/successPercentage", shadow),
            ("/shadow/errorPercentage", error(shadow)),
        ] {
            let said = numbers.pointer(pointer).and_then(Value::as_f64);
            let is_right = match (said, expected) {
                (Some(said), Some(expected)) => (said - expected).abs() < 1e-3,
                (said, expected) => said == expected,
            };
            ensure!(is_right, "{pointer} is {said:?}, the backends say {expected:?}");
        }
        self.assert_rates(mirror, window)
    }

    /// Fails unless the total says what was counted.
    pub fn assert_total(&self, mirror: &str, total: &Counts) -> Result<()> {
        let said = self.total(mirror)?;
        ensure!(said == *total, "the total is {said:?}, counted were {total:?}");
        Ok(())
    }

    /// Every rate is a count, by the seconds that are known.
    fn assert_rates(&self, mirror: &str, window: &Counts) -> Result<()> {
        let numbers = &self.mirror(mirror)?["window"];
        let seconds = numbers["seconds"].as_f64().context("no seconds are known")?;
        let known = self.get("/window/seconds").as_f64().unwrap_or_default();
        ensure!(
            seconds > 0.0 && seconds <= known,
            "{seconds} of {known} seconds are known"
        );
        let of = |name: &str| window.get(name).copied().unwrap_or(0);
        for (pointer, count) in [
            ("/perSecond/matched", of("matched")),
            ("/perSecond/sent", of("sent")),
            ("/perSecond/skipped", sum(window, "skipped")),
            ("/perSecond/dropped", sum(window, "dropped")),
            ("/primary/perSecond", of("matched")),
            ("/shadow/perSecond", of("sent")),
        ] {
            let said = numbers.pointer(pointer).and_then(Value::as_f64).context(pointer)?;
            // Both are rounded to a ten thousandth.
            let is_right = (said - count as f64 / seconds).abs() < 1e-3 * (1.0 + said);
            ensure!(is_right, "{pointer} is {said}, not {count} in {seconds} seconds");
        }
        for (pointer, count) in [
            ("/primary/responses", sum(window, "primary")),
            ("/shadow/responses", sum(window, "responses")),
        ] {
            ensure!(
                numbers.pointer(pointer) == Some(&json!(count)),
                "{pointer} is not {count}: {numbers}"
            );
        }
        Ok(())
    }

    /// Fails unless these three quantiles of a version are where Envoy's own buckets have them: pairs of an upper bound
    /// and how many durations are below.
    pub fn assert_latency(&self, mirror: &str, version: &str, buckets: &[(f64, u64)]) -> Result<()> {
        let numbers = &self.mirror(mirror)?["window"][version];
        let all = buckets.last().map_or(0, |(_, count)| *count) as f64;
        for (name, quantile) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            let said = numbers[name]
                .as_f64()
                .with_context(|| format!("no {name} of the {version}"))?;
            // One more or less, because there are several ways to count to a rank.
            let place = |rank: f64| {
                buckets
                    .iter()
                    .position(|(_, count)| *count as f64 >= rank.clamp(1.0, all))
            };
            let (Some(first), Some(last)) = (place(quantile * all - 1.0), place(quantile * all + 1.0)) else {
                bail!("no durations in {buckets:?}");
            };
            let below = first.checked_sub(1).map_or(0.0, |first| buckets[first].0);
            ensure!(
                (below..=buckets[last].0).contains(&said),
                "{name} of the {version} is {said} ms, not within {below} and {}",
                buckets[last].0
            );
        }
        Ok(())
    }

    /// For an error.
    pub fn brief(&self) -> String {
        let mut brief = self.0.clone();
        for mirror in brief["mirrors"].as_array_mut().into_iter().flatten() {
            let window = mirror["window"]["ledger"].take();
            let total = mirror["total"].take();
            *mirror = json!({"name": mirror["name"], "state": mirror["state"],
                "window": counts(&window).ok(), "total": counts(&total).ok()});
        }
        brief.to_string()
    }

    /// What of a mirror does not depend on the moment at which it was looked at.
    fn lasting(&self) -> Value {
        let mut mirrors = self.0["mirrors"].clone();
        for mirror in mirrors.as_array_mut().into_iter().flatten() {
            mirror["series"].take();
            // Who looks more often misses a proxy sooner.
            mirror["proxies"].take();
            let window = &mut mirror["window"];
            window["seconds"].take();
            for pointer in ["/perSecond", "/primary/perSecond", "/shadow/perSecond"] {
                window.pointer_mut(pointer).map(Value::take);
            }
        }
        json!({"mirrors": mirrors, "up": self.up()})
    }
}

/// Fails unless both say the same, but for what depends on the moment.
pub fn assert_same((whose, one): (&str, &View), (of_whom, other): (&str, &View)) -> Result<()> {
    let (one, other) = (one.lasting(), other.lasting());
    match difference("", &one, &other) {
        None => Ok(()),
        Some(place) => bail!(
            "{whose} and {of_whom} differ at {place}: {} and {}",
            one.pointer(&place).unwrap_or(&Value::Null),
            other.pointer(&place).unwrap_or(&Value::Null)
        ),
    }
}

/// Where the two differ by more than what rounding may do.
fn difference(place: &str, one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Object(own), Value::Object(others)) => {
            let mut keys: Vec<&String> = own.keys().chain(others.keys()).collect();
            keys.sort();
            keys.dedup();
            keys.into_iter()
                .find_map(|key| difference(&format!("{place}/{key}"), &one[key], &other[key]))
        }
        (Value::Array(own), Value::Array(others)) if own.len() == others.len() => own
            .iter()
            .zip(others)
            .enumerate()
            .find_map(|(index, (one, other))| difference(&format!("{place}/{index}"), one, other)),
        (Value::Number(own), Value::Number(others)) => {
            let (own, others) = (own.as_f64()?, others.as_f64()?);
            ((own - others).abs() > 1e-3 * (1.0 + own.abs())).then(|| place.to_owned())
        }
        _ => (one != other).then(|| place.to_owned()),
    }
}

/// A ledger by names as [`super::counted()`] has them. Its sums must be those of its reasons.
fn counts(ledger: &Value) -> Result<Counts> {
    let mut counts = Counts::new();
    for reason in ledger["reasons"].as_array().context("a ledger without reasons")? {
        let (kind, result) = (reason["kind"].as_str(), reason["result"].as_str());
        let kind = kind.context("a reason without a kind")?;
        // As the runner's own ledger has it.
        let kind = if kind == "primary_responses" { "primary" } else { kind };
        let name = format!("{kind}.{}", result.context("a reason without a result")?);
        let count = reason["count"].as_u64().context("a reason without a count")?;
        ensure!(
            counts.insert(name, count).is_none(),
            "a reason is there twice: {reason}"
        );
        ensure!(
            reason["meaning"].as_str().is_some_and(|text| !text.is_empty()),
            "no meaning: {reason}"
        );
    }
    for (name, kind) in [
        ("skipped", "skipped"),
        ("dropped", "dropped"),
        ("responses", "responses"),
        ("failures", "failures"),
        ("primaryResponses", "primary"),
    ] {
        ensure!(
            ledger[name] == sum(&counts, kind),
            "{name} is {}, not the sum of its reasons",
            ledger[name]
        );
    }
    for name in ["matched", "sent"] {
        counts.insert(name.to_owned(), ledger[name].as_u64().context(name)?);
    }
    counts.retain(|_, count| *count > 0);
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(sent: u64, rate: f64) -> View {
        let ledger = json!({"matched": 4, "sent": sent, "skipped": 4 - sent, "dropped": 0, "responses": sent, "failures": 0,
            "primaryResponses": sent, "collecting": 0, "inFlight": 0, "unaccounted": 0, "reasons": [
                {"kind": "skipped", "result": "not_sampled", "count": 4 - sent, "meaning": "m"},
                {"kind": "responses", "result": "2xx", "count": sent, "meaning": "m"},
                {"kind": "primary_responses", "result": "2xx", "count": sent, "meaning": "m"}]});
        let version = |rate: f64| {
            json!({"responses": sent, "perSecond": rate, "successPercentage": 100, "errorPercentage": 0,
            "p50": 1, "p95": 1, "p99": 400})
        };
        View(
            json!({"at": 1, "window": {"seconds": 300}, "mirrors": [{"name": "copy", "state": "Mirroring", "total": ledger,
            "window": {"seconds": 2, "ledger": ledger, "actualPercentage": 25 * sent, "primary": version(2.0), "shadow": version(rate),
                "perSecond": {"matched": 2, "sent": rate, "skipped": (4 - sent) as f64 / 2.0, "dropped": 0}}}]}),
        )
    }

    fn counted(sent: u64) -> Counts {
        [
            ("matched", 4),
            ("sent", sent),
            ("skipped.not_sampled", 4 - sent),
            ("responses.2xx", sent),
            ("primary.2xx", sent),
        ]
        .map(|(name, count)| (name.to_owned(), count))
        .into()
    }

    #[test]
    fn a_view_says_what_was_counted_or_is_refused() {
        let right = counted(3);
        view(3, 1.5).assert_counted("copy", &right, Some(&right)).unwrap();
        for (wrong, part) in [(view(2, 1.0), "the total is"), (view(3, 1.4), "perSecond")] {
            let error = wrong
                .assert_counted("copy", &right, Some(&right))
                .unwrap_err()
                .to_string();
            assert!(error.contains(part), "{error}");
        }
        let error = view(3, 1.5).assert_counted("copy", &counted(2), None).unwrap_err();
        assert!(error.to_string().contains("the window has"), "{error}");
    }

    #[test]
    fn a_quantile_is_in_the_bucket_of_its_rank() {
        let latency = |buckets: &[(f64, u64)]| view(3, 1.5).assert_latency("copy", "shadow", buckets);
        latency(&[(0.5, 0), (5.0, 97), (250.0, 97), (500.0, 100)]).unwrap();
        latency(&[(0.5, 0), (5.0, 100), (250.0, 100), (500.0, 100)]).unwrap_err();
        latency(&[(0.5, 97), (5.0, 97), (500.0, 100)]).unwrap_err();
    }

    #[test]
    fn a_difference_is_named_and_rounding_is_none() {
        let (one, mut other) = (view(3, 1.5), view(3, 1.5));
        other.0["mirrors"][0]["window"]["shadow"]["p99"] = json!(400.01);
        other.0["mirrors"][0]["window"]["seconds"] = json!(7);
        assert_same(("one", &one), ("other", &other)).unwrap();
        other.0["mirrors"][0]["window"]["shadow"]["p99"] = json!(null);
        let error = assert_same(("one", &one), ("other", &other)).unwrap_err().to_string();
        assert_eq!(
            error,
            "one and other differ at /mirrors/0/window/shadow/p99: 400 and null"
        );
    }
}
