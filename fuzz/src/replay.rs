//! Replays inputs from files.

use std::io;
use std::path::Path;

/// Checks each file that the command line names.
///
/// # Errors
/// If one cannot be read.
pub fn arguments(check: fn(&[u8])) -> io::Result<()> {
    for path in std::env::args_os().skip(1) {
        eprintln!("{}", path.display());
        check(&std::fs::read(path)?);
    }
    Ok(())
}

/// The files right in a folder, in order, with their bytes; none if there is no such folder.
///
/// # Errors
/// If one cannot be read.
pub fn files(folder: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        files.push((
            entry.file_name().to_string_lossy().into_owned(),
            std::fs::read(entry.path())?,
        ));
    }
    files.sort();
    Ok(files)
}
