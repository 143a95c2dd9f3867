//! An object on its way to being applied: new, or the user's with our change in it and what it must remember.

use serde_json::Value;

use super::record::{Record, as_applied, generation, part, refused_apply};
use super::{Options, Origin, ours};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::marks::ORIGINAL;
use crate::objects::{Object, World};

/// An object that is new, or the user's with our change in it.
pub(super) struct ObjectChange {
    /// Whose.
    pub origin: Origin,
    /// The whole object as it is to be, without a record.
    pub object: Value,
    /// What it was, if it is the user's.
    pub original: Option<Object>,
    /// What the record says was added.
    pub added: Vec<String>,
    /// What the record says was pinned.
    pub pinned: Option<String>,
}

// === impl ObjectChange ===

impl ObjectChange {
    /// A new object.
    pub fn ours(object: Value) -> Self {
        Self {
            origin: Origin::Ours,
            object,
            original: None,
            added: Vec::new(),
            pinned: None,
        }
    }

    /// The object as it is to be applied: with what it must remember, unless Git remembers.
    pub fn finish(self, job: &Job, world: &World, options: &Options, notes: &mut Vec<String>) -> Result<Value> {
        let mut object = self.object;
        let Some(original) = self.original else {
            ours::refuse_taken_name(&object, job, world)?;
            return Ok(object);
        };
        if options.gitops {
            Record::remove(&mut object);
            as_applied(&mut object, false);
            return Ok(object);
        }
        as_applied(&mut object, options.keep_resource_version);
        notes.extend(refused_apply(&original));
        let earlier = Record::of(&original);
        notes.extend(earlier.as_ref().and_then(|earlier| earlier.changed_besides(&original)));
        let before = part(original.kind()).and_then(|part| original.at(&["spec", part]));
        let record = Record {
            job: job.name.clone(),
            // Of an object that this job has changed already, the first original stays.
            before: match &earlier {
                Some(earlier) => earlier.before.clone(),
                None => before.cloned().unwrap_or_default(),
            },
            added: self.added,
            pinned: self.pinned.or_else(|| earlier.and_then(|earlier| earlier.pinned)),
            generation: generation(&original),
        };
        record.write(&mut object, &original.title(), notes)?;
        Ok(object)
    }
}

/// The user's objects that another job has changed are left alone: its original would be ours.
pub(super) fn refuse_other_job(object: &Object, job: &Job) -> Result<()> {
    match Record::of(object) {
        Some(record) if record.job != job.name => Err(Error::Refused(format!(
            "{} carries the copies of the job {}; take that one offline and restore the original first, or give its shadows to this job",
            object.title(),
            record.job
        ))),
        None if object.annotation(ORIGINAL).is_some() => Err(Error::Refused(format!(
            "{}: the annotation {ORIGINAL} is not one that this version wrote; remove it if nothing is to be restored",
            object.title()
        ))),
        _ => Ok(()),
    }
}
