//! Edits JSON text in place: finds the values that pointers name, and removes or replaces them. Every other byte stays
//! as it is. One pass reads the text strictly as RFC 8259 says. A text that is not JSON is not edited.

use std::borrow::Cow;

/// How deep objects and arrays may nest. Each level is one call, and the stack of a module is small.
pub(crate) const MAX_DEPTH: usize = 128;

/// A token in place of a value: 32 hexadecimal digits.
pub(super) type ValueToken = [u8; 32];

/// The key of a value in its object, unescaped, or its index in its array.
enum Key<'a> {
    Name(Cow<'a, [u8]>),
    Index(usize),
}

/// The pointers that fit a place in the text so far, as bits by their index.
type Live = u64;

/// Makes the token that replaces a value. Returns `None` if the value is removed.
type Replace<'a> = &'a dyn Fn(&[u8]) -> Option<ValueToken>;

struct Editor<'a> {
    text: &'a [u8],
    /// The index of the next byte to read.
    at: usize,
    pointers: &'a [String],
    replace: Replace<'a>,
    edited: Vec<u8>,
    /// The index of the first byte that is not in `edited` yet.
    taken: usize,
    max_bytes: u64,
}

/// Edits a text by at most 64 pointers. A removed member of an object goes with its comma. A removed element of an
/// array becomes `null`, so the other elements keep their index. A token is a string. Returns `Some(None)` if no value
/// is named.
///
/// Returns `None` if the text is not JSON in UTF-8, nests deeper than [`MAX_DEPTH`], or would grow beyond `max_bytes`.
pub(crate) fn edit(text: &[u8], pointers: &[String], max_bytes: u64, replace: Replace<'_>) -> Option<Option<Vec<u8>>> {
    std::str::from_utf8(text).ok()?;
    let mut editor = Editor {
        text,
        at: 0,
        pointers,
        replace,
        edited: Vec::new(),
        taken: 0,
        max_bytes,
    };
    editor.space();
    editor.value(Live::MAX, 0)?;
    editor.space();
    if editor.at != text.len() {
        return None;
    }
    if editor.taken == 0 {
        return Some(None);
    }
    editor.write(text.len(), text.len(), &[])?;
    Some(Some(editor.edited))
}

/// Whether a text is a JSON pointer with at least one segment: each begins with `/`, and `~` stands as `~0` or `~1`.
pub(crate) fn is_pointer(text: &str) -> bool {
    let mut parts = text.as_bytes().split(|byte| *byte == b'~');
    matches!(parts.next(), Some([b'/', ..])) && parts.all(|rest| matches!(rest, [b'0' | b'1', ..]))
}

// === impl Key ===

impl Key<'_> {
    /// Whether an escaped segment of a pointer names the key.
    fn is_named(&self, segment: &[u8]) -> bool {
        match self {
            _ if segment == b"*" => true,
            Key::Index(index) => segment == index.to_string().as_bytes(),
            Key::Name(name) => {
                let mut name = name.iter();
                let mut segment = segment.iter();
                while let Some(byte) = segment.next() {
                    let byte = match byte {
                        b'~' if segment.next() == Some(&b'0') => b'~',
                        b'~' => b'/',
                        byte => *byte,
                    };
                    if name.next() != Some(&byte) {
                        return false;
                    }
                }
                name.next().is_none()
            }
        }
    }
}

// === impl Editor ===

impl<'a> Editor<'a> {
    fn value(&mut self, live: Live, depth: usize) -> Option<()> {
        match self.peek()? {
            b'{' | b'[' if depth < MAX_DEPTH => self.container(live, depth),
            b'"' => self.string().map(drop),
            _ => self.word(),
        }
    }

    /// Reads an object or an array. Neighbouring members that are removed are cut at once: with the comma behind them
    /// if another member follows, else with the comma before them.
    fn container(&mut self, live: Live, depth: usize) -> Option<()> {
        let is_object = self.next()? == b'{';
        let close = if is_object { b'}' } else { b']' };
        self.space();
        if self.peek()? == close {
            return self.next().map(drop);
        }
        let mut kept_to = None;
        let mut cut: Option<(usize, usize)> = None;
        for index in 0.. {
            let start = self.at;
            let key = if is_object {
                let name = self.string()?;
                self.space();
                self.expect(b':')?;
                self.space();
                Key::Name(if live == 0 { name.into() } else { unescape(name) })
            } else {
                Key::Index(index)
            };
            let below = self.below(live, depth, &key);
            let value = self.at;
            if below.is_none() {
                self.value(0, depth + 1)?;
            }
            let replacement = match below {
                None => (self.replace)(&bare(self.text.get(value..self.at)?)),
                Some(_) => None,
            };
            if below.is_none() && replacement.is_none() && is_object {
                cut = Some((cut.map_or(start, |(start, _)| start), self.at));
            } else {
                if let Some((from, _)) = cut.take() {
                    self.write(from, start, &[])?;
                }
                match (below, replacement) {
                    (Some(live), _) => self.value(live, depth + 1)?,
                    (None, Some(token)) => self.write(value, self.at, &[b"\"", &token[..], b"\""].concat())?,
                    (None, None) => self.write(value, self.at, b"null")?,
                }
                kept_to = Some(self.at);
            }
            self.space();
            match self.next()? {
                b',' => self.space(),
                byte if byte == close => break,
                _ => return None,
            }
        }
        match cut {
            Some((from, to)) => self.write(kept_to.unwrap_or(from), to, &[]),
            None => Some(()),
        }
    }

