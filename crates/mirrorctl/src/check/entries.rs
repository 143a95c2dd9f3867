//! What a ServiceEntry makes of the copies that go to its host.

use super::flows::Flow;
use super::subject::Report;
use crate::findings::codes;
use crate::objects::entry::{Unfit, fitness};
use crate::objects::{Object, World};

/// What a ServiceEntry makes of a stream's copies.
pub(super) fn check(flow: &Flow<'_>, entry: &Object, world: &World, report: &mut Report<'_>) {
    let client = flow.source.namespace();
    if let Err(unfit) = fitness(entry, &flow.to.host, flow.to.port, client, world) {
        let code = match unfit {
            Unfit::NoEndpoint(_) => codes::NO_ENDPOINT,
            Unfit::NoPort(_) => codes::NO_PORT,
            Unfit::Undeclared(_) => codes::UNDECLARED,
            Unfit::NotHttp(_) => codes::NOT_HTTP,
        };
        report.add(code, &flow.path, unfit.problem());
    }
}
