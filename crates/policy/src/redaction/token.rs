//! The tokens that take the places of values.

use std::fmt;

use siphasher::sip128::SipHasher24;

use super::json_text::hex;

/// A token in place of a value: 32 hexadecimal digits.
pub(super) type ValueToken = [u8; 32];

/// The key of the tokens. No message shows the key.
pub(super) struct TokenKey([u8; 16]);

// === impl TokenKey ===

impl TokenKey {
    /// The key that 32 hexadecimal digits mean. Returns `None` for any other text.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut key = [0; 16];
        if text.len() != 2 * key.len() {
            return None;
        }
        for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            for digit in digits {
                *byte = *byte << 4 | hex(*digit)?;
            }
        }
        Some(Self(key))
    }

    /// The token of a value.
    ///
    /// The function is SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012), a keyed function for short inputs.
    /// Without the key, nobody can try a value against a token.
    pub(super) fn token(&self, value: &[u8]) -> ValueToken {
        let hash = SipHasher24::new_with_key(&self.0).hash(value).as_bytes();
        let mut token = ValueToken::default();
        for (digits, byte) in token.chunks_exact_mut(2).zip(hash) {
            for (digit, half) in digits.iter_mut().zip([byte >> 4, byte & 15]) {
                *digit = if half < 10 { b'0' + half } else { b'a' - 10 + half };
            }
        }
        token
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenKey(…)")
    }
}
