//! Reads JSON text (RFC 8259). `serde_json` would do the same and make the filter 20 KB larger; the tests hold the two
//! against each other. In no object a key may stand twice, where `serde_json` keeps the last one without a word.

use serde_json::{Map, Number, Value};

/// Lists and objects may nest this deep, as in `serde_json`.
const MAX_DEPTH: usize = 127;

/// A text and how far it is read.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// What is wrong, with its line and column, both from 1.
type Result<T> = std::result::Result<T, String>;

/// Reads a whole text.
///
/// # Errors
/// The first problem, with the line and column, in bytes, where the reading ended.
pub fn read(bytes: &[u8]) -> Result<Value> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Reader { text, at: 0 }.document(),
        Err(error) => {
            let at = error.valid_up_to();
            let text = bytes.get(..at).and_then(|valid| std::str::from_utf8(valid).ok());
            let text = text.unwrap_or_default();
            Reader { text, at }.refuse("invalid unicode code point")
        }
    }
}

/// The byte that an escape of one letter stands for.
pub(crate) fn escaped(letter: u8) -> Option<u8> {
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

/// The value of a hexadecimal digit.
pub(crate) fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' | b'a'..=b'f' => Some((digit & 15) + 9),
        _ => None,
    }
}

// === impl Reader ===

impl Reader<'_> {
    fn document(mut self) -> Result<Value> {
        let value = self.value(0)?;
        match self.after_space() {
            None => Ok(value),
            Some(_) => self.refuse("trailing characters"),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value> {
        match self.after_space() {
            None => self.refuse("EOF while parsing a value"),
            Some(b'{' | b'[') if depth == MAX_DEPTH => self.refuse("recursion limit exceeded"),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.list(depth + 1),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(_) => self.refuse("expected value"),
        }
    }

    fn word(&mut self, word: &str, means: Value) -> Result<Value> {
        if !self.rest().starts_with(word) {
            return self.refuse("expected ident");
        }
        self.at += word.len();
        Ok(means)
    }

    fn list(&mut self, depth: usize) -> Result<Value> {
        let mut values = Vec::new();
        while self.goes_on(
            b']',
            values.is_empty(),
            "EOF while parsing a list",
            "expected `,` or `]`",
        )? {
            values.push(self.value(depth)?);
        }
        Ok(Value::Array(values))
    }

    fn object(&mut self, depth: usize) -> Result<Value> {
        let mut fields = Map::new();
        let at_end = "EOF while parsing an object";
        let mut is_first = true;
        while self.goes_on(b'}', is_first, at_end, "expected `,` or `}`")? {
            is_first = false;
            let key = match self.after_space() {
                Some(b'"') => self.string()?,
                Some(_) => return self.refuse("key must be a string"),
                None => return self.refuse("EOF while parsing a value"),
            };
            if fields.contains_key(&key) {
                self.at -= 1;
                return self.refuse(&format!("the key `{}` stands twice", key.escape_debug()));
            }
            match self.after_space() {
                Some(b':') => self.at += 1,
                Some(_) => return self.refuse("expected `:`"),
                None => return self.refuse(at_end),
            }
            fields.insert(key, self.value(depth)?);
        }
        Ok(Value::Object(fields))
    }

    /// Steps over what stands before the next entry: the opening bracket, a comma; or over the closing one.
    fn goes_on(&mut self, close: u8, is_first: bool, at_end: &str, otherwise: &str) -> Result<bool> {
        if is_first {
            self.at += 1;
        }
        match self.after_space() {
            None => return self.refuse(at_end),
            Some(byte) if byte == close => {
                self.at += 1;
                return Ok(false);
            }
            Some(_) if is_first => return Ok(true),
            Some(b',') => self.at += 1,
            Some(_) => return self.refuse(otherwise),
        }
        match self.after_space() {
            Some(byte) if byte == close => self.refuse("trailing comma"),
            _ => Ok(true),
        }
    }

    /// A text, from its opening quote on.
    fn string(&mut self) -> Result<String> {
        let mut text = String::new();
        self.at += 1;
        loop {
            let rest = self.rest();
            let is_end = |byte: u8| matches!(byte, b'"' | b'\\' | 0..0x20);
            let plain = rest.bytes().position(is_end).unwrap_or(rest.len());
            text.push_str(rest.get(..plain).unwrap_or_default());
            self.at += plain;
            match self.peek() {
                None => return self.refuse("EOF while parsing a string"),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return self.refuse("control character (\\u0000-\\u001F) found while parsing a string"),
            }
        }
    }

    /// A character, from its backslash on.
    fn escape(&mut self) -> Result<char> {
        self.at += 1;
        let character = match self.peek() {
            None => return self.refuse("EOF while parsing a string"),
            Some(b'u') => return self.unicode(),
            Some(letter) => match escaped(letter) {
                Some(byte) => char::from(byte),
                None => return self.refuse("invalid escape"),
            },
        };
        self.at += 1;
        Ok(character)
    }

    /// A character, from the `u` of its first escape on; those beyond 16 bits are written as two.
    fn unicode(&mut self) -> Result<char> {
        let mut code = self.code_unit()?;
        if (0xd800..0xdc00).contains(&code) && self.rest().starts_with("\\u") {
            self.at += 1;
            // What is no low surrogate makes a code that is no character.
            code = match self.code_unit()? {
                low @ 0xdc00..0xe000 => 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00),
                _ => code,
            };
        }
        match char::from_u32(code) {
            Some(character) => Ok(character),
            None => self.refuse("lone surrogate in hex escape"),
        }
    }

    fn code_unit(&mut self) -> Result<u32> {
        self.at += 1;
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(hex) else {
                return self.refuse("invalid escape");
            };
            code = code << 4 | u32::from(digit);
            self.at += 1;
        }
        Ok(code)
    }

    fn number(&mut self) -> Result<Number> {
        let mut number = Decimal {
            is_negative: self.eat(b"-"),
            is_whole: true,
            ..Decimal::default()
        };
        let is_zero_first = self.peek() == Some(b'0');
        let mut is_valid = match self.digits(|digit| number.push(digit, 0)) {
            0 => false,
            count => count == 1 || !is_zero_first,
        };
        if self.eat(b".") {
            number.is_whole = false;
            is_valid &= self.digits(|digit| number.push(digit, 1)) > 0;
        }
        if self.eat(b"eE") {
            number.is_whole = false;
            let is_small = !self.eat(b"+") && self.eat(b"-");
            let mut exponent: i32 = 0;
            is_valid &= self.digits(|digit| exponent = exponent.saturating_mul(10).saturating_add(digit.into())) > 0;
            number.exponent = number
                .exponent
                .saturating_add(if is_small { -exponent } else { exponent });
        }
        if !is_valid {
            return self.refuse("invalid number");
        }
        match number.value() {
            Some(number) => Ok(number),
            None => self.refuse("number out of range"),
        }
    }

    /// Reads digits; returns how many.
    fn digits(&mut self, mut each: impl FnMut(u8)) -> usize {
        let start = self.at;
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            each(byte - b'0');
            self.at += 1;
        }
        self.at - start
    }

    /// Steps over the next byte if it is one of these.
    fn eat(&mut self, bytes: &[u8]) -> bool {
        let is_next = self.peek().is_some_and(|byte| bytes.contains(&byte));
        self.at += usize::from(is_next);
        is_next
    }

    /// The next byte that is no white space.
    fn after_space(&mut self) -> Option<u8> {
        while self.eat(b" \t\n\r") {}
        self.peek()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// A problem at the next byte, or at the end.
    #[cold]
    fn refuse<T>(&self, problem: &str) -> Result<T> {
        let read = self.text.as_bytes();
        let read = read.get(..=self.at).unwrap_or(read);
        let line = 1 + read.iter().filter(|byte| **byte == b'\n').count();
        let column = read.iter().rev().take_while(|byte| **byte != b'\n').count();
        Err(format!("{problem} at line {line} column {column}"))
    }
}

