//! The host calls of module `env`. A mirror reads, counts, sends and logs: those are implemented. Everything else that
//! an SDK may import is bound to a trap, so that no test can pass while the filter touches the primary.

use wasmi::{Caller, Error, ExternType, Linker, Module, Val};

use super::abi::{OK, Status};
use super::guest::Guest;
use super::wasi;
use super::world::World;

mod callout;
mod control;
mod reading;
mod statistics;

/// What a mirror may call.
pub(crate) const WITHIN_BOUNDS: &[&str] = &[
    "proxy_define_metric",
    "proxy_done",
    "proxy_get_buffer_bytes",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_get_log_level",
    "proxy_get_metric",
    "proxy_get_property",
    "proxy_get_status",
    "proxy_http_call",
    "proxy_increment_metric",
    "proxy_log",
    "proxy_record_metric",
    "proxy_set_effective_context",
    "proxy_set_tick_period_milliseconds",
];

/// What Envoy offers and a mirror has no business with. Calling any of these ends the test.
pub(crate) const OUT_OF_BOUNDS: &[&str] = &[
    "proxy_add_header_map_value",
    "proxy_call_foreign_function",
    "proxy_close_stream",
    "proxy_continue_stream",
    "proxy_dequeue_shared_queue",
    "proxy_enqueue_shared_queue",
    "proxy_get_shared_data",
    "proxy_grpc_call",
    "proxy_grpc_cancel",
    "proxy_grpc_close",
    "proxy_grpc_send",
    "proxy_grpc_stream",
    "proxy_register_shared_queue",
    "proxy_remove_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_resolve_shared_queue",
    "proxy_send_local_response",
    "proxy_set_buffer_bytes",
    "proxy_set_header_map_pairs",
    "proxy_set_property",
    "proxy_set_shared_data",
];

/// A linker for this module.
///
/// # Errors
/// If the module imports what Envoy does not offer; the error lists it.
pub(crate) fn linker(module: &Module) -> Result<Linker<World>, Error> {
    let mut linker = Linker::new(module.engine());
    wasi::define(&mut linker)?;
    reading::define(&mut linker)?;
    statistics::define(&mut linker)?;
    callout::define(&mut linker)?;
    control::define(&mut linker)?;
    let mut unknown = Vec::new();
    for import in module.imports() {
        let name = import.name();
        match (import.module(), import.ty()) {
            ("env", _) if WITHIN_BOUNDS.contains(&name) => {}
            (wasi::MODULE, _) if wasi::OFFERED.contains(&name) => {}
            ("env", ExternType::Func(ty)) if OUT_OF_BOUNDS.contains(&name) => {
                let trap = format!("the filter called {name}, which a mirror never may");
                linker.func_new("env", name, ty.clone(), move |_, _: &[Val], _: &mut [Val]| {
                    Err(Error::new(trap.clone()))
                })?;
            }
            (module, _) => unknown.push(format!("{module}.{name}")),
        }
    }
    if unknown.is_empty() {
        Ok(linker)
    } else {
        Err(Error::new(format!("unknown imports: {}", unknown.join(", "))))
    }
}

/// Does one host call: denied if the faults say so, else done.
fn call(
    mut caller: Caller<'_, World>,
    function: &'static str,
    act: impl FnOnce(&mut Guest<'_, '_>) -> Result<(), Status>,
) -> u32 {
    let mut guest = Guest::new(&mut caller, function);
    if let Some(status) = guest.world().faults.status(function) {
        guest.note(format!("denied: {status:?}"));
        return status as u32;
    }
    act(&mut guest).map_or_else(|status| status as u32, |()| OK)
}
