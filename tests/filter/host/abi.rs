//! The wire format of proxy-wasm ABI 0.2.1, as Envoy speaks it: status codes, the numbers of maps and buffers, and
//! header pairs as bytes.

/// What a host call returns (proxy-wasm-cpp-host, include/proxy-wasm/proxy_wasm_enums.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Status {
    NotFound = 1,
    BadArgument = 2,
    SerializationFailure = 3,
    ParseFailure = 4,
    InvalidMemoryAccess = 6,
    Empty = 7,
    CasMismatch = 8,
    InternalFailure = 10,
}

/// The number of a status that is no failure.
pub(crate) const OK: u32 = 0;

/// Header maps.
pub(crate) mod map {
    pub(crate) const REQUEST_HEADERS: u32 = 0;
    pub(crate) const REQUEST_TRAILERS: u32 = 1;
    pub(crate) const RESPONSE_HEADERS: u32 = 2;
    pub(crate) const RESPONSE_TRAILERS: u32 = 3;
    pub(crate) const CALL_RESPONSE_HEADERS: u32 = 6;
    pub(crate) const CALL_RESPONSE_TRAILERS: u32 = 7;
    pub(crate) const LAST: u32 = 7;
}

/// Buffers.
pub(crate) mod buffer {
    pub(crate) const REQUEST_BODY: u32 = 0;
    pub(crate) const RESPONSE_BODY: u32 = 1;
    pub(crate) const CALL_RESPONSE_BODY: u32 = 4;
    pub(crate) const VM_CONFIGURATION: u32 = 6;
    pub(crate) const PLUGIN_CONFIGURATION: u32 = 7;
    pub(crate) const LAST: u32 = 8;
}

/// Headers or trailers in order, duplicates and any bytes included.
pub(crate) type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

// Envoy reads what is above these as no pairs at all (include/proxy-wasm/limits.h).
const MAX_PAIRS: usize = 1024;
const MAX_PAIRS_BYTES: usize = 1 << 20;

/// Pairs from text.
pub(crate) fn pairs(text: &[(&str, &str)]) -> Pairs {
    text.iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect()
}

/// The first value of a name.
pub(crate) fn first<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a [u8]> {
    pairs
        .iter()
        .find(|(candidate, _)| candidate == name.as_bytes())
        .map(|(_, value)| value.as_slice())
}

/// Pairs as bytes: the count, all lengths, then names and values with a NUL after each. No pairs are no bytes.
pub(crate) fn encode(pairs: &Pairs) -> Vec<u8> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let number = |length: usize| u32::try_from(length).expect("a length fits").to_le_bytes();
    let mut bytes = number(pairs.len()).to_vec();
    for (name, value) in pairs {
        bytes.extend(number(name.len()));
        bytes.extend(number(value.len()));
    }
    for part in pairs.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(part);
        bytes.push(0);
    }
    bytes
}

/// Pairs from bytes. What is malformed or above Envoy's limits is no pairs, as in Envoy.
pub(crate) fn decode(bytes: &[u8]) -> Pairs {
    if bytes.len() > MAX_PAIRS_BYTES {
        return Pairs::new();
    }
    try_decode(bytes).unwrap_or_default()
}

fn try_decode(bytes: &[u8]) -> Option<Pairs> {
    let number = |at: usize| {
        let bytes = bytes.get(at..at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    };
    let count = number(0)?;
    if count > MAX_PAIRS {
        return None;
    }
    let mut at = 4 + 8 * count;
    let mut part = |length: usize| {
        let part = bytes.get(at..at + length)?.to_vec();
        at += length + 1;
        Some(part)
    };
    (0..count)
        .map(|pair| Some((part(number(4 + 8 * pair)?)?, part(number(8 + 8 * pair)?)?)))
        .collect()
}
