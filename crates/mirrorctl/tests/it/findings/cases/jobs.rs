//! What `generate` refuses of a job.

use super::{Case, case};
use crate::findings::good::JOB;

/// The cases of each code: the finding, the file that is good, and the change that brings the finding.
pub const CASES: &[Case] = &[
    case(
        "TM076 : the Service review of namespace demo is not among the objects; add to --objects the output of: kubectl get services review -n demo -o yaml",
        JOB,
        &[(
            "targetRef: {kind: Service, name: reviews, port",
            "targetRef: {kind: Service, name: review, port",
        )],
    ),
    case(
        "TM076 spec.targetRef.port: the Service reviews of namespace demo has no port 80; it has 9080 (http)",
        JOB,
        &[(
            "name: reviews, port: 9080}\n  primary",
            "name: reviews, port: 80}\n  primary",
        )],
    ),
    case(
        "TM076 spec.primary: no workload among the objects has the labels app=reviews,version=v0",
        JOB,
        &[("primary: {version: v1}", "primary: {version: v0}")],
    ),
    case(
        "TM076 : the Service reviews-v3 of namespace demo is not among the objects; add to --objects the output of: kubectl get services reviews-v3 -n demo -o yaml",
        JOB,
        &[(
            "backendRef: {name: reviews-v2, port: 9080}",
            "backendRef: {name: reviews-v3, port: 9080}",
        )],
    ),
    case(
        "TM076 spec.shadows[0].backendRef: the Service reviews-v2 of namespace demo has no port 80; it has 9080 (http)",
        JOB,
        &[(
            "backendRef: {name: reviews-v2, port: 9080}",
            "backendRef: {name: reviews-v2, port: 80}",
        )],
    ),
    case(
        "TM076 : the Deployment reviews of namespace demo is not among the objects; add to --objects the output of: kubectl get deployments reviews -n demo -o yaml",
        JOB,
        &[(
            "backendRef: {name: reviews-v2, port: 9080}",
            "clone: {deployment: reviews, version: v2, images: {reviews: b}}",
        )],
    ),
    case(
        "TM076 spec.shadows[0].clone.images: the Deployment reviews-v1 of namespace demo has no container `review`; it has reviews",
        JOB,
        &[(
            "backendRef: {name: reviews-v2, port: 9080}",
            "clone: {deployment: reviews-v1, version: v3, images: {review: b}}",
        )],
    ),
    case(
        "TM076 : a DestinationRule of namespace demo that defines the subset v2 of reviews.demo.svc.cluster.local is not among the objects; add to --objects the output of: kubectl get destinationrules.networking.istio.io -n demo -o yaml",
        JOB,
        &[("backendRef: {name: reviews-v2, port: 9080}", "subset: v2")],
    ),
    case(
        "TM076 spec.targetRef.port: the Service reviews of namespace demo has no port 81; it has 9080 (http)",
        JOB,
        &[
            ("  primary: {version: v1}\n", "  engine: native\n"),
            (
                "    match: [{method: {exact: GET}}]\n    headers: {remove: [authorization, cookie]}\n",
                "",
            ),
            ("name: reviews, port: 9080}", "name: reviews, port: 81}"),
        ],
    ),
    case(
        "TM007 : the Service reviews of namespace other is not among the objects; add to --objects the output of: kubectl get services reviews -n other -o yaml",
        JOB,
        &[(
            "namespace: demo}\nspec:\n  targetRef",
            "namespace: other}\nspec:\n  targetRef",
        )],
    ),
];
