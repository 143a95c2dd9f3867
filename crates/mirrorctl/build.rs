//! Looks whether what the binary carries was built: the page of `mirrorctl dashboard` (`scripts/page`), which
//! `src/page.rs` takes in, and the filter (`scripts/module`), which `src/module.rs` takes in. Without them everything
//! else compiles and works.

use std::path::Path;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(page_is_built)");
    let page = Path::new("page/dist");
    let files = ["index.html", "page.js", "page.css"].map(|name| page.join(name));
    if files.iter().all(|file| file.is_file()) {
        println!("cargo::rustc-cfg=page_is_built");
        for file in &files {
            println!("cargo::rerun-if-changed={}", file.display());
        }
    } else {
        // A path that does not exist would run this anew at each build. The folder above tells when the page comes.
        println!("cargo::rerun-if-changed=page");
    }
    println!("cargo::rustc-check-cfg=cfg(module_is_built)");
    let dist = Path::new("../../dist");
    let module = dist.join("traffic-mirror.wasm");
    if module.is_file() {
        println!("cargo::rustc-cfg=module_is_built");
        println!("cargo::rerun-if-changed={}", module.display());
    } else {
        // `make` makes the folder with the first thing that it builds. Until then this runs at each build.
        println!("cargo::rerun-if-changed={}", dist.display());
    }
}
