//! Looks whether the page of `mirrorctl dashboard` was built (`scripts/page`), so that `src/page.rs` takes it into the
//! binary. Without it everything else compiles and works.

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
}