    /// The pointers that continue below a key. Returns `None` if a pointer ends at the key.
    fn below(&self, live: Live, depth: usize, key: &Key<'_>) -> Option<Live> {
        if live == 0 {
            return Some(0);
        }
        let mut below = 0;
        for (index, pointer) in self.pointers.iter().enumerate() {
            let bit = 1 << (index % 64);
            let mut segments = pointer.as_bytes().split(|byte| *byte == b'/');
            if live & bit != 0 && segments.nth(depth + 1).is_some_and(|segment| key.is_named(segment)) {
                segments.next()?;
                below |= bit;
            }
        }
        Some(below)
    }

    /// Copies the text up to `from`, then writes the replacement for the text from `from` to `to`.
    fn write(&mut self, from: usize, to: usize, replacement: &[u8]) -> Option<()> {
        if self.taken == 0 {
            self.edited.reserve_exact(self.text.len());
        }
        self.edited.extend_from_slice(self.text.get(self.taken..from)?);
        self.edited.extend_from_slice(replacement);
        self.taken = to;
        (self.edited.len() as u64 <= self.max_bytes).then_some(())
    }

    /// Reads a string. Returns the text between its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            match self.next()? {
                b'"' => return self.text.get(start..self.at - 1),
                b'\\' => match self.next()? {
                    b'u' => {
                        for _ in 0..4 {
                            hex(self.next()?)?;
                        }
                    }
                    byte => drop(escaped(byte)?),
                },
                0..0x20 => return None,
                _ => {}
            }
        }
    }

    /// Reads a number, `true`, `false` or `null`.
    fn word(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
        let word = rest.get(..rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len()))?;
        self.at += word.len();
        (matches!(word, b"true" | b"false" | b"null") || is_number(word)).then_some(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }
}

/// Whether a word is a number such as `-12.5e+3`: digits without a leading zero, then a fraction and an exponent, each
/// with at least one digit.
fn is_number(word: &[u8]) -> bool {
    fn digits(text: &[u8]) -> Option<&[u8]> {
        let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 { None } else { text.get(count..) }
    }
    fn after_number(word: &[u8]) -> Option<&[u8]> {
        let word = word.strip_prefix(b"-").unwrap_or(word);
        let mut rest = match word {
            [b'0', rest @ ..] => rest,
            _ => digits(word)?,
        };
        if let [b'.', fraction @ ..] = rest {
            rest = digits(fraction)?;
        }
        match rest {
            [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => digits(exponent),
            _ => Some(rest),
        }
    }
    after_number(word) == Some(&[])
}

/// The text of a value from which its token is made. A string has neither quotes nor escapes here.
fn bare(value: &[u8]) -> Cow<'_, [u8]> {
    match value {
        [b'"', text @ .., b'"'] => unescape(text),
        _ => value.into(),
    }
}

/// The meaning of a string with escapes. Half a surrogate pair means U+FFFD.
fn unescape(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'\\') {
        return text.into();
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text;
    while let [byte, rest @ ..] = bytes {
        bytes = rest;
        match (byte, rest) {
            (b'\\', [b'u', rest @ ..]) => {
                let (mut unit, mut rest) = code_unit(rest);
                if let (0xd800..0xdc00, [b'\\', b'u', after @ ..]) = (unit, rest)
                    && let (low @ 0xdc00..0xe000, after) = code_unit(after)
                {
                    unit = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                    rest = after;
                }
                let character = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
                plain.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                bytes = rest;
            }
            (b'\\', [letter, rest @ ..]) => {
                plain.push(escaped(*letter).unwrap_or(*letter));
                bytes = rest;
            }
            _ => plain.push(*byte),
        }
    }
    plain.into()
}

/// The number that four hexadecimal digits mean, and the text behind them.
fn code_unit(text: &[u8]) -> (u32, &[u8]) {
    let (digits, rest) = text.split_at_checked(4).unwrap_or((text, &[]));
    let unit = digits
        .iter()
        .fold(0, |unit, digit| unit << 4 | u32::from(hex(*digit).unwrap_or_default()));
    (unit, rest)
}

/// The byte that an escape of one letter means. Returns `None` for any other letter.
fn escaped(letter: u8) -> Option<u8> {
    Some(match letter {
        b'"' | b'\\' | b'/' => letter,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

/// The value of a hexadecimal digit. Returns `None` for any other byte.
pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16)?.try_into().ok()
}
