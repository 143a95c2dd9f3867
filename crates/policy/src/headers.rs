//! A header map as the host hands it over: one buffer of serialised pairs, read in place. Names and values are bytes,
//! order and duplicates are kept, and no buffer, however malformed, can make a reader fail.

/// Header pairs in arrival order, pseudo headers first.
///
/// The buffer has the wire format of proxy-wasm: the number of pairs, the length of each name and value, then each name
/// and value with a zero byte behind it; all numbers are 32 bits, little endian.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    buffer: Vec<u8>,
    count: usize,
}

/// One header: name and value.
pub type Header<'a> = (&'a [u8], &'a [u8]);

// === impl Headers ===

impl Headers {
    /// Takes a buffer as the host returned it. One that is not well formed is a map without headers.
    pub fn decode(buffer: Vec<u8>) -> Self {
        match count_pairs(&buffer) {
            Some(count) => Self { buffer, count },
            None => Self::default(),
        }
    }

    /// Serialises pairs.
    pub fn encode<'a>(pairs: impl IntoIterator<Item = Header<'a>>) -> Self {
        let pairs: Vec<Header<'a>> = pairs.into_iter().collect();
        let mut buffer = Vec::new();
        buffer.extend_from_slice(&length(pairs.len()));
        for (name, value) in &pairs {
            buffer.extend_from_slice(&length(name.len()));
            buffer.extend_from_slice(&length(value.len()));
        }
        for (name, value) in &pairs {
            for bytes in [name, value] {
                buffer.extend_from_slice(bytes);
                buffer.push(0);
            }
        }
        Self {
            buffer,
            count: pairs.len(),
        }
    }

    /// All pairs, in order.
    pub fn iter(&self) -> impl Iterator<Item = Header<'_>> {
        let mut at = 4 + 8 * self.count;
        (0..self.count).map_while(move |index| {
            let name = self
                .buffer
                .get(at..at.checked_add(read_u32(&self.buffer, 4 + 8 * index)?)?)?;
            at += name.len() + 1;
            let value = self
                .buffer
                .get(at..at.checked_add(read_u32(&self.buffer, 8 + 8 * index)?)?)?;
            at += value.len() + 1;
            Some((name, value))
        })
    }

    /// The first value of a header.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.iter()
            .find(|(candidate, _)| *candidate == name)
            .map(|(_, value)| value)
    }

    /// All values of a header, in order.
    pub fn all<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        self.iter()
            .filter(move |(candidate, _)| *candidate == name)
            .map(|(_, value)| value)
    }

    /// All values of a header as Envoy compares them: joined by a comma, without a space.
    pub fn joined<'a>(&'a self, name: &'a [u8]) -> Option<std::borrow::Cow<'a, [u8]>> {
        let mut values = self.all(name);
        let first = values.next()?;
        let Some(second) = values.next() else {
            return Some(first.into());
        };
        let mut joined = [first, second].join(&b',');
        for value in values {
            joined.push(b',');
            joined.extend_from_slice(value);
        }
        Some(joined.into())
    }

    /// The first value of a header, if it is a whole number.
    pub fn number(&self, name: &[u8]) -> Option<u64> {
        std::str::from_utf8(self.get(name)?).ok()?.trim().parse().ok()
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many bytes the map takes; this is what a budget is charged for it.
    pub fn bytes(&self) -> u64 {
        self.buffer.len() as u64
    }

    /// The serialised form.
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer
    }
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes()
}

fn read_u32(buffer: &[u8], at: usize) -> Option<usize> {
    let bytes = buffer.get(at..at.checked_add(4)?)?;
    usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
}

/// The number of pairs, if every name and value lies inside the buffer.
fn count_pairs(buffer: &[u8]) -> Option<usize> {
    let count = read_u32(buffer, 0)?;
    let mut end = count.checked_mul(8)?.checked_add(4)?;
    if end > buffer.len() {
        return None;
    }
    for index in 0..count {
        for at in [4 + 8 * index, 8 + 8 * index] {
            end = end.checked_add(read_u32(buffer, at)?)?.checked_add(1)?;
        }
    }
    (end <= buffer.len()).then_some(count)
}
