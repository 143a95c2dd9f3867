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
        let mut set = Self::default();
        for name in names {
            let name = name.to_ascii_lowercase().into_bytes();
            if let Err(at) = set.place(&name) {
                set.lengths = set.lengths.with(name.len());
                set.sorted.insert(at, name.into());
            }
        }
        set
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    pub(super) fn contains(&self, name: &[u8]) -> bool {
        self.lengths.have(name) && self.place(name).is_ok()
    }

    /// Where a name is, or else where it would have to be.
    fn place(&self, name: &[u8]) -> Result<usize, usize> {
        self.sorted.binary_search_by(|candidate| {
            let by_length = candidate.len().cmp(&name.len());
            by_length.then_with(|| candidate.iter().copied().cmp(name.iter().map(u8::to_ascii_lowercase)))
        })
    }
}
