//! The text of JSON strings: what their escapes mean.

/// Writes the meaning of a string with escapes. Half a surrogate pair means U+FFFD. The meaning is not longer than the
/// string.
pub(super) fn unescape<'a>(text: &[u8], plain: &'a mut Vec<u8>) -> &'a [u8] {
    plain.clear();
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
    plain
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
pub(super) fn escaped(letter: u8) -> Option<u8> {
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
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
