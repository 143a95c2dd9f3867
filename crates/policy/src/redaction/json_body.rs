//! Edits JSON text in place: finds the values that pointers name, and removes or replaces them. Every other byte stays
//! as it is. One pass reads the text, whatever the number of pointers. A text that is not JSON is not edited.

use super::json_pointers::{Level, NAMED, Pointers, Set};
use super::json_scanner::{MAX_DEPTH, Scanner, WrittenKey, closing};
use super::json_text::unescape;
use super::token::ValueToken;
use crate::reasons::Dropped;
use crate::work::Work;

/// Makes the token that replaces a value. Returns `None` if the work is over its limit.
pub(super) type Replace<'a> = &'a dyn Fn(&[u8]) -> Option<ValueToken>;

/// The JSON parts of a redaction.
#[derive(Debug)]
pub(super) struct JsonRules {
    pointers: Pointers,
    /// Whether only the values that `keep.json` names stay.
    has_keep: bool,
    /// The pointers that must name a value.
    required: Set,
}

/// What is known of a place in the text.
#[derive(Clone, Copy)]
struct Place {
    /// The pointers that fit the place so far.
    pointers: Set,
    /// Whether a value stays here if no pointer of `json` names it.
    is_kept: bool,
}

struct Editor<'a> {
    scanner: Scanner<'a>,
    rules: &'a JsonRules,
    /// Makes the tokens. `None` if redaction removes.
    replace: Option<Replace<'a>>,
    edited: Vec<u8>,
    /// The index of the first byte that is not in `edited` yet.
    taken: usize,
    max_bytes: u64,
    /// The pointers that named a value, or fit a value that is removed as a whole.
    met: Set,
    /// The space for a string without its escapes.
    plain: Vec<u8>,
}

/// Whether a text is a JSON pointer with at least one segment: each begins with `/`, and `~` stands as `~0` or `~1`.
pub(crate) fn is_pointer(text: &str) -> bool {
    let mut parts = text.as_bytes().split(|byte| *byte == b'~');
    matches!(parts.next(), Some([b'/', ..])) && parts.all(|rest| matches!(rest, [b'0' | b'1', ..]))
}

// === impl JsonRules ===

impl JsonRules {
    /// Compiles the pointers of `json` and of `keep.json`, at most 64 each. Returns `None` if both lists are empty.
    pub(super) fn compile(named: &[String], kept: Option<&[String]>, require: bool) -> Option<Self> {
        let pointers = Pointers::new(named, kept.unwrap_or_default());
        (pointers.all != 0).then(|| Self {
            has_keep: kept.is_some(),
            required: if require { pointers.all & NAMED } else { 0 },
            pointers,
        })
    }

    /// Edits a text. A removed member of an object goes with its comma. A removed element of an array becomes `null`,
    /// so the other elements keep their index. A token is a string. Returns `None` if no value is named.
    ///
    /// # Errors
    /// The text is not JSON in UTF-8, nests too deeply, or would grow beyond `max_bytes`; the work would be over its
    /// limit; or a required pointer names nothing.
    pub(super) fn edit(
        &self,
        text: &[u8],
        max_bytes: u64,
        work: &Work,
        replace: Option<Replace<'_>>,
    ) -> Result<Option<Vec<u8>>, Dropped> {
        work.charge(text.len() as u64)?;
        work.step(text.len());
        if std::str::from_utf8(text).is_err() {
            return Err(Dropped::RedactFailed);
        }
        let mut editor = Editor {
            scanner: Scanner { text, work },
            rules: self,
            replace,
            edited: Vec::new(),
            taken: 0,
            max_bytes,
            met: 0,
            plain: Vec::new(),
        };
        match editor.document() {
            _ if work.is_over() => Err(Dropped::TooCostly),
            None => Err(Dropped::RedactFailed),
            Some(()) if editor.met & self.required != self.required => Err(Dropped::RedactUnmet),
            Some(()) => Ok((editor.taken != 0).then_some(editor.edited)),
        }
    }
}

// === impl Editor ===

