//! The references of HTTPRoutes.

use super::{Case, case};
use crate::findings::good::ROUTE;

/// The cases of each code: the finding, the file that is good, and the change that brings the finding.
pub const CASES: &[Case] = &[
    case(
        r#"TM077 spec.parentRefs[0]: the group is "gateway.networking.k8s.io", which has no Service; write `group: ""`"#,
        ROUTE,
        &[(
            "{group: \"\", kind: Service, name: reviews, port",
            "{kind: Service, name: reviews, port",
        )],
    ),
    case(
        r#"TM077 spec.parentRefs[1]: the group is "", which has no Gateway; write `group: "gateway.networking.k8s.io"`"#,
        ROUTE,
        &[(
            "port: 9080}]\n  rules",
            "port: 9080}, {group: \"\", name: public}]\n  rules",
        )],
    ),
    case(
        "TM007 spec.rules[0].filters[0].requestMirror.backendRef: no ReferenceGrant of namespace lab is given, and one must let HTTPRoutes of namespace demo name its Service reviews-v2: kubectl get referencegrants.gateway.networking.k8s.io -n lab -o yaml",
        ROUTE,
        &[
            (
                "{group: \"\", kind: Service, name: reviews, port: 9080}",
                "{name: public}",
            ),
            (
                "backendRef: {name: reviews-v2,",
                "backendRef: {name: reviews-v2, namespace: lab,",
            ),
        ],
    ),
    // A grant for HTTPRoutes is none for GRPCRoutes.
    case(
        "TM078 spec.rules[0].filters[0].requestMirror.backendRef: no ReferenceGrant of namespace lab lets GRPCRoutes of namespace demo name its Service reviews-v2",
        ROUTE,
        &[
            ("kind: HTTPRoute", "kind: GRPCRoute"),
            (
                "- matches: [{method: GET}, {method: HEAD}]\n",
                "- matches: [{method: {method: A}}]\n",
            ),
            (
                "{group: \"\", kind: Service, name: reviews, port: 9080}",
                "{name: public}",
            ),
            (
                "backendRef: {name: reviews-v2,",
                "backendRef: {name: reviews-v2, namespace: lab,",
            ),
            (
                "apiVersion: gateway",
                "apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {name: a, namespace: lab}\nspec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: demo}], to: [{group: \"\", kind: Service}]}\n---\napiVersion: gateway",
            ),
        ],
    ),
    case(
        "TM078 spec.rules[0].filters[0].requestMirror.backendRef: no ReferenceGrant of namespace lab lets HTTPRoutes of namespace demo name its Service reviews-v2",
        ROUTE,
        &[
            (
                "{group: \"\", kind: Service, name: reviews, port: 9080}",
                "{name: public}",
            ),
            (
                "backendRef: {name: reviews-v2,",
                "backendRef: {name: reviews-v2, namespace: lab,",
            ),
            (
                "apiVersion: gateway",
                "apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {name: a, namespace: lab}\nspec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: demo}], to: [{group: \"\", kind: Service, name: other}]}\n---\napiVersion: gateway",
            ),
        ],
    ),
];
