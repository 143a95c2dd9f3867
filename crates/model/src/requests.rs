//! Short ways to write the head of a request.

use mirror_policy::headers::Headers;

/// The headers of these names and values.
pub fn headers(pairs: &[(&str, &str)]) -> Headers {
    Headers::encode(pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())))
}

/// A GET of a path from `reviews:9080`, with more headers.
pub fn get(path: &str, more: &[(&str, &str)]) -> Headers {
    let mut pairs = vec![
        (":authority", "reviews:9080"),
        (":path", path),
        (":method", "GET"),
        (":scheme", "http"),
    ];
    pairs.extend_from_slice(more);
    headers(&pairs)
}

/// A POST of `/` to `reviews`, with more headers.
pub fn post(more: &[(&str, &str)]) -> Headers {
    let mut pairs = vec![
        (":authority", "reviews"),
        (":path", "/"),
        (":method", "POST"),
        (":scheme", "http"),
    ];
    pairs.extend_from_slice(more);
    headers(&pairs)
}
