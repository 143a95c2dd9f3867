//! The corpus as it is committed: one archive per target, a tar of its inputs in gzip. The same inputs are the same
//! bytes.

use std::fs;
use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::Path;

use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use tar::{Archive, Builder, EntryType, Header};

use crate::replay::Inputs;

/// Reads the inputs of an archive.
///
/// # Errors
/// The file cannot be read, it is not a tar in gzip, or it has an entry that is not a file.
pub fn read(path: &Path) -> Result<Inputs> {
    unpack(&fs::read(path).map_err(|error| at(path, &error))?).map_err(|error| at(path, &error))
}

/// Writes an archive with these inputs, and replaces the one that is there.
///
/// # Errors
/// The file cannot be written, or a name is longer than 100 bytes.
pub fn write(path: &Path, inputs: &Inputs) -> Result<()> {
    let packed = pack(inputs).map_err(|error| at(path, &error))?;
    fs::write(path, packed).map_err(|error| at(path, &error))
}

/// The bytes of the archive with these inputs. No time, no owner and no machine is in them.
///
/// # Errors
/// A name is longer than 100 bytes.
pub fn pack(inputs: &Inputs) -> Result<Vec<u8>> {
    let gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    let mut tar = Builder::new(gzip);
    for (name, bytes) in inputs {
        let mut header = Header::new_ustar();
        header.set_path(name)?;
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_cksum();
        tar.append(&header, bytes.as_slice())?;
    }
    tar.into_inner()?.finish()
}

/// The inputs in the bytes of an archive.
///
/// # Errors
/// The bytes are not a tar in gzip, or an entry is not a file.
pub fn unpack(packed: &[u8]) -> Result<Inputs> {
    let mut inputs = Inputs::new();
    for entry in Archive::new(GzDecoder::new(packed)).entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        if !entry.header().entry_type().is_file() {
            return Err(Error::new(
                ErrorKind::InvalidData,
                format!("the entry {name} is not a file"),
            ));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        inputs.insert(name, bytes);
    }
    Ok(inputs)
}

fn at(path: &Path, error: &Error) -> Error {
    Error::new(error.kind(), format!("{}: {error}", path.display()))
}
