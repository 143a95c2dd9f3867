//! A list of names that a user gives. A name is looked up in a time that depends on the length of the name, and hardly
//! on the number of names.

use crate::headers::NameLengths;

/// Names without regard to the case of ASCII letters.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The names in lower case, by length and then by bytes.
    sorted: Vec<Box<[u8]>>,
    lengths: NameLengths,
}

// === impl Names ===

impl Names {
    pub(super) fn new(names: &[String]) -> Self {
        let mut sorted: Vec<Box<[u8]>> = names
            .iter()
            .map(|name| name.to_ascii_lowercase().into_bytes().into())
            .collect();
        sorted.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        let lengths = sorted
            .iter()
            .fold(NameLengths::default(), |lengths, name| lengths.with(name.len()));
        Self { sorted, lengths }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    pub(super) fn contains(&self, name: &[u8]) -> bool {
        self.lengths.have(name)
            && self
                .sorted
                .binary_search_by(|candidate| {
                    let by_length = candidate.len().cmp(&name.len());
                    by_length.then_with(|| candidate.iter().copied().cmp(name.iter().map(u8::to_ascii_lowercase)))
                })
                .is_ok()
    }
}
