//! Headers with a digest of the body. A digest does not fit an edited body, and a removed value could be guessed by it.

/// A header has a digest of the body if its name has one of these words between its hyphens: `content-digest`,
/// `x-amz-checksum-crc32`, `x-ms-blob-content-md5`.
pub const DIGEST_WORDS: &[&str] = &[
    "checksum",
    "crc32",
    "crc32c",
    "crc64",
    "crc64nvme",
    "digest",
    "hash",
    "md5",
    "sha1",
    "sha256",
    "sha512",
];

/// Whether a header has a digest of the body. A header that asks for a digest of the answer (`want-digest`) has none.
pub(crate) fn is_digest(name: &[u8]) -> bool {
    let mut words = name.split(|byte| *byte == b'-').peekable();
    words.peek() != Some(&&b"want"[..]) && words.any(|word| DIGEST_WORDS.iter().any(|digest| digest.as_bytes() == word))
}
