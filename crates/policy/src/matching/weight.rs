//! The weight of a regular expression: how much work one byte of a text can be. The weight is read from the text of the
//! expression, so it is the same on every machine.

/// No expression that compiles weighs more.
pub const MAX_WEIGHT: u64 = 4096;

/// The weight of what stands around a group: its two captures and its ends.
const GROUP: u64 = 3;

/// The weight of a repetition, besides what is repeated.
const REPETITION: u64 = 3;

/// The weight of a class such as `\w`. One in brackets weighs its length too.
const CLASS: u64 = 4;

/// The weight of an expression: at least the number of states of its program.
///
/// A literal weighs 1. A counted repetition weighs as much as all its copies, because the program has them all.
pub fn weight(pattern: &str) -> u64 {
    let mut outer: Vec<u64> = Vec::new();
    // The weight of what is complete in this group, and of what a repetition would repeat.
    let (mut sum, mut last) = (GROUP, 0_u64);
    let mut rest = pattern.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            b'(' => {
                outer.push(sum.saturating_add(last));
                (sum, last) = (GROUP, 0);
            }
            b')' => {
                last = sum.saturating_add(last);
                sum = outer.pop().unwrap_or(GROUP);
            }
            b'|' => (sum, last) = (sum.saturating_add(last).saturating_add(2), 0),
            b'*' | b'+' | b'?' => last = last.saturating_add(REPETITION),
            b'{' => {
                let copies = copies(after);
                last = last.saturating_add(REPETITION).saturating_mul(copies);
            }
            _ => {
                sum = sum.saturating_add(last);
                let length = match byte {
                    b'[' => class(after),
                    b'\\' => 1,
                    _ => 0,
                };
                rest = after.get(length..).unwrap_or_default();
                last = match byte {
                    b'[' => CLASS.saturating_add(length as u64),
                    b'\\' | b'.' => CLASS,
                    _ => 1,
                };
            }
        }
    }
    sum.saturating_add(last).min(MAX_WEIGHT)
}

/// How many copies a program has of what a counted repetition repeats: the larger of its two numbers, and one more.
fn copies(text: &[u8]) -> u64 {
    let end = text.iter().position(|byte| *byte == b'}').unwrap_or(text.len());
    let numbers = text.get(..end).unwrap_or_default().split(|byte| *byte == b',');
    let number = |digits: &[u8]| {
        let digits = digits.iter().filter(|byte| byte.is_ascii_digit());
        digits.fold(0_u64, |number, digit| {
            number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
        })
    };
    numbers.map(number).max().unwrap_or(0).saturating_add(1)
}

/// The length of a class in brackets after its first bracket, with its last.
fn class(text: &[u8]) -> usize {
    let is_negated = text.starts_with(b"^");
    let mut at = usize::from(is_negated);
    while text.get(at) == Some(&b'-') {
        at += 1;
    }
    // A bracket at the begin means itself.
    if text.get(at) == Some(&b']') {
        at += 1;
    }
    loop {
        at += match text.get(at..).unwrap_or_default() {
            [] => return at,
            [b']', ..] => return at + 1,
            [b'\\', ..] => 2,
            [b'[', b':', name @ ..] => {
                let end = name.windows(2).position(|pair| pair == b":]");
                end.map_or(1, |end| end + 4)
            }
            _ => 1,
        };
    }
}
