//! The web page of `mirrorctl dashboard`, as it lies in the binary: built from `page/` by `make page` and taken in at
//! compile time, so that it needs no file and no network. A binary that was compiled without it has none, and the
//! command says so.

/// One file of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Where the server has it: `/`, `/assets/page.js`, `/assets/page.css`. The page asks for nothing else but `/api/`.
    pub path: &'static str,
    /// Its `content-type`.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
}

/// What to do if there is no page.
pub const MISSING: &str = "mirrorctl was built without its page: build it by `make mirrorctl`";

/// The files of the page; `None` if it had not been built when this was compiled.
pub const fn files() -> Option<&'static [File]> {
    FILES
}

#[cfg(page_is_built)]
const FILES: Option<&[File]> = Some(&[
    File {
        path: "/",
        content_type: "text/html; charset=utf-8",
        bytes: include_bytes!("../page/dist/index.html"),
    },
    File {
        path: "/assets/page.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../page/dist/page.js"),
    },
    File {
        path: "/assets/page.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../page/dist/page.css"),
    },
]);

#[cfg(not(page_is_built))]
const FILES: Option<&[File]> = None;

#[cfg(test)]
mod tests {
    use super::*;

    /// The page as it lies in the source tree, and what of it lies in this binary.
    #[test]
    fn the_page_is_the_one_that_was_built() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("page/dist");
        if !root.join("index.html").is_file() {
            assert_eq!(files(), None);
            return;
        }
        let files = files().expect("page/dist is there");
        for (path, name) in [
            ("/", "index.html"),
            ("/assets/page.js", "page.js"),
            ("/assets/page.css", "page.css"),
        ] {
            let file = files.iter().find(|file| file.path == path).expect(path);
            assert_eq!(file.bytes, std::fs::read(root.join(name)).unwrap(), "{path}");
        }
    }

    /// The policy allows nothing inline, so whatever the page names must be one of the files.
    #[test]
    fn the_page_names_its_own_files_alone() {
        let Some(files) = files() else { return };
        let html = std::str::from_utf8(files[0].bytes).unwrap();
        for attribute in ["src=\"", "href=\""] {
            for rest in html.split(attribute).skip(1) {
                let target = rest.split('"').next().unwrap();
                let is_own = files.iter().any(|file| file.path.strip_prefix('/') == Some(target));
                assert!(
                    is_own || target.starts_with("data:") || target.starts_with('#'),
                    "{target}"
                );
            }
        }
        let inline = regex_lite::Regex::new(r"<style|<[^>]*\s(style|on[a-z]+)=").unwrap();
        assert_eq!(inline.find(html).map(|found| found.as_str()), None);
    }
}
