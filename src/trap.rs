//! Only with the feature `trap`, in a module that is never shipped: traps when it is told to, in the callback that hands over the
//! telling bytes. With it `envoy-test` proves what a trap costs whom (docs/crashes.md).

use mirror_policy::headers::Headers;

/// A request, an answer of the primary or one of the shadow with this header traps the callback that reads its headers.
const HEADER: &[u8] = b"x-trap";

/// A chunk of a request's body that begins with this traps the callback that reads it.
const BODY: &[u8] = b"trap!";

/// Traps if these headers tell it to.
pub fn by_headers(headers: &Headers) {
    trap_if(headers.get(HEADER).is_some());
}

/// Traps if this part of a body tells it to.
pub fn by_body(chunk: &[u8]) {
    trap_if(chunk.starts_with(BODY));
}

#[expect(clippy::panic, reason = "the purpose of this module")]
fn trap_if(is_told: bool) {
    if is_told {
        panic!("told to trap");
    }
}
