//! What the guides in `docs/` show is what the golden folders hold: a block below `<!-- golden: FOLDER/FILE -->` is
//! that file, or its beginning, document by document; a command is the one that the folder runs.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::goldens;

const GUIDES: &[&str] = &["gateway.md", "ambient.md", "plain-envoy.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// The blocks of a guide below a marker: what the marker says, and the block.
fn blocks(guide: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("../../docs").join(guide)).unwrap();
    let mut blocks = Vec::new();
    for part in text.split("<!-- golden: ").skip(1) {
        let (marker, rest) = part.split_once(" -->\n```text\n").expect("a block at once");
        let (block, _) = rest.split_once("```").expect("the end of the block");
        blocks.push((marker.to_owned(), block.to_owned()));
    }
    blocks
}

/// The arguments of a command over several lines.
fn words(command: &str) -> Vec<String> {
    let words = command.split_whitespace().filter(|word| *word != "\\");
    words.map(str::to_owned).collect()
}

#[test]
fn the_guides_show_what_is_generated() {
    // `UPDATE_GOLDEN=1` writes the folders before they are read here.
    goldens();
    for guide in GUIDES {
        let blocks = blocks(guide);
        assert!(blocks.len() >= 3, "{guide}: {} blocks", blocks.len());
        for (marker, block) in blocks {
            let file = root().join("tests/golden").join(&marker);
            let held = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{guide}: {marker}: {error}"));
            if !marker.ends_with("/args") {
                assert!(
                    held.starts_with(&block),
                    "{guide}: {marker} begins otherwise than\n{block}"
                );
                continue;
            }
            let mut shown = words(&block);
            assert_eq!(shown.remove(0), "mirrorctl", "{guide}: {marker}");
            // In the guide the module comes from the environment.
            let mut run = words(&held);
            let at = run.iter().position(|word| word == "--module").expect("a module");
            run.drain(at..=at + 1);
            assert_eq!(shown, run, "{guide}: {marker}");
        }
    }
}
