//! The few functions of `wasi_snapshot_preview1` that Rust's standard library asks for, as Envoy provides them.

use wasmi::{Caller, Error, Linker};

use super::guest::Guest;
use super::world::World;

pub(crate) const MODULE: &str = "wasi_snapshot_preview1";

/// What is offered.
pub(crate) const OFFERED: &[&str] = &[
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_write",
    "proc_exit",
    "random_get",
];

const SUCCESS: u32 = 0;
const FAULT: u32 = 21;
const NOT_SUPPORTED: u32 = 58;

/// Defines them all.
pub(crate) fn define(linker: &mut Linker<World>) -> Result<(), Error> {
    linker.func_wrap(
        MODULE,
        "random_get",
        |mut caller: Caller<'_, World>, at: u32, size: u32| {
            let mut guest = Guest::new(&mut caller, "random_get");
            let bytes: Vec<u8> = (0..size).map(|_| guest.world().random.roll() as u8).collect();
            guest.note(bytes.len());
            errno(guest.write(at, &bytes))
        },
    )?;
    linker.func_wrap(
        MODULE,
        "clock_time_get",
        |mut caller: Caller<'_, World>, id: u32, _precision: u64, at: u32| {
            let mut guest = Guest::new(&mut caller, "clock_time_get");
            if guest.world().faults.status("clock_time_get").is_some() {
                return NOT_SUPPORTED;
            }
            let clock = guest.world().clock;
            let time = match id {
                0 => clock.wall,
                1 => clock.monotonic,
                _ => return NOT_SUPPORTED,
            };
            guest.note(id);
            errno(guest.write(at, &(time.as_nanos() as u64).to_le_bytes()))
        },
    )?;
    linker.func_wrap(
        MODULE,
        "environ_sizes_get",
        |mut caller: Caller<'_, World>, count: u32, size: u32| {
            let mut guest = Guest::new(&mut caller, "environ_sizes_get");
            errno(guest.write(count, &[0; 4]).and_then(|()| guest.write(size, &[0; 4])))
        },
    )?;
    linker.func_wrap(MODULE, "environ_get", |_: Caller<'_, World>, _: u32, _: u32| SUCCESS)?;
    linker.func_wrap(
        MODULE,
        "fd_write",
        |mut caller: Caller<'_, World>, _fd: u32, at: u32, count: u32, written: u32| {
            let mut guest = Guest::new(&mut caller, "fd_write");
            let mut text = Vec::new();
            for vector in 0..count {
                let (data, size) = (guest.read_u32(at + 8 * vector), guest.read_u32(at + 8 * vector + 4));
                text.extend(data.and_then(|data| guest.read(data, size?)).unwrap_or_default());
            }
            let size = text.len() as u32;
            guest
                .world()
                .journal
                .logs
                .push((u32::MAX, String::from_utf8_lossy(&text).into_owned()));
            guest.note(size);
            errno(guest.write(written, &size.to_le_bytes()))
        },
    )?;
    linker.func_wrap(
        MODULE,
        "proc_exit",
        |_: Caller<'_, World>, code: u32| -> Result<(), Error> { Err(Error::new(format!("proc_exit({code})"))) },
    )?;
    Ok(())
}

fn errno<T, E>(result: Result<T, E>) -> u32 {
    if result.is_ok() { SUCCESS } else { FAULT }
}
