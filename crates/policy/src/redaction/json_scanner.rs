//! Reads JSON strictly as RFC 8259 says, without changing it. Each byte is looked at once, and long strings by eight
//! bytes at a time.

use super::json_text::{escaped, hex};
use crate::work::Work;

/// How deep objects and arrays may nest. Each level that pointers lead into is one call, and the stack of a module is
/// small.
pub(crate) const MAX_DEPTH: usize = 128;

/// A text that is read. Each method reads from an index on, and returns the index behind what it has read.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'a> {
    /// The text. It is UTF-8.
    pub(super) text: &'a [u8],
    pub(super) work: &'a Work,
}

/// A key of an object, as it is written between its quotes.
#[derive(Clone, Copy)]
pub(super) struct WrittenKey<'a> {
    pub(super) text: &'a [u8],
    pub(super) has_escapes: bool,
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

impl<'a> Scanner<'a> {
    /// Reads one value inside of `depth` containers.
    #[inline]
    pub(super) fn value(self, at: usize, depth: usize) -> Option<usize> {
        // A number of one digit is the shortest value, so a text can have the most of them.
        if let Some([b'0'..=b'9', b',' | b']' | b'}']) = self.text.get(at..at.wrapping_add(2)) {
            self.work.step(1);
            return Some(at + 1);
        }
        self.values(at, depth, 0, 0)
    }

    /// Reads the rest of an array, from the begin of an element on. The array is inside of `depth` containers.
    pub(super) fn elements(self, at: usize, depth: usize) -> Option<usize> {
        self.values(at, depth, 0, 1)
    }

    /// Reads values until no container is open any more. `kinds` has one bit for each open container: 1 for an object.
    #[inline(never)]
    fn values(self, mut at: usize, depth: usize, mut kinds: u128, mut open: usize) -> Option<usize> {
        loop {
            self.work.step(1);
            let first = self.byte(at)?;
            at += 1;
            match first {
                b'"' => (at, _) = self.string(at)?,
                b'0'..=b'9' | b'-' => at = self.number(at, first)?,
                b'{' | b'[' => {
                    if depth + open >= MAX_DEPTH {
                        return None;
                    }
                    let is_object = first == b'{';
                    open += 1;
                    kinds = kinds << 1 | u128::from(is_object);
                    at = self.space(at);
                    if self.byte(at)? != closing(is_object) {
                        if is_object {
                            (at, _) = self.key(at)?;
                        }
                        continue;
                    }
                }
                _ => at = self.word(at, first)?,
            }
            // A value has ended here, or an empty container is about to end.
            loop {
                if open == 0 {
                    return Some(at);
                }
                self.work.step(1);
                at = self.space(at);
                let is_object = kinds & 1 == 1;
                let byte = self.byte(at)?;
                at += 1;
                if byte == b',' {
                    at = self.space(at);
                    if is_object {
                        (at, _) = self.key(at)?;
                    }
                    break;
                }
                if byte != closing(is_object) {
                    return None;
                }
                kinds >>= 1;
                open -= 1;
            }
        }
    }

    /// Reads a key, its colon and the space around the colon.
    #[inline]
    pub(super) fn key(self, at: usize) -> Option<(usize, WrittenKey<'a>)> {
        if self.byte(at)? != b'"' {
            return None;
        }
        let start = at + 1;
        let (end, has_escapes) = self.string(start)?;
        let text = self.text.get(start..end - 1)?;
        let colon = self.space(end);
        if self.byte(colon)? != b':' {
            return None;
        }
        Some((self.space(colon + 1), WrittenKey { text, has_escapes }))
    }

    /// Reads the rest of a string after its first quote. Returns whether the string has escapes, too.
    #[inline(never)]
    fn string(self, mut at: usize) -> Option<(usize, bool)> {
        let mut has_escapes = false;
        loop {
            at = self.plain(at);
            let byte = self.byte(at)?;
            at += 1;
            match byte {
                b'"' => return Some((at, has_escapes)),
                b'\\' => {
                    has_escapes = true;
                    at = self.escape(at)?;
                    while self.byte(at)? == b'\\' {
                        at = self.escape(at + 1)?;
                    }
                }
                0..0x20 => return None,
                // The last bytes of the text are read one by one.
                _ => self.work.step(1),
            }
        }
    }

