//! The filter as it lies in the binary, and how it comes to a registry: as an image in the form that Istio takes.
//! [`Image`] makes the bytes, [`push`] brings them to a registry, [`Logins`] finds the credentials where Docker and
//! Podman keep them.

pub mod image;

pub mod credentials;

pub mod login;

mod helper;

pub mod reference;

mod challenge;

mod url;

pub mod answer;

pub mod client;

pub mod refusal;

pub mod push;

pub use image::Image;
pub use login::Logins;
pub use reference::Reference;

/// What to do if there is no module.
pub const MISSING: &str = "mirrorctl was built without the filter: build both by `make build`";

/// The filter, in WebAssembly; `None` if it had not been built when this was compiled.
pub const fn wasm() -> Option<&'static [u8]> {
    WASM
}

#[cfg(module_is_built)]
const WASM: Option<&[u8]> = Some(include_bytes!("../../../dist/traffic-mirror.wasm"));

#[cfg(not(module_is_built))]
const WASM: Option<&[u8]> = None;
