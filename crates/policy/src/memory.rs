//! The memory of a VM. The host gives a VM so much memory and no more, and an allocation that fails ends the VM. So two
//! rules hold. Budgets that do not fit together are refused with their configuration. And whatever may be large asks
//! first whether there is room; without room, the copy is dropped.

use crate::config_error::ConfigError;
use crate::configuration::MirrorConfig;
use crate::reasons::Dropped;

/// The memory of a VM that the budgets of all its mirrors may need together: 896 MiB. Envoy gives a VM 1 GiB
/// (proxy-wasm-cpp-host, `PROXY_WASM_HOST_MAX_WASM_MEMORY_SIZE_BYTES`). The rest is for the module, the configurations,
/// the contexts of the streams, and headers that are read.
pub const MAX_BUDGETS: u64 = 896 << 20;

/// What a copy costs beside its bytes, at most.
const COPY_BYTES: u64 = 256;

/// Room that no copy may take, in bytes. The SDK and the host allocate here without a question: headers that are read
/// and written, the contexts of new streams, a new configuration.
const HEADROOM: usize = 16 << 20;

/// Checks that so many bytes can be allocated, and that enough room stays for everything else.
///
/// # Errors
/// The memory of the VM is used up.
pub(crate) fn has_room(bytes: usize) -> Result<(), Dropped> {
    let mut probe = Vec::<u8>::new();
    let is_free = probe.try_reserve_exact(bytes.saturating_add(HEADROOM)).is_ok();
    // Without this, the optimiser would leave the allocation out, and the probe would always succeed.
    std::hint::black_box(&mut probe);
    if is_free { Ok(()) } else { Err(Dropped::Memory) }
}

/// Appends a chunk to a body. The buffer of the body grows by a quarter, so a body never has much more memory than it
/// is charged for.
///
/// # Errors
/// The memory of the VM is used up. Then the body is unchanged.
pub(crate) fn append(body: &mut Vec<u8>, chunk: &[u8]) -> Result<(), Dropped> {
    let more = growth(body, chunk.len());
    body.try_reserve_exact(more).map_err(|_| Dropped::Memory)?;
    body.extend_from_slice(chunk);
    Ok(())
}

/// The memory that the next chunk of a body may need: the chunk, and a new buffer for the body.
pub(crate) fn while_appending(body: &Vec<u8>, chunk: usize) -> usize {
    match growth(body, chunk) {
        0 => chunk,
        more => chunk.saturating_add(body.len()).saturating_add(more),
    }
}

/// By how many bytes the buffer of a body grows for a chunk: by a quarter at least. 0 means that the chunk has room.
fn growth(body: &Vec<u8>, chunk: usize) -> usize {
    if body.capacity() - body.len() >= chunk {
        0
    } else {
        chunk.max(body.len() / 4)
    }
}

/// The memory that redaction may need to write a body of so many bytes anew, beside the body itself. A value in JSON
/// becomes at most 18 times as long. The new body grows by doubling, so for a moment there are three times its bytes.
pub(crate) fn while_redacting(length: usize, max_bytes: u64) -> usize {
    let longest = (length as u64).saturating_mul(18).min(max_bytes);
    usize::try_from(longest.saturating_mul(3)).unwrap_or(usize::MAX)
}

/// The memory that a mirror may need: half as much again as its bytes, because buffers grow and leave gaps; its copies;
/// and the redacted body of one request, which may be twice its size while it is written.
pub(crate) fn of_mirror(config: &MirrorConfig) -> u64 {
    let limits = &config.limits;
    let bytes = limits.max_buffered_bytes.get();
    let copies = limits.max_in_flight.get() + limits.max_collecting.get();
    let redacted = if config.redact.is_some() {
        2 * config.body.max_bytes.get()
    } else {
        0
    };
    bytes + bytes / 2 + copies * COPY_BYTES + redacted
}

/// Checks that budgets fit into the memory of a VM. `own` is what the mirrors of the configuration need, `others` what
/// those of other plugins in the VM need, in bytes.
///
/// # Errors
/// The budgets do not fit.
pub(crate) fn check(own: u64, others: u64) -> Result<(), ConfigError> {
    let sum = own.saturating_add(others);
    if sum <= MAX_BUDGETS {
        return Ok(());
    }
    let beside = if others == 0 {
        String::new()
    } else {
        format!(", and those of other plugins in the same VM {others}")
    };
    Err(ConfigError::invalid(
        "mirrors",
        format!(
            "the budgets of all mirrors together may need {own} bytes of memory{beside}; {MAX_BUDGETS} are allowed; \
             lower `limits.maxBufferedBytes`, or `body.maxBytes` where `redact` is set"
        ),
    ))
}
