//! Which rule of a route takes a request before another, by Istio's rules: the rules that no request reaches. What is
//! said is proved from what is written; where that is not possible, a rule counts as reached.

mod condition;

mod order;

mod route;

mod text;

mod virtualservice;

use crate::objects::{Object, World, kinds};

/// For each rule of a VirtualService, an HTTPRoute or a GRPCRoute: why no request reaches it, as what follows "no
/// request reaches it:". `None` if a request may reach it, or if that cannot be told.
pub(crate) fn unreached(object: &Object, world: &World) -> Vec<Option<String>> {
    if object.is(kinds::VIRTUAL_SERVICE) {
        virtualservice::unreached(object, world)
    } else if object.is(kinds::HTTP_ROUTE) || object.is(kinds::GRPC_ROUTE) {
        route::unreached(object, world)
    } else {
        Vec::new()
    }
}
