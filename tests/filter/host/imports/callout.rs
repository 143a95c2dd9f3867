//! The call by which a copy leaves.

use wasmi::{Caller, Error, Linker};

use super::call;
use crate::host::abi::decode;
use crate::host::callouts::Callout;
use crate::host::world::World;

const HTTP_CALL: &str = "proxy_http_call";

/// Defines it.
pub(super) fn define(linker: &mut Linker<World>) -> Result<(), Error> {
    linker.func_wrap("env", HTTP_CALL, http_call)?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the ABI has so many")]
fn http_call(
    caller: Caller<'_, World>,
    cluster: u32,
    cluster_size: u32,
    headers: u32,
    headers_size: u32,
    body: u32,
    body_size: u32,
    trailers: u32,
    trailers_size: u32,
    timeout_ms: u32,
    token: u32,
) -> u32 {
    call(caller, HTTP_CALL, |guest| {
        let cluster = guest.read_text(cluster, cluster_size)?;
        let headers = decode(&guest.read(headers, headers_size)?);
        let body = guest.read(body, body_size)?;
        assert!(
            decode(&guest.read(trailers, trailers_size)?).is_empty(),
            "a mirror sends no trailers"
        );
        guest.note(&cluster);
        guest.write(token, &[0; 4])?;
        let world = guest.world();
        let (root, during) = (world.subject_root(), (world.callback.name, world.callback.context));
        let call = Callout {
            token: 0,
            root,
            during,
            cluster,
            headers,
            body,
            timeout_ms,
        };
        let sent = world.callouts.send(call)?;
        guest.write(token, &sent.to_le_bytes())
    })
}
