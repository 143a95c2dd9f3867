//! The archives of the corpus.

use std::fs;
use std::io::Read as _;

use flate2::read::GzDecoder;
use mirror_fuzz::archive::{pack, read, unpack};
use mirror_fuzz::replay::Inputs;
use mirror_fuzz::{TARGETS, replay};

use super::folder;

/// A name as libFuzzer gives it, an input of more than one block of a tar, and an empty one.
fn inputs() -> Inputs {
    [
        ("3a4a5510df27e84ce922c6623c3ee7eafb5dc4ed", vec![b'a'; 1500]),
        ("seed-000", b"\0\xff\n".to_vec()),
        ("empty", Vec::new()),
    ]
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .into()
}

fn ungzip(packed: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut tar).unwrap();
    tar
}

#[test]
fn what_was_packed_comes_back() {
    assert_eq!(unpack(&pack(&inputs()).unwrap()).unwrap(), inputs());
    assert_eq!(unpack(&pack(&Inputs::new()).unwrap()).unwrap(), Inputs::new());
}

#[test]
fn the_same_inputs_are_the_same_bytes() {
    let backwards: Inputs = inputs().into_iter().rev().collect();
    assert_eq!(pack(&inputs()).unwrap(), pack(&backwards).unwrap());
    // And in each committed archive is nothing but its inputs: no time, no owner, no order of its own.
    for (target, _) in TARGETS {
        let committed = fs::read(folder().join(format!("corpus/{target}.tar.gz"))).unwrap();
        let again = pack(&unpack(&committed).unwrap()).unwrap();
        assert!(
            ungzip(&again) == ungzip(&committed),
            "{target}: `make fuzz-corpus` packed it in another way"
        );
    }
}

#[test]
fn a_file_that_is_no_archive_is_refused_with_its_path() {
    let path = folder().join("Cargo.toml");
    let error = read(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: ", path.display())), "{error}");
    let missing = folder().join("corpus/none.tar.gz");
    let error = read(&missing).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: ", missing.display())), "{error}");
}

#[test]
fn half_an_archive_is_refused() {
    let packed = pack(&inputs()).unwrap();
    unpack(&packed[..packed.len() / 2]).unwrap_err();
}

#[test]
fn a_folder_in_an_archive_is_refused() {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    tar.append_dir("folder", folder().join("src")).unwrap();
    let packed = tar.into_inner().unwrap().finish().unwrap();
    let error = unpack(&packed).unwrap_err().to_string();
    assert!(error.contains("folder"), "{error}");
}

#[test]
fn the_files_of_a_folder_are_those_right_in_it() {
    let names: Vec<String> = replay::files(&folder().join("tests/it")).unwrap().into_keys().collect();
    assert!(names.contains(&"main.rs".to_owned()), "{names:?}");
    assert!(replay::files(&folder().join("tests")).unwrap().is_empty());
    assert!(replay::files(&folder().join("none")).unwrap().is_empty());
}
