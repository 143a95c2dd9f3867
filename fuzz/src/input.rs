//! Takes an input apart. Requests are written as text, a header a line, so that a person can read and write the corpus
//! and small changes of an input are small changes of a request.

use mirror_model::decisions::Decisions;
use mirror_policy::headers::Headers;

/// Bytes that are drawn one after another; behind the end there are only zeroes.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a>(&'a [u8]);

/// Name and value.
pub type Pair = (Vec<u8>, Vec<u8>);

// === impl Input ===

impl<'a> Input<'a> {
    /// From the first byte on.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        byte
    }

    /// The next two bytes as a number.
    pub fn number(&mut self) -> usize {
        usize::from(self.byte()) << 8 | usize::from(self.byte())
    }

    /// One of these, which are not empty.
    pub fn pick<'b, T>(&mut self, choices: &'b [T]) -> &'b T {
        &choices[usize::from(self.byte()) % choices.len()]
    }

    /// All that is left up to an empty line, which is taken too.
    pub fn block(&mut self) -> &'a [u8] {
        let end = self.0.windows(2).position(|pair| pair == b"\n\n");
        let (block, rest) = match end {
            Some(end) => (&self.0[..end], &self.0[end + 2..]),
            None => (self.0, &[][..]),
        };
        self.0 = rest;
        block
    }

    /// A block of headers.
    pub fn pairs(&mut self) -> Vec<Pair> {
        pairs(self.block())
    }

    /// All that is left.
    pub fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// Small choices take one byte, all others two.
impl Decisions for Input<'_> {
    fn below(&mut self, end: u64) -> u64 {
        let number = if end <= 1 << 8 {
            self.byte().into()
        } else {
            self.number() as u64
        };
        number % end
    }
}

/// Headers, one a line: the name up to the first colon behind it, then the value.
fn pairs(text: &[u8]) -> Vec<Pair> {
    text.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            // A pseudo header begins with a colon.
            let colon = line.iter().skip(1).position(|byte| *byte == b':').map(|at| at + 1);
            let (name, value) = match colon {
                Some(colon) => (&line[..colon], &line[colon + 1..]),
                None => (line, &[][..]),
            };
            (name.to_vec(), value.strip_prefix(b" ").unwrap_or(value).to_vec())
        })
        .collect()
}

/// Pairs as the host hands them over.
pub fn headers(pairs: &[Pair]) -> Headers {
    Headers::encode(pairs.iter().map(|(name, value)| (name.as_slice(), value.as_slice())))
}
