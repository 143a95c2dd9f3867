//! The cases: what is in order, what is changed in it, and what is then found.

mod answers;

mod attachment;

mod clones;

mod copied;

mod destinations;

mod istio;

mod jobs;

mod live;

mod near;

mod references;

mod streams;

mod unread;

mod unreached;

/// One case.
pub struct Case {
    /// Code, path and message.
    pub finding: &'static str,
    /// What is in order.
    pub good: &'static str,
    /// Each text, once, by another one.
    pub changes: &'static [(&'static str, &'static str)],
}

const fn case(finding: &'static str, good: &'static str, changes: &'static [(&'static str, &'static str)]) -> Case {
    Case { finding, good, changes }
}

/// All cases, subject by subject.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    [
        istio::CASES,
        attachment::CASES,
        answers::CASES,
        copied::CASES,
        destinations::CASES,
        live::CASES,
        clones::CASES,
        streams::CASES,
        unread::CASES,
        jobs::CASES,
        references::CASES,
        unreached::CASES,
    ]
    .into_iter()
    .flatten()
}

/// What looks like a case and is none: the code that must not be found, what is in order, and what is changed in it.
pub fn near() -> impl Iterator<Item = &'static Case> {
    [near::NEAR, answers::NEAR, istio::NEAR, streams::NEAR, unreached::NEAR]
        .into_iter()
        .flatten()
}
