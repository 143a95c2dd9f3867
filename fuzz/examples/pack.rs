//! `pack FOLDER ARCHIVE` packs the files of a folder into an archive of the corpus. `scripts/fuzz --corpus` runs it.

use std::io;
use std::path::Path;

use mirror_fuzz::{archive, replay};

fn main() -> io::Result<()> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [folder, path] = arguments.as_slice() else {
        return Err(io::Error::other("usage: pack FOLDER ARCHIVE"));
    };
    let (folder, path) = (Path::new(folder), Path::new(path));
    let inputs = replay::files(folder)?;
    if inputs.is_empty() {
        return Err(io::Error::other(format!("{}: has no file to pack", folder.display())));
    }
    archive::write(path, &inputs)
}