    /// Passes over the bytes of a string that mean themselves, as long as eight bytes are left.
    #[inline]
    fn plain(self, mut at: usize) -> usize {
        while let Some(chunk) = self.text.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            self.work.step(1);
            let chunk = u64::from_le_bytes(*chunk);
            // A byte of `found` has its highest bit if the byte of the text is a quote, a backslash or a control
            // character. A borrow can set more of them, but only behind the first.
            let quote = chunk ^ (ONES * 0x22);
            let backslash = chunk ^ (ONES * 0x5c);
            let found = (quote.wrapping_sub(ONES) & !quote)
                | (backslash.wrapping_sub(ONES) & !backslash)
                | (chunk.wrapping_sub(ONES * 0x20) & !chunk);
            let found = found & HIGHS;
            if found != 0 {
                return at + found.trailing_zeros() as usize / 8;
            }
            at += 8;
        }
        at
    }

    /// Reads what stands behind a backslash.
    #[inline]
    fn escape(self, at: usize) -> Option<usize> {
        self.work.step(1);
        match self.byte(at)? {
            b'u' => {
                let digits = self.text.get(at + 1..)?.first_chunk::<4>()?;
                digits.iter().all(|digit| hex(*digit).is_some()).then_some(at + 5)
            }
            letter => escaped(letter).map(|_| at + 1),
        }
    }

    /// Reads the rest of `true`, `false` or `null` after its first byte.
    fn word(self, at: usize, first: u8) -> Option<usize> {
        let rest: &[u8] = match first {
            b't' => b"rue",
            b'f' => b"alse",
            b'n' => b"ull",
            _ => return None,
        };
        self.text.get(at..)?.starts_with(rest).then_some(at + rest.len())
    }

    /// Reads the rest of a number such as `-12.5e+3` after its first byte: digits without a leading zero, then a
    /// fraction and an exponent, each with at least one digit.
    #[inline]
    fn number(self, mut at: usize, mut first: u8) -> Option<usize> {
        if first == b'-' {
            first = self.byte(at).filter(u8::is_ascii_digit)?;
            at += 1;
        }
        if first != b'0' {
            at = self.digits(at);
        }
        match self.byte(at) {
            Some(b'.' | b'e' | b'E') => self.fraction(at),
            _ => Some(at),
        }
    }

    #[inline(never)]
    fn fraction(self, mut at: usize) -> Option<usize> {
        if self.byte(at) == Some(b'.') {
            at = self.some_digits(at + 1)?;
        }
        if let Some(b'e' | b'E') = self.byte(at) {
            at += 1;
            if let Some(b'+' | b'-') = self.byte(at) {
                at += 1;
            }
            at = self.some_digits(at)?;
        }
        Some(at)
    }

    fn some_digits(self, at: usize) -> Option<usize> {
        self.byte(at).filter(u8::is_ascii_digit)?;
        Some(self.digits(at + 1))
    }

    #[inline]
    fn digits(self, mut at: usize) -> usize {
        while let Some(b'0'..=b'9') = self.byte(at) {
            self.work.step(1);
            at += 1;
        }
        at
    }

    #[inline]
    pub(super) fn space(self, mut at: usize) -> usize {
        while let Some(0..=b' ') = self.byte(at) {
            if !matches!(self.byte(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
                break;
            }
            self.work.step(1);
            at += 1;
        }
        at
    }

    #[inline]
    pub(super) fn byte(self, at: usize) -> Option<u8> {
        self.text.get(at).copied()
    }
}

/// The byte that ends an object or an array.
pub(super) const fn closing(is_object: bool) -> u8 {
    if is_object { b'}' } else { b']' }
}
