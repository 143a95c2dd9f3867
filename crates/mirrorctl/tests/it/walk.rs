//! The walk through the tutorial in `docs/mirrorctl.md` is executed: every `sh` block of that section runs, in order
//! and in one shell, with the built command and a stand-in for kubectl, and prints what the `text` block below it
//! shows. `UPDATE_DOCS=1` writes what is printed now.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SECTION: &str = "\n## The tutorial, step by step\n";

/// A block of the section: where its commands stand in the file, and what is shown below them.
struct Block {
    commands: String,
    shown: Option<(usize, usize)>,
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/mirrorctl.md")
}

fn blocks(text: &str) -> Vec<Block> {
    let start = text.find(SECTION).expect("the section") + SECTION.len();
    let end = text[start..].find("\n## ").map_or(text.len(), |end| start + end);
    let mut blocks = Vec::new();
    let mut at = start;
    while let Some(found) = text[at..end].find("```sh\n") {
        let begin = at + found + "```sh\n".len();
        let stop = begin + text[begin..end].find("```\n").expect("the block ends");
        at = stop + "```\n".len();
        let shown = text[at..end].strip_prefix("\n```text\n").map(|rest| {
            let begin = at + "\n```text\n".len();
            (begin, begin + rest.find("```\n").expect("the output ends"))
        });
        blocks.push(Block {
            commands: text[begin..stop].to_owned(),
            shown,
        });
    }
    blocks
}

/// A folder with the commands that the blocks use, and the cluster of the tutorial.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("walk");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("bin/cluster")).expect("a folder");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/walk");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_mirrorctl"), folder.join("bin/mirrorctl")).expect("a link");
    fs::copy(source.join("kubectl"), folder.join("bin/kubectl")).expect("a copy");
    let applied = Command::new(folder.join("bin/kubectl"))
        .args(["apply", "-f"])
        .arg(source.join("demo.yaml"))
        .status()
        .expect("it runs");
    assert!(applied.success());
    folder
}

/// What each block prints, on either stream, and its exit code if that is not 0.
fn run(blocks: &[Block]) -> Vec<String> {
    let folder = folder();
    let mut script = String::new();
    for (index, block) in blocks.iter().enumerate() {
        let commands = &block.commands;
        script.push_str(&format!(
            "{{\n{commands}}} > out.{index} 2>&1 || echo \"exit code $?\" >> out.{index}\n"
        ));
    }
    let path = format!(
        "{}:{}",
        folder.join("bin").display(),
        std::env::var("PATH").expect("PATH")
    );
    let status = Command::new("bash")
        .args(["-c", &script])
        .current_dir(&folder)
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .env_remove("MIRRORCTL_MODULE")
        .status()
        .expect("bash");
    assert!(status.success(), "{status}");
    let read = |index: usize| fs::read_to_string(folder.join(format!("out.{index}"))).expect("an output");
    (0..blocks.len()).map(read).collect()
}

#[test]
fn every_command_of_the_walk_prints_what_is_shown_below_it() {
    let text = fs::read_to_string(file()).expect("docs/mirrorctl.md");
    let blocks = blocks(&text);
    assert!(blocks.len() >= 8, "{} blocks", blocks.len());
    let printed = run(&blocks);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let mut updated = text.clone();
        for (block, printed) in blocks.iter().zip(&printed).rev() {
            if let Some((begin, end)) = block.shown {
                updated.replace_range(begin..end, printed);
            }
        }
        fs::write(file(), &updated).expect("written");
        return;
    }
    for (block, printed) in blocks.iter().zip(&printed) {
        let shown = block.shown.map_or("", |(begin, end)| &text[begin..end]);
        assert_eq!(
            printed, shown,
            "\n{}\nUPDATE_DOCS=1 writes what is printed",
            block.commands
        );
    }
}
