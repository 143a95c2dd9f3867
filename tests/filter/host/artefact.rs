//! The artefact under test: the `.wasm` file as it is shipped. It is read and translated once for all tests of a run;
//! each fake host makes its own instance of it.

use std::path::PathBuf;
use std::sync::OnceLock;

use wasmi::{Engine, Module};

/// Where the filter lies: `TRAFFIC_MIRROR_WASM`, or what `make build` leaves.
pub(crate) fn path() -> PathBuf {
    match std::env::var_os("TRAFFIC_MIRROR_WASM") {
        Some(path) => path.into(),
        None => [env!("CARGO_MANIFEST_DIR"), "dist", "traffic-mirror.wasm"]
            .iter()
            .collect(),
    }
}

/// Its bytes.
pub(crate) fn bytes() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| match std::fs::read(path()) {
        Ok(bytes) => bytes,
        Err(error) => panic!("{}: {error}: run `make build` first", path().display()),
    })
}

/// The same, translated for the interpreter.
pub(crate) fn module() -> &'static Module {
    static MODULE: OnceLock<Module> = OnceLock::new();
    MODULE.get_or_init(|| Module::new(&Engine::default(), bytes()).expect("the filter is valid WebAssembly"))
}