impl Editor<'_> {
    fn document(&mut self) -> Option<()> {
        let scanner = self.scanner;
        let root = Place {
            pointers: self.rules.pointers.all,
            is_kept: !self.rules.has_keep,
        };
        let start = scanner.space(0);
        let end = if self.stays(start, root) {
            self.value(start, root, 0)?
        } else {
            self.met |= root.pointers;
            let end = scanner.value(start, 0)?;
            self.null(start, end)?;
            end
        };
        let length = scanner.text.len();
        (scanner.space(end) == length).then_some(())?;
        if self.taken == 0 {
            return Some(());
        }
        self.write(length, length, &[])
    }

    /// Whether the value at a place stays, as a whole or in parts. A value that only pointers of `json` lead into has
    /// no part that stays.
    fn stays(&self, at: usize, place: Place) -> bool {
        let leads_to_kept = place.pointers & !NAMED != 0;
        place.is_kept || (leads_to_kept && matches!(self.scanner.byte(at), Some(b'{' | b'[')))
    }

    /// Reads a value that stays, and edits it. Returns the index behind it.
    fn value(&mut self, at: usize, place: Place, depth: usize) -> Option<usize> {
        let is_plain = place.pointers == 0 && place.is_kept;
        match self.scanner.byte(at)? {
            b'{' | b'[' if !is_plain && depth < MAX_DEPTH => self.container(at, place, depth),
            _ => self.scanner.value(at, depth),
        }
    }

    /// Edits an object or an array. Neighbouring members that are removed are cut at once: with the comma behind them
    /// if another member follows, else with the comma before them.
    #[inline(never)]
    fn container(&mut self, at: usize, place: Place, depth: usize) -> Option<usize> {
        let (scanner, rules) = (self.scanner, self.rules);
        let level = rules.pointers.level(depth);
        let is_object = scanner.byte(at)? == b'{';
        let mut at = scanner.space(at + 1);
        if scanner.byte(at)? == closing(is_object) {
            return Some(at + 1);
        }
        let mut kept_to = None;
        let mut cut: Option<usize> = None;
        let mut next_index = 0;
        for index in 0.. {
            scanner.work.step(1);
            let start = at;
            let mut fitting = 0;
            if is_object {
                let key;
                (at, key) = scanner.key(at)?;
                fitting = level.map_or(0, |level| self.fitting(level, key));
            } else if let Some(level) = level {
                if place.is_kept && level.names_nothing_after(next_index) {
                    return scanner.elements(at, depth);
                }
                fitting = level.of_index(index, &mut next_index);
            }
            let below = self.below(place, level, fitting);
            if let Some(below) = below.filter(|below| self.stays(at, *below)) {
                if let Some(from) = cut.take() {
                    self.write(from, start, &[])?;
                }
                at = self.value(at, below, depth + 1)?;
                kept_to = Some(at);
            } else {
                self.met |= place.pointers & fitting;
                let value = at;
                at = scanner.value(value, depth + 1)?;
                // What is not kept is removed, also where tokens replace what is named.
                if let (Some(replace), None) = (self.replace, below) {
                    if let Some(from) = cut.take() {
                        self.write(from, start, &[])?;
                    }
                    self.put_token(value, at, replace)?;
                    kept_to = Some(at);
                } else if is_object {
                    cut = cut.or(Some(start));
                } else {
                    self.null(value, at)?;
                    kept_to = Some(at);
                }
            }
            let end = at;
            at = scanner.space(at);
            let byte = scanner.byte(at)?;
            at += 1;
            if byte == b',' {
                at = scanner.space(at);
            } else if byte == closing(is_object) {
                if let Some(from) = cut {
                    self.write(kept_to.unwrap_or(from), end, &[])?;
                }
                break;
            } else {
                return None;
            }
        }
        Some(at)
    }

    /// The pointers of a level that fit a key.
    #[inline]
    fn fitting(&mut self, level: &Level, key: WrittenKey<'_>) -> Set {
        let work = self.scanner.work;
        let text = if key.has_escapes && level.has_names() {
            work.step(key.text.len());
            unescape(key.text, &mut self.plain)
        } else {
            key.text
        };
        if !level.may_name(text) {
            return level.any();
        }
        work.step(text.len().div_ceil(4));
        level.of_name(text, |probes| work.step(probes))
    }

    /// The place below a key that these pointers fit. Returns `None` if a pointer of `json` ends there.
    #[inline]
    fn below(&self, place: Place, level: Option<&Level>, fitting: Set) -> Option<Place> {
        let fitting = place.pointers & fitting;
        let ends = fitting & level.map_or(0, |level| level.ends);
        if ends & NAMED != 0 {
            return None;
        }
        let is_kept = place.is_kept || ends != 0;
        let goes_on = fitting & !ends;
        Some(Place {
            pointers: if is_kept { goes_on & NAMED } else { goes_on },
            is_kept,
        })
    }

    /// Replaces the value between two indexes by its token. Returns `None` if the work is over its limit.
    fn put_token(&mut self, start: usize, end: usize, replace: Replace<'_>) -> Option<()> {
        let value = self.scanner.text.get(start..end)?;
        let token = replace(match value {
            [b'"', text @ .., b'"'] if text.contains(&b'\\') => {
                self.scanner.work.step(text.len());
                unescape(text, &mut self.plain)
            }
            [b'"', text @ .., b'"'] => text,
            value => value,
        })?;
        self.write(start, start, b"\"")?;
        self.write(start, start, &token)?;
        self.write(start, end, b"\"")
    }

    /// Replaces the value between two indexes by `null`.
    #[inline]
    fn null(&mut self, start: usize, end: usize) -> Option<()> {
        // A list of which all elements are removed has nothing but commas between them.
        let length = self.edited.len() + 5;
        if self.scanner.text.get(self.taken..start) != Some(b",") || length as u64 > self.max_bytes {
            return self.write(start, end, b"null");
        }
        self.scanner.work.step(1);
        self.edited.try_reserve(5).ok()?;
        self.edited.extend_from_slice(b",null");
        self.taken = end;
        Some(())
    }

    /// Copies the text up to `from`, then writes the replacement for the text from `from` to `to`.
    fn write(&mut self, from: usize, to: usize, replacement: &[u8]) -> Option<()> {
        let Scanner { text, work } = self.scanner;
        if self.edited.capacity() == 0 {
            self.edited.try_reserve_exact(text.len()).ok()?;
        }
        let kept = text.get(self.taken..from)?;
        work.step(1 + (kept.len() + replacement.len()) / 8);
        let more = kept.len() + replacement.len();
        ((self.edited.len() + more) as u64 <= self.max_bytes).then_some(())?;
        self.edited.try_reserve(more).ok()?;
        append(&mut self.edited, kept);
        append(&mut self.edited, replacement);
        self.taken = to;
        Some(())
    }
}

/// Appends a text. A short one is appended by words, because a call that copies memory costs more than it.
#[inline]
fn append(to: &mut Vec<u8>, text: &[u8]) {
    if text.len() > 32 {
        to.extend_from_slice(text);
        return;
    }
    let (words, rest) = text.as_chunks::<8>();
    for word in words {
        to.extend_from_slice(word);
    }
    let (words, rest) = rest.as_chunks::<4>();
    for word in words {
        to.extend_from_slice(word);
    }
    for byte in rest {
        to.push(*byte);
    }
}
