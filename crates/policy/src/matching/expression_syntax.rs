//! The syntax that our engine of regular expressions and Envoy's RE2 read in the same way. The rest is refused: an
//! expression may not select other requests here than in a VirtualService.
//!
//! The check looks only for what both engines accept and one of them reads in another way, or what RE2 alone refuses.
//! What our engine does not know is an error of that engine.

/// RE2 refuses a larger count of a repetition.
const MAX_REPETITIONS: u32 = 1000;

/// What a repetition would repeat.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// The start of an expression or of a group, or flags.
    Nothing,
    /// A letter, a class, an escape or a group.
    Item,
    /// A repetition.
    Repetition,
}

/// A walk over an expression.
struct Walk<'a> {
    /// The bytes that are not read yet.
    rest: &'a [u8],
    /// Whether the flag `i` stands somewhere.
    ignores_case: bool,
    /// Whether a letter beyond ASCII stands somewhere, as such or by its number.
    has_other_letters: bool,
    /// Whether a class such as `[:^upper:]` stands somewhere.
    has_negated_name: bool,
}

/// Checks an expression.
///
/// # Errors
/// RE2 gives a part of the expression another meaning, or refuses the part: what the part is, and what to write.
pub(super) fn check(pattern: &str) -> Result<(), &'static str> {
    let mut walk = Walk {
        rest: pattern.as_bytes(),
        ignores_case: false,
        has_other_letters: !pattern.is_ascii(),
        has_negated_name: false,
    };
    walk.expression()?;
    match walk {
        Walk {
            ignores_case: true,
            has_other_letters: true,
            ..
        } => Err("ignores case, which works for ASCII only, and has other letters; list both cases in a class"),
        Walk {
            ignores_case: true,
            has_negated_name: true,
            ..
        } => Err("has a class like `[:^upper:]` and ignores case; write `[^[:upper:]]`"),
        _ => Ok(()),
    }
}

// === impl Walk ===

impl Walk<'_> {
    /// Reads the whole expression.
    fn expression(&mut self) -> Result<(), &'static str> {
        let mut before = Before::Nothing;
        while let Some(byte) = self.next() {
            before = match byte {
                b'\\' => {
                    self.escape()?;
                    Before::Item
                }
                b'[' => {
                    self.class()?;
                    Before::Item
                }
                b'(' => {
                    self.group()?;
                    Before::Nothing
                }
                b'|' => Before::Nothing,
                b'*' | b'+' | b'?' | b'{' => {
                    if before == Before::Repetition {
                        return Err("has a repetition of a repetition; put the inner one into `(?:…)`");
                    }
                    if before == Before::Nothing {
                        return Err("has a repetition of nothing; write a letter such as `*` or `{` as `\\*` or `\\{`");
                    }
                    if byte == b'{' {
                        self.counts()?;
                    }
                    // A `?` behind a repetition only says which match is tried first.
                    self.take(b"?");
                    Before::Repetition
                }
                _ => Before::Item,
            };
        }
        Ok(())
    }

    /// Reads what stands behind a backslash.
    fn escape(&mut self) -> Result<(), &'static str> {
        match self.next() {
            Some(b'<' | b'>') => Err("has `\\<` or `\\>`, which are letters in Envoy's RE2; write them without `\\`"),
            Some(b'u' | b'U') => Err("has `\\u` or `\\U`, which Envoy's RE2 does not know; write `\\x{…}`"),
            Some(b'x') => {
                let hex = if self.take(b"{") { usize::MAX } else { 2 };
                let mut number = 0_u32;
                for _ in 0..hex {
                    let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                        break;
                    };
                    number = number.saturating_mul(16).saturating_add(digit);
                    self.next();
                }
                if number > 0xff {
                    return Err("has a number above `\\x{ff}`; Envoy's RE2 compares single bytes");
                }
                self.has_other_letters |= number > 0x7f;
                if hex > 2 {
                    self.take(b"}");
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Reads a class behind its `[`, to its `]`.
    fn class(&mut self) -> Result<(), &'static str> {
        self.take(b"^");
        // A `]` that comes first is a letter.
        self.take(b"]");
        while let Some(byte) = self.next() {
            match byte {
                b']' => break,
                b'\\' => self.escape()?,
                b'[' => self.has_negated_name |= self.rest.starts_with(b":^"),
                b'-' if self.peek() == Some(b'-') => {
                    return Err(
                        "has `--` in a class, which Envoy's RE2 may read as a range; write `\\-` for the letter",
                    );
                }
                _ => {}
            }
            // The end of a name such as `[:alpha:]` does not end the class.
            if byte == b'[' && self.peek() == Some(b':') {
                self.name();
            }
        }
        Ok(())
    }

    /// Reads a name such as `:alpha:]`. Leaves a text that is none.
    fn name(&mut self) {
        let end = self.rest.windows(2).position(|pair| pair == b":]");
        if let Some((name, rest)) = end.and_then(|end| self.rest.split_at_checked(end))
            && name
                .iter()
                .skip(1)
                .all(|byte| byte.is_ascii_alphabetic() || *byte == b'^')
        {
            self.rest = rest.get(2..).unwrap_or_default();
        }
    }

    /// Reads what stands behind a `(`: nothing, a name or flags.
    fn group(&mut self) -> Result<(), &'static str> {
        if !self.take(b"?") {
            return Ok(());
        }
        let is_look_behind = [&b"<="[..], b"<!"].iter().any(|start| self.rest.starts_with(start));
        if !is_look_behind && (self.take(b"P<") || self.take(b"<")) {
            while let Some(byte) = self.next().filter(|byte| *byte != b'>') {
                if !byte.is_ascii_alphanumeric() && byte != b'_' {
                    return Err("has a name of a group that Envoy's RE2 does not take; write letters, digits and `_`");
                }
            }
            return Ok(());
        }
        while let Some(byte) = self.next() {
            match byte {
                b':' | b')' => break,
                b'i' => self.ignores_case = true,
                b'm' | b's' | b'U' | b'-' => {}
                _ => return Err("has a flag or a group that Envoy's RE2 does not know; the flags are i, m, s and U"),
            }
        }
        Ok(())
    }

    /// Reads the counts of a repetition behind their `{`.
    fn counts(&mut self) -> Result<(), &'static str> {
        let end = self.rest.iter().position(|byte| *byte == b'}');
        let inner = end.and_then(|end| self.rest.split_at_checked(end));
        let (inner, rest) = inner.unwrap_or((self.rest, b""));
        let mut parts = inner.splitn(2, |byte| *byte == b',');
        let is_count = |count: &[u8]| {
            let digits = |number: u32, byte: &u8| {
                let digit = char::from(*byte).to_digit(10)?;
                Some(number.saturating_mul(10).saturating_add(digit))
            };
            let number = count.iter().try_fold(0, digits);
            (count == b"0" || !count.starts_with(b"0")) && number.is_some_and(|number| number <= MAX_REPETITIONS)
        };
        let least = parts.next().is_some_and(|count| !count.is_empty() && is_count(count));
        if !least || !parts.next().is_none_or(is_count) {
            return Err(
                "has a `{` that Envoy's RE2 does not read as a repetition of 0 to 1000; \
                        write `{2}`, `{2,}` or `{2,3}` without spaces, and the letter as `\\{`",
            );
        }
        self.rest = rest.get(1..).unwrap_or_default();
        Ok(())
    }

    /// Takes the next byte.
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Takes a text if it comes next.
    fn take(&mut self, text: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}
