//! The calls about the filter itself: its log, its clock, its ticks, its end.

use std::time::Duration;

use wasmi::{Caller, Error, Linker};

use super::call;
use crate::host::abi::Status;
use crate::host::world::World;

/// Defines them all.
pub(super) fn define(linker: &mut Linker<World>) -> Result<(), Error> {
    const LOG: &str = "proxy_log";
    linker.func_wrap(
        "env",
        LOG,
        |caller: Caller<'_, World>, level: u32, text: u32, size: u32| {
            call(caller, LOG, |guest| {
                let text = guest.read_text(text, size)?;
                guest.note(&text);
                guest.world().journal.logs.push((level, text));
                Ok(())
            })
        },
    )?;
    const LEVEL: &str = "proxy_get_log_level";
    linker.func_wrap("env", LEVEL, |caller: Caller<'_, World>, at: u32| {
        call(caller, LEVEL, |guest| {
            guest.note("");
            let level = guest.world().log_level;
            guest.write(at, &level.to_le_bytes())
        })
    })?;
    const TIME: &str = "proxy_get_current_time_nanoseconds";
    linker.func_wrap("env", TIME, |caller: Caller<'_, World>, at: u32| {
        call(caller, TIME, |guest| {
            guest.note("");
            let now = guest.world().clock.wall.as_nanos() as u64;
            guest.write(at, &now.to_le_bytes())
        })
    })?;
    const TICK: &str = "proxy_set_tick_period_milliseconds";
    linker.func_wrap("env", TICK, |caller: Caller<'_, World>, period: u32| {
        call(caller, TICK, |guest| {
            guest.note(period);
            let world = guest.world();
            let now = world.clock.monotonic;
            let id = world.subject_root();
            let root = world.root(id);
            root.tick = (period > 0).then(|| Duration::from_millis(u64::from(period)));
            root.next_tick = now + root.tick.unwrap_or_default();
            Ok(())
        })
    })?;
    const DONE: &str = "proxy_done";
    linker.func_wrap("env", DONE, |caller: Caller<'_, World>| {
        call(caller, DONE, |guest| {
            guest.note("");
            guest.world().done()
        })
    })?;
    const EFFECTIVE: &str = "proxy_set_effective_context";
    linker.func_wrap("env", EFFECTIVE, |caller: Caller<'_, World>, id: u32| {
        call(caller, EFFECTIVE, |guest| {
            guest.note(id);
            let world = guest.world();
            if !world.contexts.contains_key(&id) {
                return Err(Status::BadArgument);
            }
            world.callback.effective = Some(id);
            Ok(())
        })
    })?;
    const STATUS: &str = "proxy_get_status";
    linker.func_wrap(
        "env",
        STATUS,
        |caller: Caller<'_, World>, code: u32, pointer: u32, size: u32| {
            call(caller, STATUS, |guest| {
                guest.note("");
                guest.write(code, &[0; 4])?;
                guest.give(b"", pointer, size)
            })
        },
    )?;
    Ok(())
}
