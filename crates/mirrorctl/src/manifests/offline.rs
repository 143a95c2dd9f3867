//! The way back, from the objects as they are: first the copies end, then what is ours goes, then the user's objects
//! are as they were. Ours is known by our labels, in the user's objects by the record that we left there, and without
//! one (in Git) by the job itself. Live requests go on as they are, after every single object.

mod remove;

mod restore;

pub(super) mod stop;

mod offline_job;

pub use offline_job::{OfflineJob, Undo};
pub use remove::{refuse_enabled, remove};
pub use restore::restore;
pub use stop::{stop, stop_discovered};
