//! What the backends counted themselves, in the vocabulary of the filter: worked out from their journals alone, by what
//! arrived where and how it was answered.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result, bail, ensure};
use hyper::StatusCode;

use crate::backend::{Progress, Received};
use crate::ledger::Counts;

/// `body.maxBytes`, if nobody sets it.
const LARGEST: u64 = 1 << 20;
/// The marker, if nobody sets it.
const MARKER: &str = "x-mirrored-by";

/// What the journals tell of some requests, by names such as `matched` and `skipped.loop`; what did not happen is not
/// there.
///
/// A request that the shadow does not have was a copy itself, too large, or not sampled; a copy without an answer was
/// asked for that.
pub fn counted(primary: &[Received], shadow: &[Received]) -> Result<Counts> {
    let mut copies: HashMap<&str, &Received> = HashMap::new();
    for copy in shadow {
        let id = copy.id().context("a copy without an id")?;
        ensure!(copies.insert(id, copy).is_none(), "{id} was copied twice");
    }
    let mut counts = BTreeMap::new();
    let mut count = |name: String| *counts.entry(name).or_insert(0) += 1;
    for request in primary {
        let id = request.id().context("a request without an id")?;
        count("matched".to_owned());
        let Some(copy) = copies.remove(id) else {
            count(left_out(request).to_owned());
            continue;
        };
        count("sent".to_owned());
        let Progress::Answered(status) = request.progress else {
            bail!("the primary did not answer {id}");
        };
        count(format!("primary.{}", class(status)));
        count(match copy.progress {
            Progress::Answered(status) => format!("responses.{}", class(status)),
            _ => format!("failures.{}", failure(copy)?),
        });
    }
    ensure!(
        copies.is_empty(),
        "the shadow has what the primary has not: {:?}",
        copies.keys()
    );
    Ok(counts)
}

fn left_out(request: &Received) -> &'static str {
    match request {
        request if request.header(MARKER).is_some() => "skipped.loop",
        request if request.body_length > LARGEST => "dropped.body_too_large",
        _ => "skipped.not_sampled",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

fn failure(copy: &Received) -> Result<&'static str> {
    let asked = |what: &str| copy.path.contains(&format!("shadow.{what}"));
    match () {
        () if asked("reset") => Ok("reset"),
        () if asked("silent") => Ok("timeout"),
        () => bail!("the shadow did not answer {}, which nobody asked for", copy.path),
    }
}

/// The sum of all counts of a kind, such as `skipped`.
pub fn sum(counts: &Counts, kind: &str) -> u64 {
    let of_kind = |(name, _): &(&String, &u64)| name.split_once('.').is_some_and(|(before, _)| before == kind);
    counts.iter().filter(of_kind).map(|(_, count)| count).sum()
}

/// The share of answers that are no errors, in percent, as docs/live.md defines it: of the primary, and of the shadow.
pub fn success(counts: &Counts) -> [Option<f64>; 2] {
    let errors = |kind: &str| {
        let of = |class: &str| counts.get(&format!("{kind}.{class}")).copied().unwrap_or(0);
        of("4xx") + of("5xx")
    };
    let share = |answers: u64, errors: u64| (answers > 0).then(|| 100.0 - 100.0 * errors as f64 / answers as f64);
    let failures = sum(counts, "failures");
    [
        share(sum(counts, "primary"), errors("primary")),
        share(sum(counts, "responses") + failures, errors("responses") + failures),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::TEST_ID;

    fn received(id: &str, path: &str, progress: Progress) -> Received {
        Received {
            method: "GET".to_owned(),
            path: path.to_owned(),
            authority: "shop.example".to_owned(),
            version: "HTTP/1",
            headers: vec![(TEST_ID.to_owned(), id.as_bytes().to_vec())],
            body_length: 0,
            body_hash: 0,
            body: Vec::new(),
            progress,
        }
    }

    #[test]
    fn journals_become_counts_by_reason_and_class() {
        let ok = Progress::Answered(StatusCode::OK);
        let mut primary: Vec<_> = ["a", "b", "c", "d", "e", "f"].map(|id| received(id, "/", ok)).into();
        primary[3].headers.push((MARKER.to_owned(), b"x".to_vec()));
        primary[4].body_length = LARGEST + 1;
        let shadow = [
            received(
                "a",
                "/?shadow.status=503",
                Progress::Answered(StatusCode::SERVICE_UNAVAILABLE),
            ),
            received("b", "/?shadow.silent", Progress::Complete),
            received("c", "/", ok),
        ];
        let counts = counted(&primary, &shadow).unwrap();
        let expected = [
            ("matched", 6),
            ("sent", 3),
            ("primary.2xx", 3),
            ("responses.2xx", 1),
            ("responses.5xx", 1),
            ("failures.timeout", 1),
            ("skipped.loop", 1),
            ("skipped.not_sampled", 1),
            ("dropped.body_too_large", 1),
        ];
        assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)).into());
        assert_eq!(success(&counts), [Some(100.0), Some(100.0 - 200.0 / 3.0)]);
    }

    #[test]
    fn a_copy_that_nobody_asked_for_is_no_count() {
        let ok = Progress::Answered(StatusCode::OK);
        let one = received("a", "/", ok);
        assert!(counted(&[], std::slice::from_ref(&one)).is_err());
        assert!(counted(std::slice::from_ref(&one), &[one.clone(), one.clone()]).is_err());
        assert!(counted(&[one], &[received("a", "/", Progress::Complete)]).is_err());
        assert_eq!(success(&Counts::new()), [None, None]);
    }
}
