//! What can go wrong, and the exit code that says so. Every refusal names the place in the user's spelling, what was
//! found, what is allowed and the next step; nothing of it goes to standard output.

use std::io;

use crate::place::Place;

/// The exit codes: the contract with scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Something failed while running: the disk, the terminal, the cluster.
    Runtime = 1,
    /// The command line, or an input that is unreadable, unparsable or not enough.
    Usage = 2,
    /// Findings at or above the level asked for, or a failed verdict.
    Findings = 3,
    /// Waited too long.
    TimedOut = 4,
    /// The named thing is not there.
    NotFound = 5,
    /// Ended by Ctrl-C: 128 and the number of the signal, as a shell has it.
    Interrupted = 130,
}

/// Why a command ended without an answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line contradicts itself or lacks something.
    #[error("{0}")]
    Usage(String),
    /// An input could not be read or parsed.
    #[error("{place}: {problem}")]
    Unreadable {
        /// The file, and where in it.
        place: Place,
        /// What was found and what is allowed.
        problem: String,
    },
    /// A key of an input holds what it may not hold.
    #[error("{place}: {path}: {problem}")]
    Invalid {
        /// The file, and where in it.
        place: Place,
        /// The key, in the user's spelling: `spec.shadows[0].percentage`.
        path: String,
        /// What was found and what is allowed.
        problem: String,
    },
    /// A fact is needed that no input gives. It is never guessed.
    #[error("{fact} is not among the objects; add to --objects the output of: {command}")]
    Missing {
        /// What must be known: `the Service reviews of namespace demo`.
        fact: String,
        /// The command that brings it.
        command: String,
    },
    /// All is known, and what the job asks for cannot be, or would do harm.
    #[error("{0}")]
    Refused(String),
    /// The named thing is not there.
    #[error("{0}")]
    NotFound(String),
    /// What is asked for is not to be had, from whoever was asked or from the system.
    #[error("{0}")]
    Failed(String),
    /// It did not happen in time.
    #[error("{0}")]
    TimedOut(String),
    /// Standard output, or a file, could not be written.
    #[error("cannot write {name}: {error}")]
    Output {
        /// The file, or `standard output`.
        name: String,
        /// What the system says.
        error: io::Error,
    },
}

/// What every function that can fail here returns.
pub type Result<T> = std::result::Result<T, Error>;

// === impl Error ===

impl Error {
    /// The exit code of this error.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_)
            | Self::Unreadable { .. }
            | Self::Invalid { .. }
            | Self::Missing { .. }
            | Self::Refused(_) => Exit::Usage,
            Self::NotFound(_) => Exit::NotFound,
            Self::TimedOut(_) => Exit::TimedOut,
            Self::Failed(_) | Self::Output { .. } => Exit::Runtime,
        }
    }

    /// The place of a key that was refused.
    pub fn invalid(place: &Place, path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid {
            place: place.clone(),
            path: path.into(),
            problem: problem.into(),
        }
    }
}
