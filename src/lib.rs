//! A proxy-wasm HTTP filter that copies live requests to a shadow cluster, out of band. This crate is glue: Envoy's
//! callbacks become events of the policy, and the values of the policy become calls of the host. The glue decides
//! nothing.
//!
//! The life of one request:
//!
//! | # | stage | where | in → out | if not |
//! |---|---|---|---|---|
//! | 1 | parse | `root` → `policy::plan` | bytes → `Plan` | refused with the path of the offending key |
//! | 2 | match | `stream` → `policy::matching` | request head → mirrors | nothing to do |
//! | 3 | decide | `policy::gates` | facts → yes | skipped or dropped |
//! | 4 | copy | `policy::request`, `policy::copy` | headers, chunks, end → copy | dropped |
//! | 5 | dispatch | `dispatch` | copy → token | dropped |
//! | 6 | settle | `root` → `policy::outcome` | answer → outcome | each permit ends exactly once |
//! | 7 | count | `vm` → `policy::ledger` | changes → the host's statistics | |

// One configuration in one VM.
mod root;

// One request, and the questions to the host about it.
mod stream;

mod questions;

// The copies of a request leave.
mod dispatch;

// The state of the VM.
mod vm;

// The calls of the host.
mod host;

#[cfg(feature = "trap")]
mod trap;

// The entry point.
mod entry {
    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|id| Box::new(crate::root::Root::new(id)));
    }}
}
