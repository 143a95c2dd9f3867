//! What a person is told whose push fails: what was asked, what the registry answered, and what to do. No URL is shown
//! behind its host, and nothing that was sent.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::answer::Answer;
use super::reference::Reference;
use super::url;
use crate::error::Error;
use crate::transport::{one_line, problem};

/// How much of a registry's own words is repeated, in characters.
const MAX_WORDS: usize = 300;

/// What is known when a registry refuses.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    /// The image.
    pub reference: &'a Reference,
    /// Whose credentials were sent.
    pub login: Option<&'a str>,
    /// Where credentials were looked for.
    pub looked_in: &'a [PathBuf],
}

// === impl Refusal ===

impl Refusal<'_> {
    /// The registry wants credentials, or others.
    pub fn unauthorized(self, answer: &Answer) -> Error {
        let said = self.said("let the push in", answer);
        let next = format!("docker login {0} (or: podman login {0})", self.reference.registry);
        Error::Failed(match self.login {
            Some(origin) => format!("{said}: it refuses the credentials of {origin}; log in anew: {next}"),
            None => {
                let files: Vec<String> = self.looked_in.iter().map(|file| file.display().to_string()).collect();
                let files = files.join(", ");
                format!("{said}: it wants credentials, and none for it are in {files}; log in: {next}")
            }
        })
    }

    /// Any other answer that ends a push; `asked` is what for: `take the manifest`.
    pub fn refused(self, asked: &str, answer: &Answer) -> Error {
        let said = self.said(asked, answer);
        match answer.status.as_u16() {
            401 => self.unauthorized(answer),
            403 => {
                let who = match self.login {
                    Some(origin) => format!("the account of {origin} may not push to it"),
                    None => "nobody may push to it without credentials".to_owned(),
                };
                Error::Failed(format!(
                    "{said}: {who}; ask for that right, name another repository, or log in as somebody else: docker \
                     login {}",
                    self.reference.registry
                ))
            }
            404 => Error::NotFound(format!(
                "{said}: is it a registry, and does it make repositories by itself? Otherwise make {} there first",
                self.reference.name
            )),
            405 => Error::Failed(format!(
                "{said}: it takes no images; is it a mirror of another registry?"
            )),
            408 | 429 | 500..=599 => Error::Failed(format!("{said}: run it again later; its own log says more")),
            _ => Error::Failed(said),
        }
    }

    /// No answer came.
    pub fn unanswered(self, url: &str, error: &ureq::Error, patience: Duration) -> Error {
        let host = url::shown(url);
        let problem = problem(error, patience);
        let next = if problem.contains("does it speak https?") {
            "; --insecure allows plain HTTP"
        } else if problem.contains("invalid peer certificate") && !problem.contains("--ca-file") {
            "; --ca-file names the file of who signed it, --insecure trusts anybody"
        } else {
            ""
        };
        let text = format!("{}: {host}: {problem}{next}", self.reference);
        match error {
            ureq::Error::Timeout(_) => Error::TimedOut(format!("{text}; --timeout allows more")),
            _ => Error::Failed(text),
        }
    }

    /// A server sends one from TLS to where there is none.
    pub fn downgrade(self, from: &str, to: &str) -> Error {
        Error::Failed(format!(
            "{}: {} sends on to {}, which is not https; --insecure allows that",
            self.reference,
            url::shown(from),
            url::shown(to)
        ))
    }

    /// One is sent on and on.
    pub fn astray(self, url: &str, most: usize) -> Error {
        Error::Failed(format!(
            "{}: sent on more than {most} times, at last to {}",
            self.reference,
            url::shown(url)
        ))
    }

    /// The server of tokens gave none.
    pub fn no_token(self, realm: &str) -> Error {
        Error::Failed(format!(
            "{}: {} was asked for a token and answers none",
            self.reference,
            url::shown(realm)
        ))
    }

    /// The registry took the manifest as another one.
    pub fn other_digest(self, sent: &str, taken: &str) -> Error {
        let taken: String = taken.chars().filter(char::is_ascii_graphic).take(MAX_WORDS).collect();
        Error::Failed(format!(
            "{}: the manifest {sent} was sent, and the registry has it as {taken}; Istio would refuse it by either",
            self.reference
        ))
    }

    /// Who was asked for what, and what was answered, with the registry's own words.
    fn said(self, asked: &str, answer: &Answer) -> String {
        let status = answer.status;
        let host = url::shown(&answer.url);
        let words = words(&answer.body).map_or_else(String::new, |words| format!(" ({words})"));
        format!(
            "{}: {host} was asked to {asked} and answers {status}{words}",
            self.reference
        )
    }
}

/// What a registry says about an error (distribution specification, "Error Codes").
fn words(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let error = body.get("errors")?.get(0)?;
    let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
    let words = one_line(&format!("{} {}", text("code"), text("message")));
    let words: String = words.chars().filter(|one| !one.is_control()).take(MAX_WORDS).collect();
    (!words.is_empty()).then_some(words)
}
