//! Traps on demand, in the callback that reads the header or chunk that asks for the trap. Only a module with the
//! feature `trap` has this file, and no such module is shipped. `envoy-test` proves with it what a trap costs
//! (docs/crashes.md).

use mirror_policy::headers::Headers;

/// A request, or an answer of the primary or the shadow, with this header traps the callback that reads its headers.
const HEADER: &[u8] = b"x-trap";

/// A chunk of a request's body that begins with this traps the callback that reads it.
const BODY: &[u8] = b"trap!";

/// Traps if the headers ask for a trap.
pub fn by_headers(headers: &Headers) {
    trap_if(headers.get(HEADER).is_some());
}

/// Traps if a chunk of a body asks for a trap.
pub fn by_body(chunk: &[u8]) {
    trap_if(chunk.starts_with(BODY));
}

#[expect(clippy::panic, reason = "the purpose of this module")]
fn trap_if(is_told: bool) {
    if is_told {
        panic!("told to trap");
    }
}
