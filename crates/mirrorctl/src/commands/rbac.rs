//! `rbac`: the roles that give the rights which mirrorctl needs.

use serde_json::Value;

use crate::cli::RbacArgs;
use crate::cluster::Purpose;
use crate::output::{Answer, objects};

pub(super) fn run(args: &RbacArgs) -> Answer {
    let purposes = match args.purposes.as_slice() {
        [] => Purpose::ALL,
        purposes => purposes,
    };
    let roles: Vec<Value> = purposes.iter().flat_map(|purpose| purpose.roles()).collect();
    Answer::data(objects(roles.iter(), args.output))
}
