//! A request after redaction. Mirrors with equal `redact` share one, so a request is redacted once for all of them.

use std::rc::Rc;
use std::time::Duration;

use crate::active_plan::ActiveMirror;
use crate::headers::Headers;
use crate::memory;
use crate::plan::Mirror;
use crate::reasons::Dropped;
use crate::redaction::Redaction;
use crate::work::Work;

/// The edit of one header: its place among the headers, and its new value. `None` means that the header is removed.
pub type HeaderEdit = (usize, Option<Vec<u8>>);

/// A request after redaction, and the work that it was.
#[derive(Debug, Default)]
pub struct RedactedRequest {
    /// The headers that redaction changes, in order.
    pub(crate) headers: Vec<HeaderEdit>,
    /// The body. `None` if redaction does not change the body.
    pub(crate) body: Option<Vec<u8>>,
    /// Why there is no redacted head: the work was too much.
    head_loss: Option<Dropped>,
    /// Why there is no redacted body.
    body_loss: Option<Dropped>,
    /// The bytes that were examined for the headers.
    head_work: u64,
    /// The bytes that were examined for the headers and the body.
    whole_work: u64,
}

/// The mirrors with one redaction that want a copy of one request.
#[derive(Debug)]
struct Sharers {
    redaction: Rc<Redaction>,
    /// The largest of the mirrors' limits of work, in bytes.
    max_examined: u64,
    /// The largest of the mirrors' caps of a body, in bytes.
    max_body: u64,
    has_body: bool,
    redacted: Option<Rc<RedactedRequest>>,
}

/// The redactions of one request, each done once, when the first mirror asks.
#[derive(Debug, Default)]
pub(crate) struct Redactions(Vec<Sharers>);

// === impl Redactions ===

impl Redactions {
    /// Nothing is redacted yet. `mirrors` are the mirrors that want a copy, each with whether the copy has the body.
    pub(crate) fn new<'a>(mirrors: impl Iterator<Item = (&'a Mirror, bool)>) -> Self {
        let mut all: Vec<Sharers> = Vec::new();
        for (mirror, has_body) in mirrors {
            let Some(redaction) = &mirror.redaction else { continue };
            let max_examined = mirror.config.limits.max_examined_bytes.get();
            let max_body = mirror.config.body.max_bytes.get();
            match all.iter_mut().find(|sharers| Rc::ptr_eq(&sharers.redaction, redaction)) {
                Some(sharers) => {
                    sharers.max_examined = sharers.max_examined.max(max_examined);
                    sharers.max_body = sharers.max_body.max(max_body);
                    sharers.has_body |= has_body;
                }
                None => all.push(Sharers {
                    redaction: Rc::clone(redaction),
                    max_examined,
                    max_body,
                    has_body,
                    redacted: None,
                }),
            }
        }
        Self(all)
    }

    /// The request after the redaction of a mirror. Returns `None` if the mirror does not redact.
    ///
    /// # Errors
    /// The redactions of the plugin are over their rate. The work is over the mirror's limit. The copy has the body,
    /// and the body cannot be redacted.
    pub(crate) fn of(
        &mut self,
        active: &ActiveMirror,
        has_body: bool,
        headers: &Headers,
        body: &[u8],
        now: Duration,
    ) -> Result<Option<Rc<RedactedRequest>>, Dropped> {
        let mirror = &active.mirror;
        let sharers = mirror.redaction.as_ref().and_then(|redaction| {
            self.0
                .iter_mut()
                .find(|sharers| Rc::ptr_eq(&sharers.redaction, redaction))
        });
        let Some(sharers) = sharers else { return Ok(None) };
        let redacted = match &sharers.redacted {
            Some(redacted) => redacted,
            None => {
                active.examined_rate.note_time(now);
                active.examined_rate.has_room()?;
                let redacted = RedactedRequest::new(
                    &sharers.redaction,
                    headers,
                    body,
                    &Work::new(sharers.max_examined),
                    sharers.has_body.then_some(sharers.max_body),
                );
                let per_second = mirror.config.limits.max_examined_bytes_per_second.get();
                active.examined_rate.charge(redacted.whole_work, per_second);
                sharers.redacted.insert(Rc::new(redacted))
            }
        };
        redacted.check(mirror, has_body)?;
        Ok(Some(Rc::clone(redacted)))
    }
}

// === impl RedactedRequest ===

impl RedactedRequest {
    /// Redacts the headers of a request, and the body if a cap in bytes is given for it.
    fn new(redaction: &Redaction, headers: &Headers, body: &[u8], work: &Work, max_body: Option<u64>) -> Self {
        let mut redacted = Self::default();
        match head(redaction, headers, work) {
            Ok(headers) => redacted.headers = headers,
            Err(loss) => {
                redacted.head_loss = Some(loss);
                redacted.whole_work = work.examined();
                return redacted;
            }
        }
        redacted.head_work = work.examined();
        if let Some(max_body) = max_body {
            let room = memory::has_room(memory::while_redacting(body.len(), max_body));
            match room.and_then(|()| redaction.body(headers, body, max_body, work)) {
                Ok(body) => redacted.body = body,
                Err(loss) => redacted.body_loss = Some(loss),
            }
        }
        redacted.whole_work = work.examined();
        redacted
    }

    /// Checks that a mirror may have a copy of this request.
    fn check(&self, mirror: &Mirror, has_body: bool) -> Result<(), Dropped> {
        let loss = self.head_loss.or(self.body_loss.filter(|_| has_body));
        let work = if has_body { self.whole_work } else { self.head_work };
        let length = self.body.as_ref().filter(|_| has_body).map_or(0, Vec::len) as u64;
        match loss {
            Some(loss) => Err(loss),
            None if work > mirror.config.limits.max_examined_bytes.get() => Err(Dropped::TooCostly),
            None if length > mirror.config.body.max_bytes.get() => Err(Dropped::RedactFailed),
            None => Ok(()),
        }
    }
}

/// Redacts headers.
///
/// # Errors
/// The work would be over its limit.
pub fn head(redaction: &Redaction, headers: &Headers, work: &Work) -> Result<Vec<HeaderEdit>, Dropped> {
    work.charge(headers.bytes())?;
    let mut edits = Vec::new();
    for (index, (name, value)) in headers.iter().enumerate() {
        match redaction.header((name, value), work) {
            Some(std::borrow::Cow::Borrowed(_)) => {}
            Some(std::borrow::Cow::Owned(edited)) => edits.push((index, Some(edited))),
            None => edits.push((index, None)),
        }
        if work.is_over() {
            return Err(Dropped::TooCostly);
        }
    }
    Ok(edits)
}
