//! What the demo claims, and whether it held.

/// All claims so far.
#[derive(Default)]
pub(super) struct Checks {
    all: Vec<(String, bool)>,
}

impl Checks {
    pub(super) fn check(&mut self, claim: &str, held: bool) {
        self.all.push((claim.to_owned(), held));
    }

    pub(super) fn equal(&mut self, what: &str, counted: u64, expected: u64) {
        let claim = if counted == expected {
            format!("{what}: {counted}")
        } else {
            format!("{what}: {counted} instead of {expected}")
        };
        self.check(&claim, counted == expected);
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(String, bool)> {
        self.all.iter()
    }

    pub(super) fn failed(&self) -> usize {
        self.all.iter().filter(|(_, held)| !held).count()
    }

    pub(super) fn all_held(&self) -> bool {
        self.failed() == 0
    }
}
