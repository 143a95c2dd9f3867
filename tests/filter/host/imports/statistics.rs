//! The calls by which a filter counts.

use std::rc::Rc;

use wasmi::{Caller, Error, Linker};

use super::call;
use crate::host::world::World;

/// Defines them all.
pub(super) fn define(linker: &mut Linker<World>) -> Result<(), Error> {
    const DEFINE: &str = "proxy_define_metric";
    linker.func_wrap(
        "env",
        DEFINE,
        |caller: Caller<'_, World>, kind: u32, name: u32, size: u32, id: u32| {
            call(caller, DEFINE, |guest| {
                let name = guest.read_text(name, size)?;
                guest.note(&name);
                let world = guest.world();
                let stats = Rc::clone(&world.stats);
                let metric = world.metrics.define(&mut stats.borrow_mut(), kind, &name)?;
                guest.write(id, &metric.to_le_bytes())
            })
        },
    )?;
    const INCREMENT: &str = "proxy_increment_metric";
    linker.func_wrap("env", INCREMENT, |caller: Caller<'_, World>, id: u32, offset: i64| {
        call(caller, INCREMENT, |guest| {
            let name = guest.world().metrics.name(id).to_owned();
            guest.note(format!("{name} {offset:+}"));
            let world = guest.world();
            world.metrics.increment(&mut world.stats.borrow_mut(), id, offset)
        })
    })?;
    const RECORD: &str = "proxy_record_metric";
    linker.func_wrap("env", RECORD, |caller: Caller<'_, World>, id: u32, value: u64| {
        call(caller, RECORD, |guest| {
            let name = guest.world().metrics.name(id).to_owned();
            guest.note(format!("{name} = {value}"));
            let world = guest.world();
            world.metrics.record(&mut world.stats.borrow_mut(), id, value)
        })
    })?;
    const GET: &str = "proxy_get_metric";
    linker.func_wrap("env", GET, |caller: Caller<'_, World>, id: u32, at: u32| {
        call(caller, GET, |guest| {
            guest.note(id);
            let world = guest.world();
            let value = world.metrics.value(&world.stats.borrow(), id)?;
            guest.write(at, &value.to_le_bytes())
        })
    })?;
    Ok(())
}