/// `mantissa * 10^exponent`, exact as long as the mantissa has room.
#[derive(Default)]
struct Decimal {
    is_negative: bool,
    /// Written without a point and an exponent.
    is_whole: bool,
    mantissa: u64,
    is_full: bool,
    exponent: i32,
}

// === impl Decimal ===

impl Decimal {
    /// One more digit, before (0) or behind (1) the point.
    fn push(&mut self, digit: u8, behind: i32) {
        let more = self.mantissa.checked_mul(10);
        match more.and_then(|mantissa| mantissa.checked_add(digit.into())) {
            Some(mantissa) if !self.is_full => {
                self.mantissa = mantissa;
                self.exponent = self.exponent.saturating_sub(behind);
            }
            _ => {
                self.is_full = true;
                self.exponent = self.exponent.saturating_add(1 - behind);
            }
        }
    }

    /// A whole number if it is written as one, not too large and not -0; else a double, unless it is too large for that.
    fn value(&self) -> Option<Number> {
        if self.is_whole && !self.is_full {
            match 0i64.checked_sub_unsigned(self.mantissa) {
                _ if !self.is_negative => return Some(self.mantissa.into()),
                Some(negative @ ..0) => return Some(negative.into()),
                _ => {}
            }
        }
        let value = self.double();
        Number::from_f64(if self.is_negative { -value } else { value })
    }

    /// Powers of ten up to 22 are exact in a double, so whatever people write as a fraction is rounded once.
    fn double(&self) -> f64 {
        let mut value = self.mantissa as f64;
        let mut left = self.exponent.unsigned_abs();
        while left > 0 && value != 0.0 && value.is_finite() {
            let step = left.min(22);
            let power = (0..step).fold(1.0, |power, _| power * 10.0);
            value = if self.exponent < 0 {
                value / power
            } else {
                value * power
            };
            left -= step;
        }
        value
    }
}
