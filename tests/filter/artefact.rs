//! The built file: what it imports from the proxy, what it exports, and how large it is.

use wasmi::{Engine, Module};

use crate::books::one;
use crate::host::messages::Request;
use crate::host::{FakeHost, artefact, imports, wasi};

/// Most it may be, so that a sidecar fetches it quickly.
const MOST_BYTES: usize = 400 << 10;

#[test]
fn the_file_imports_only_what_envoy_offers_and_a_mirror_may_call() {
    let known = |import: &(&str, &str)| match import.0 {
        "env" => imports::WITHIN_BOUNDS.contains(&import.1) || imports::OUT_OF_BOUNDS.contains(&import.1),
        wasi::MODULE => wasi::OFFERED.contains(&import.1),
        _ => false,
    };
    let imports: Vec<_> = artefact::module()
        .imports()
        .map(|import| (import.module(), import.name()))
        .collect();
    let unknown: Vec<_> = imports.into_iter().filter(|import| !known(import)).collect();
    assert_eq!(unknown, [], "unknown imports");
}

#[test]
fn it_speaks_abi_0_2_1_and_no_other() {
    let exports = artefact::module().exports().map(|export| export.name());
    let versions: Vec<_> = exports.filter(|name| name.starts_with("proxy_abi_version")).collect();
    assert_eq!(versions, ["proxy_abi_version_0_2_1"]);
}

/// Envoy calls whatever is exported, and every such call is paid by a request, even if it does nothing.
#[test]
fn the_file_exports_what_the_filter_uses_and_nothing_else() {
    let mut exports: Vec<_> = artefact::module().exports().map(|export| export.name()).collect();
    exports.sort_unstable();
    let used = [
        "_initialize",
        "memory",
        "proxy_abi_version_0_2_1",
        "proxy_on_configure",
        "proxy_on_context_create",
        "proxy_on_delete",
        "proxy_on_done",
        "proxy_on_http_call_response",
        "proxy_on_memory_allocate",
        "proxy_on_request_body",
        "proxy_on_request_headers",
        "proxy_on_request_trailers",
        "proxy_on_response_headers",
        "proxy_on_response_trailers",
        "proxy_on_tick",
        "proxy_on_vm_start",
    ];
    assert_eq!(exports, used);
}

/// The feature `trap` is for the tests on the real Envoy, and would hand every client the means to end mirroring.
#[test]
fn the_file_cannot_be_told_to_trap() {
    let word = b"told to trap";
    assert!(!artefact::bytes().windows(word.len()).any(|some| some == word));
    let mut host = FakeHost::new();
    let root = host.start(&one(&serde_json::json!({})));
    host.serve(root, &Request::get("/").header("x-trap", "yes"));
    host.serve(root, &Request::post("/", b"trap!", 5));
    assert_eq!(host.books().sent(), 2, "both are copied as any other");
}

/// Whoever builds it gets the same bytes, and learns nothing of the machine that did.
#[test]
fn the_file_names_no_folder_of_the_machine_that_built_it() {
    let home = std::env::home_dir().map(|home| format!("{}/", home.display()));
    let folders = [
        Some(env!("CARGO_MANIFEST_DIR").to_owned()),
        home,
        Some("registry/src".to_owned()),
    ];
    for folder in folders.into_iter().flatten().filter(|folder| folder.len() > 1) {
        let found = artefact::bytes()
            .windows(folder.len())
            .any(|some| some == folder.as_bytes());
        assert!(!found, "{} names {folder}", artefact::path().display());
    }
}

#[test]
fn the_file_is_small() {
    let size = artefact::bytes().len();
    assert!(
        size <= MOST_BYTES,
        "{} is {size} bytes, more than {MOST_BYTES}",
        artefact::path().display()
    );
}

#[test]
fn a_filter_that_imports_more_is_not_started_and_the_import_is_named() {
    let text =
        r#"(module (import "env" "proxy_teleport" (func)) (import "wasi_snapshot_preview1" "path_open" (func)))"#;
    let module = Module::new(&Engine::default(), text).expect("a module");
    let error = imports::linker(&module).expect_err("unknown imports").to_string();
    assert!(
        error.contains("env.proxy_teleport, wasi_snapshot_preview1.path_open"),
        "{error}"
    );
}
