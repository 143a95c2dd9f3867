//! A header map in the form in which the host sends it: one buffer of serialised pairs. The map is read in place. Names
//! and values are bytes; order and duplicates are kept; reading never fails, whatever the buffer has.

/// Envoy takes at most this many bytes of serialised headers from a filter, and reads larger headers as no headers
/// (proxy-wasm-cpp-host, include/proxy-wasm/limits.h).
pub const MAX_HEADER_BYTES: usize = 1 << 20;

/// Envoy takes at most this many headers from a filter.
pub const MAX_HEADERS: usize = 1024;

/// Header pairs in the order of the request, pseudo headers first.
///
/// The buffer has the format of proxy-wasm: the number of pairs, then the lengths of each name and value, then each
/// name and value with a zero byte behind it. All numbers are 32 bits, little endian.
///
/// ```
/// use mirror_policy::headers::Headers;
///
/// let pairs: [(&[u8], &[u8]); 2] = [(b":path", b"/hello"), (b"x-user", b"123")];
/// let headers = Headers::encode(pairs);
/// assert_eq!(headers.get(b"x-user"), Some(&b"123"[..]));
/// assert_eq!(Headers::decode(headers.as_bytes().to_vec()), headers);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    buffer: Vec<u8>,
    count: usize,
    /// The lengths of the names: they show at once that most absent headers are absent.
    lengths: NameLengths,
}

/// One header: its name and its value.
pub type Header<'a> = (&'a [u8], &'a [u8]);

/// The lengths of some names as bits. A length of 63 or more has the highest bit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct NameLengths(u64);

/// The pairs of a buffer, from first to last.
#[derive(Default)]
struct Pairs<'a> {
    /// The lengths of each name and its value.
    sizes: std::slice::Iter<'a, [u8; 8]>,
    /// The names and values that are not read yet.
    texts: &'a [u8],
}

// === impl Headers ===

impl Headers {
    /// Reads a buffer of the host. A malformed buffer is a map without headers.
    pub fn decode(buffer: Vec<u8>) -> Self {
        let Some(pairs) = Pairs::new(&buffer) else {
            return Self::default();
        };
        let (mut count, mut lengths, mut bytes) = (0, NameLengths::default(), 0_u64);
        for sizes in pairs.sizes {
            let [name, value] = read_sizes(sizes);
            count += 1;
            lengths = lengths.with(name);
            bytes = bytes.saturating_add(name as u64 + value as u64 + 2);
        }
        if bytes > pairs.texts.len() as u64 {
            return Self::default();
        }
        Self { buffer, count, lengths }
    }

    /// Serialises pairs into a new buffer.
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
        Self::decode(buffer)
    }

    /// All pairs in the order of the buffer.
    pub fn iter(&self) -> impl Iterator<Item = Header<'_>> {
        Pairs::new(&self.buffer).unwrap_or_default()
    }

    /// The first value of a header. Returns `None` if the map has no such header.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        if !self.lengths.have(name) {
            return None;
        }
        let pairs = Pairs::new(&self.buffer).unwrap_or_default();
        let mut at = 0_usize;
        for sizes in pairs.sizes {
            let [name_size, value_size] = read_sizes(sizes);
            let middle = at.wrapping_add(name_size);
            let end = middle.wrapping_add(value_size).wrapping_add(1);
            // Most names have another length, so most headers are passed over without a look at their bytes.
            if name_size == name.len() && pairs.texts.get(at..middle) == Some(name) {
                return pairs.texts.get(middle + 1..end);
            }
            at = end.wrapping_add(1);
        }
        None
    }

    /// All values of a header, in order.
    pub fn all<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let pairs = self.lengths.have(name).then(|| Pairs::new(&self.buffer)).flatten();
        let named = pairs
            .unwrap_or_default()
            .filter(move |(candidate, _)| *candidate == name);
        named.map(|(_, value)| value)
    }

    /// All values of a header joined by a comma without a space, as Envoy compares them. Returns `None` if the map has
    /// no such header.
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

    /// The first value of a header as a whole number. Returns `None` if the map has no such header, or if the value is
    /// not a whole number.
    pub fn number(&self, name: &[u8]) -> Option<u64> {
        number(self.get(name)?)
    }

    /// The number of header pairs.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether the map has no pairs.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The size of the buffer in bytes. A budget is charged for these bytes.
    pub fn bytes(&self) -> u64 {
        self.buffer.len() as u64
    }

    /// The buffer in the format of proxy-wasm.
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer
    }
}

// === impl NameLengths ===

impl NameLengths {
    /// The lengths of the names of a list.
    pub(crate) const fn of(names: &[&str]) -> Self {
        let mut lengths = Self(0);
        let mut rest = names;
        while let [name, after @ ..] = rest {
            lengths = lengths.with(name.len());
            rest = after;
        }
        lengths
    }

    /// These lengths and one more.
    pub(crate) const fn with(self, length: usize) -> Self {
        Self(self.0 | Self::bit(length))
    }

    /// Whether a name has one of the lengths. If not, the name is none of the names.
    pub(crate) const fn have(self, name: &[u8]) -> bool {
        self.0 & Self::bit(name.len()) != 0
    }

    const fn bit(length: usize) -> u64 {
        1 << if length < 63 { length } else { 63 }
    }
}

// === impl Pairs ===

impl<'a> Pairs<'a> {
    /// Returns `None` if the buffer is too short for the lengths that it announces.
    fn new(buffer: &'a [u8]) -> Option<Self> {
        let (count, rest) = buffer.split_first_chunk::<4>()?;
        let bytes = usize::try_from(u32::from_le_bytes(*count)).ok()?.checked_mul(8)?;
        let (sizes, texts) = rest.split_at_checked(bytes)?;
        Some(Self {
            sizes: sizes.as_chunks::<8>().0.iter(),
            texts,
        })
    }

    /// Takes the next text and the zero byte behind it.
    fn text(&mut self, length: usize) -> Option<&'a [u8]> {
        let (text, rest) = self.texts.split_at_checked(length)?;
        (_, self.texts) = rest.split_first()?;
        Some(text)
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Header<'a>;

    #[inline]
    fn next(&mut self) -> Option<Header<'a>> {
        let [name, value] = read_sizes(self.sizes.next()?);
        let name = self.text(name)?;
        let value = self.text(value)?;
        Some((name, value))
    }
}

/// The length of a name and of its value. Both are 32 bits in the buffer, so they fit here and in WebAssembly.
fn read_sizes(&[a, b, c, d, e, f, g, h]: &[u8; 8]) -> [usize; 2] {
    [[a, b, c, d], [e, f, g, h]].map(|bytes| u32::from_le_bytes(bytes) as usize)
}

/// The whole number that the digits of a value mean. A number that does not fit is `u64::MAX`. Returns `None` if the
/// value is not a whole number.
pub(crate) fn number(value: &[u8]) -> Option<u64> {
    // Ten times this number and a digit more still fit.
    const LARGEST: u64 = (u64::MAX - 9) / 10;
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0, |number, byte| {
        let digit = u64::from(byte.wrapping_sub(b'0'));
        let next = if number > LARGEST {
            u64::MAX
        } else {
            number * 10 + digit
        };
        (digit < 10).then_some(next)
    })
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes()
}
