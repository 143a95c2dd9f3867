//! The JSON pointers of one redaction, compiled so that one look-up serves all of them: for each level of nesting, the
//! names and indexes that pointers have there, each with the set of its pointers.

use crate::headers::NameLengths;

/// A set of pointers as bits: the low half for the pointers of `json`, the high half for those of `keep.json`. Each
/// list has at most 64 pointers.
pub(super) type Set = u128;

/// The pointers of `json`.
pub(super) const NAMED: Set = u64::MAX as Set;

/// The pointers of one redaction.
#[derive(Debug)]
pub(super) struct Pointers {
    levels: Vec<Level>,
    /// All pointers.
    pub(super) all: Set,
}

/// The segments that pointers have at one level of nesting.
#[derive(Debug, Default)]
pub(super) struct Level {
    /// The pointers with the segment `*`.
    any: Set,
    /// The pointers that end at this level.
    pub(super) ends: Set,
    lengths: NameLengths,
    /// The names by their hash. At least half of the table is empty, and its size is a power of two or 0.
    names: Vec<Option<Name>>,
    /// The array indexes among the names, in order.
    indexes: Vec<(usize, Set)>,
}

#[derive(Debug)]
struct Name {
    hash: u32,
    text: Vec<u8>,
    pointers: Set,
}

// === impl Pointers ===

impl Pointers {
    /// Compiles the pointers of `json` and those of `keep.json`.
    pub(super) fn new(named: &[String], kept: &[String]) -> Self {
        let mut pointers = Self {
            levels: Vec::new(),
            all: 0,
        };
        for (list, first) in [(named, 1), (kept, 1 << 64)] {
            let mut bit: Set = first;
            for pointer in list {
                pointers.add(pointer.as_bytes(), bit);
                bit <<= 1;
            }
        }
        pointers.levels.iter_mut().for_each(Level::index);
        pointers
    }

    fn add(&mut self, pointer: &[u8], bit: Set) {
        self.all |= bit;
        let mut segments = pointer.split(|byte| *byte == b'/').skip(1).peekable();
        let mut depth = 0;
        while let Some(segment) = segments.next() {
            if self.levels.len() == depth {
                self.levels.push(Level::default());
            }
            let Some(level) = self.levels.get_mut(depth) else {
                return;
            };
            depth += 1;
            if segments.peek().is_none() {
                level.ends |= bit;
            }
            if segment == b"*" {
                level.any |= bit;
            } else {
                level.add(plain(segment), bit);
            }
        }
    }

    /// The segments at a level. Returns `None` below all pointers.
    pub(super) fn level(&self, depth: usize) -> Option<&Level> {
        self.levels.get(depth)
    }
}

/// The key that an escaped segment means.
fn plain(segment: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(segment.len());
    let mut rest = segment;
    while let [byte, after @ ..] = rest {
        rest = after;
        match (byte, after) {
            (b'~', [letter, after @ ..]) => {
                key.push(if *letter == b'0' { b'~' } else { b'/' });
                rest = after;
            }
            _ => key.push(*byte),
        }
    }
    key
}

/// The index that a key means. Only the one spelling of a number names an element: `01` names none.
fn index_of(key: &[u8]) -> Option<usize> {
    let is_number =
        matches!(key, [b'0']) || matches!(key, [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit));
    let number = |number: usize, digit: &u8| number.checked_mul(10)?.checked_add(usize::from(digit - b'0'));
    key.iter()
        .filter(|_| is_number)
        .try_fold(0, number)
        .filter(|_| is_number)
}

// === impl Level ===

impl Level {
    /// Adds a pointer with a key to the names, which are not a table yet.
    fn add(&mut self, key: Vec<u8>, bit: Set) {
        self.lengths = self.lengths.with(key.len());
        if let Some(index) = index_of(&key) {
            let at = self.indexes.partition_point(|(known, _)| *known < index);
            match self.indexes.get_mut(at) {
                Some((known, pointers)) if *known == index => *pointers |= bit,
                _ => self.indexes.insert(at, (index, bit)),
            }
        }
        match self.names.iter_mut().flatten().find(|name| name.text == key) {
            Some(name) => name.pointers |= bit,
            None => self.names.push(Some(Name {
                hash: hash(&key),
                text: key,
                pointers: bit,
            })),
        }
    }

    /// Makes the names a table.
    fn index(&mut self) {
        let names = std::mem::take(&mut self.names);
        let size = if names.is_empty() {
            0
        } else {
            (2 * names.len()).next_power_of_two()
        };
        self.names.resize_with(size, || None);
        for name in names.into_iter().flatten() {
            let mut at = self.slot(name.hash);
            while self.names.get(at).is_some_and(Option::is_some) {
                at = self.slot(at as u32 + 1);
            }
            if let Some(slot) = self.names.get_mut(at) {
                *slot = Some(name);
            }
        }
    }

    /// The place of a hash in the table of names.
    fn slot(&self, hash: u32) -> usize {
        hash as usize & self.names.len().wrapping_sub(1)
    }

    /// Whether a pointer of the level names a key, besides `*`.
    pub(super) const fn has_names(&self) -> bool {
        !self.names.is_empty()
    }

    /// Whether a pointer of the level may name a key. If not, only `*` does.
    pub(super) const fn may_name(&self, key: &[u8]) -> bool {
        self.lengths.have(key)
    }

    /// The pointers that fit any key.
    pub(super) const fn any(&self) -> Set {
        self.any
    }

    /// The pointers that fit the key of an object, without escapes. `probes` is told how many names were looked at.
    #[inline]
    pub(super) fn of_name(&self, key: &[u8], mut probes: impl FnMut(usize)) -> Set {
        let hash = hash(key);
        let mut at = self.slot(hash);
        while let Some(Some(name)) = self.names.get(at) {
            probes(1);
            if name.hash == hash && name.text == key {
                return self.any | name.pointers;
            }
            at = self.slot(at as u32 + 1);
        }
        self.any
    }

    /// Whether no pointer names an element of an array, from the one on that [`of_index`](Self::of_index) has left in
    /// `next`.
    pub(super) fn names_nothing_after(&self, next: usize) -> bool {
        self.any == 0 && next >= self.indexes.len()
    }

    /// The pointers that fit an index of an array. The indexes before it must have been asked for before; `next` is 0
    /// for the first one.
    #[inline]
    pub(super) fn of_index(&self, index: usize, next: &mut usize) -> Set {
        match self.indexes.get(*next) {
            Some((named, pointers)) if *named == index => {
                *next += 1;
                self.any | pointers
            }
            _ => self.any,
        }
    }
}

/// The hash of a name: FNV-1a with 32 bits over words of four bytes, and a mix, so that the low bits depend on all.
fn hash(text: &[u8]) -> u32 {
    let (words, rest) = text.as_chunks::<4>();
    let words = words.iter().map(|word| u32::from_le_bytes(*word));
    let rest = rest.iter().map(|byte| u32::from(*byte));
    let hash = words.chain(rest).fold(0x811c_9dc5_u32, |hash, word| {
        (hash ^ word).wrapping_mul(0x0100_0193).rotate_left(15)
    });
    (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b) ^ hash >> 13
}
