//! The calls by which a filter reads: headers, buffers, properties. Each can be made to lie.

use wasmi::{Caller, Error, Linker};

use super::call;
use crate::host::abi::{Status, buffer, encode, map};
use crate::host::world::World;

/// Defines them all.
pub(super) fn define(linker: &mut Linker<World>) -> Result<(), Error> {
    const PAIRS: &str = "proxy_get_header_map_pairs";
    linker.func_wrap(
        "env",
        PAIRS,
        |caller: Caller<'_, World>, kind: u32, pointer: u32, size: u32| {
            call(caller, PAIRS, |guest| {
                guest.note(kind);
                if kind > map::LAST {
                    return Err(Status::BadArgument);
                }
                let bytes = encode(guest.world().map(kind).unwrap_or(&Vec::new()));
                let bytes = guest.world().faults.garble(PAIRS, bytes);
                guest.give(&bytes, pointer, size)
            })
        },
    )?;
    const VALUE: &str = "proxy_get_header_map_value";
    linker.func_wrap(
        "env",
        VALUE,
        |caller: Caller<'_, World>, kind: u32, key: u32, key_size: u32, pointer: u32, size: u32| {
            call(caller, VALUE, |guest| {
                let key = guest.read(key, key_size)?.to_ascii_lowercase();
                guest.note(format!("{kind} {}", String::from_utf8_lossy(&key)));
                let map = guest.world().map(kind).ok_or(Status::BadArgument)?;
                let found = map
                    .iter()
                    .find(|(name, _)| *name == key)
                    .map(|(_, value)| value.clone());
                let value = found.ok_or(Status::NotFound)?;
                let value = guest.world().faults.garble(VALUE, value);
                guest.give(&value, pointer, size)
            })
        },
    )?;
    const BUFFER: &str = "proxy_get_buffer_bytes";
    linker.func_wrap(
        "env",
        BUFFER,
        |caller: Caller<'_, World>, kind: u32, start: u32, most: u32, pointer: u32, size: u32| {
            call(caller, BUFFER, |guest| {
                guest.note(format!("{kind} {start} {most}"));
                if kind > buffer::LAST {
                    return Err(Status::BadArgument);
                }
                let bytes = guest.world().buffer(kind).ok_or(Status::NotFound)?;
                let rest = bytes.get(start as usize..).ok_or(Status::BadArgument)?;
                let part = rest[..rest.len().min(most as usize)].to_vec();
                let part = guest.world().faults.garble(BUFFER, part);
                // Envoy leaves the pointers alone if there is nothing to hand over.
                if part.is_empty() {
                    Ok(())
                } else {
                    guest.give(&part, pointer, size)
                }
            })
        },
    )?;
    const PROPERTY: &str = "proxy_get_property";
    linker.func_wrap(
        "env",
        PROPERTY,
        |caller: Caller<'_, World>, path: u32, length: u32, pointer: u32, size: u32| {
            call(caller, PROPERTY, |guest| {
                let path = guest.read_text(path, length)?.replace('\0', ".");
                guest.note(&path);
                let value = guest.world().property(&path)?;
                let value = guest.world().faults.garble(PROPERTY, value);
                guest.give(&value, pointer, size)
            })
        },
    )?;
    Ok(())
}
