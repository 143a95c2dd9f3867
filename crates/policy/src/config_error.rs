//! Why a configuration is refused.

/// Why a configuration is refused. The whole configuration is refused: no part of it takes effect.
///
/// ```
/// use mirror_policy::{ConfigError, Plan};
///
/// let error = Plan::parse(br#"{"mirrors": [{"name": "v2", "cluster": "v2", "percentage": 140}]}"#).unwrap_err();
/// assert_eq!(error.to_string(), "mirrors[0].percentage: 140 is not between 0 and 100");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The configuration is empty or white space.
    #[error("there is no configuration; give `mirrors` with at least one entry that has a `name` and a `cluster`")]
    NoConfiguration,
    /// The bytes are neither JSON nor a protobuf `Struct`.
    #[error("the configuration cannot be read: {0}")]
    Unreadable(String),
    /// A key has a value that is not allowed.
    #[error("{path}: {problem}")]
    Invalid {
        /// The place of the value in the user's spelling, such as `mirrors[1].percentage`.
        path: String,
        /// What was found and what is allowed.
        problem: String,
    },
}

impl ConfigError {
    /// A refusal of the value at `path`. The message is one line, whatever the user wrote: a second line in a log would
    /// look like a message of its own.
    pub fn invalid(path: impl Into<String>, problem: impl Into<String>) -> Self {
        let path = path.into();
        Self::Invalid {
            path: if path.is_empty() {
                "the configuration".to_owned()
            } else {
                one_line(path)
            },
            problem: one_line(problem.into()),
        }
    }
}

fn one_line(text: String) -> String {
    let shown = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().map(shown).collect()
}
