//! Takes exports out of a wasm module. Envoy calls every callback that a module exports, and the SDK exports them all,
//! so that the same empty filter with fewer exports shows what the calls alone cost.

use anyhow::{Context as _, Result, ensure};

const MAGIC: &[u8] = b"\0asm\x01\0\0\0";
const EXPORTS: u8 = 7;

/// What Envoy asks of any module.
pub const HOLLOW: &[&str] = &[
    "memory",
    "_initialize",
    "proxy_abi_version_0_2_1",
    "proxy_on_memory_allocate",
];

/// Besides, what an empty filter needs to start, and to forget each request again.
pub const STREAMS: &[&str] = &[
    "proxy_on_vm_start",
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
];

/// Besides, what the bare mirror needs.
pub const HEAD: &[&str] = &["proxy_on_request_headers"];

/// The module with only those exports that are `wanted`.
pub fn exports(module: &[u8], wanted: &[&str]) -> Result<Vec<u8>> {
    let mut rest = module.strip_prefix(MAGIC).context("not a wasm module")?;
    let mut out = MAGIC.to_vec();
    while let Some((&id, after)) = rest.split_first() {
        rest = after;
        let size = number(&mut rest)?;
        let mut section = bytes(&mut rest, size)?;
        let content = match id {
            EXPORTS => kept(&mut section, wanted)?,
            _ => section.to_vec(),
        };
        out.push(id);
        write_number(&mut out, content.len());
        out.extend(content);
    }
    Ok(out)
}

fn kept(section: &mut &[u8], wanted: &[&str]) -> Result<Vec<u8>> {
    let mut entries = Vec::new();
    let mut count = 0;
    for _ in 0..number(section)? {
        let size = number(section)?;
        let name = bytes(section, size)?;
        let kind = bytes(section, 1)?;
        let index = number(section)?;
        if wanted.iter().any(|wanted| wanted.as_bytes() == name) {
            count += 1;
            write_number(&mut entries, name.len());
            entries.extend_from_slice(name);
            entries.extend_from_slice(kind);
            write_number(&mut entries, index);
        }
    }
    let mut content = Vec::new();
    write_number(&mut content, count);
    content.extend(entries);
    Ok(content)
}

fn bytes<'a>(rest: &mut &'a [u8], size: usize) -> Result<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(size).context("the module ends too early")?;
    *rest = after;
    Ok(taken)
}

/// An unsigned LEB128 of at most 32 bits.
fn number(rest: &mut &[u8]) -> Result<usize> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = bytes(rest, 1)?[0];
        value |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    ensure!(false, "a number of more than 32 bits");
    Ok(value)
}

fn write_number(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exports `a` (function 0), `memory` (memory 0) and `bb` (function 300), with a section before and one after.
    fn module() -> Vec<u8> {
        let mut module = MAGIC.to_vec();
        module.extend([1, 2, 9, 9]);
        module.extend([7, 20, 3]);
        module.extend(*b"\x01a\0\0");
        module.extend(*b"\x06memory\x02\0");
        module.extend(*b"\x02bb\0\xac\x02");
        module.extend([10, 1, 8]);
        module
    }

    #[test]
    fn what_is_wanted_stays_and_the_other_sections_too() {
        let trimmed = exports(&module(), &["bb", "unknown"]).expect("a module");
        assert_eq!(
            &trimmed[8..],
            b"\x01\x02\x09\x09\x07\x07\x01\x02bb\0\xac\x02\x0a\x01\x08"
        );
        assert_eq!(
            exports(&module(), &["a", "memory", "bb"]).expect("a module"),
            module(),
            "nothing taken out, nothing changed"
        );
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(exports(b"\x7fELF", &[]).is_err());
        assert!(exports(&module()[..20], &[]).is_err());
    }
}
