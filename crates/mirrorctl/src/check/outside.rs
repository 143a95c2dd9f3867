//! What a mirror of the filter sends out of the mesh.

use super::subject::Report;
use crate::findings::codes;
use crate::mesh::flows::Flow;
use crate::objects::entry::originates_tls;
use crate::objects::{Object, World};

/// Whether copies to the host of a ServiceEntry leave the mesh as clients sent them. The host is outside without a
/// `location` too.
pub(super) fn check(flow: &Flow<'_>, entry: &Object, world: &World, report: &mut Report<'_>) {
    if !flow.is_unredacted || entry.text(&["spec", "location"]) == Some("MESH_INTERNAL") {
        return;
    }
    let (host, client) = (&flow.to.host, flow.source.namespace());
    let is_encrypted = |port| originates_tls(entry, host, port, client, world);
    let how = match flow.to.port.is_some_and(is_encrypted) {
        true => "",
        false => ", and so does who is on the way, because nothing encrypts them",
    };
    let problem = format!(
        "`redact` is absent: {host}, which is outside the mesh, sees headers, URLs and bodies as clients sent them{how}"
    );
    report.add(codes::UNREDACTED, &flow.path, problem);
}
