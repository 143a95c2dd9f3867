//! A proxy-wasm HTTP filter that copies live requests to a shadow cluster, out of band. This crate is glue: Envoy's
//! callbacks become events of the policy, the policy's values become calls of the host. No decision is taken here.
//!
//! The life of one request:
//!
//! | # | stage | where | in → out | if not |
//! |---|---|---|---|---|
//! | 1 | parse | `root` → `policy::plan` | bytes → `Plan` | refused with the path of the offending key |
//! | 2 | match | `stream` → `policy::matching` | request head → mirrors | nothing to do |
//! | 3 | sample | `policy::sample` | key or dice, percentage → yes | skipped |
//! | 4 | admit | `policy::breaker`, `policy::budget`, `policy::rate` | time, size → permit | dropped |
//! | 5 | copy | `policy::exchange`, `policy::copy` | headers, chunks, end → copy | dropped |
//! | 6 | dispatch | `dispatch` | copy → token | dropped |
//! | 7 | account | `root` → `policy::answer`, `policy::ledger` | answer → outcome | each permit ends exactly once |

// One configuration.
mod root;

// One request.
mod stream;

// Its copies leave.
mod dispatch;

// What is held meanwhile, and how it shows.
mod ledger;

mod stats;

// The proxy.
mod host;

#[cfg(feature = "trap")]
mod trap;

// The entry point.
mod entry {
    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|id| Box::new(crate::root::Root::new(id)));
    }}
}
