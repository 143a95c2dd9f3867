//! What the search has found is replayed: the corpus, and under `regressions/` every input that ever broke a promise,
//! each named after the bug. `SEEDS_TO=FOLDER` writes the seeds to it, for `scripts/fuzz --corpus`.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use mirror_fuzz::replay::Inputs;
use mirror_fuzz::{TARGETS, archive, replay};

use super::folder;
use super::seeds::seeds;

/// The archive of a target's corpus.
fn packed(target: &str) -> PathBuf {
    folder().join("corpus").join(format!("{target}.tar.gz"))
}

/// Checks inputs, and names those that break a promise.
#[track_caller]
fn assert_kept(target: &str, inputs: &Inputs) {
    let (_, check) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target");
    let broken: Vec<&str> = inputs
        .iter()
        .filter(|(_, bytes)| catch_unwind(AssertUnwindSafe(|| check(bytes))).is_err())
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(
        broken.is_empty(),
        "{target}: see above for what these break: {broken:?}"
    );
}

#[test]
fn no_input_of_the_corpus_breaks_a_promise() {
    for (target, _) in TARGETS {
        let inputs = archive::read(&packed(target)).unwrap();
        assert!(inputs.len() >= 3, "{target} has no corpus");
        assert_kept(target, &inputs);
    }
}

#[test]
fn no_bug_that_was_found_comes_back() {
    for (target, _) in TARGETS {
        assert_kept(
            target,
            &replay::files(&folder().join("regressions").join(target)).unwrap(),
        );
    }
}

#[test]
fn no_seed_breaks_a_promise() {
    for (target, inputs) in seeds() {
        assert_kept(target, &inputs);
        if let Some(to) = std::env::var_os("SEEDS_TO") {
            let to = PathBuf::from(to).join(target);
            fs::create_dir_all(&to).unwrap();
            for (name, bytes) in inputs {
                fs::write(to.join(name), bytes).unwrap();
            }
        }
    }
}

#[test]
fn each_target_is_a_program_and_has_seeds() {
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let programs = replay::files(&folder().join("targets")).unwrap();
    let programs: BTreeSet<String> = programs
        .keys()
        .map(|name| name.trim_end_matches(".rs").to_owned())
        .collect();
    assert_eq!(names, programs);
    let seeded: BTreeSet<String> = seeds().keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(names, seeded);
    for (below, end) in [("corpus", ".tar.gz"), ("regressions", "")] {
        for entry in fs::read_dir(folder().join(below)).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            let target = name.strip_suffix(end).unwrap_or_default();
            assert!(names.contains(target), "{below}/{name} belongs to no target");
        }
    }
}
