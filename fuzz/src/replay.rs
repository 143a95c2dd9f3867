//! Replays inputs from files.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The bytes of inputs, by the names of their files.
pub type Inputs = BTreeMap<String, Vec<u8>>;

/// Checks each file that the command line names.
///
/// # Errors
/// A file cannot be read.
pub fn arguments(check: fn(&[u8])) -> io::Result<()> {
    for path in std::env::args_os().skip(1) {
        eprintln!("{}", path.display());
        check(&std::fs::read(path)?);
    }
    Ok(())
}

/// The files of a folder, without those of folders in it; none if there is no such folder.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn files(folder: &Path) -> io::Result<Inputs> {
    let mut files = Inputs::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().is_file() {
            files.insert(
                entry.file_name().to_string_lossy().into_owned(),
                std::fs::read(entry.path())?,
            );
        }
    }
    Ok(files)
}
