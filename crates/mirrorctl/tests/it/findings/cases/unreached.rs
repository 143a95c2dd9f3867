//! Mirrors in rules that no request reaches.

use super::{Case, case};
use crate::findings::good::{NATIVE, ROUTE};

/// The rule of the mirror, behind one that has everything.
const AFTER_ALL: (&str, &str) = (
    "  http:\n  - match: [{method",
    "  http:\n  - route: [{destination: {host: reviews, port: {number: 9080}, subset: v1}}]\n  - match: [{method",
);

/// The rule of the mirror.
const MATCH: &str = "  http:\n  - match: [{method: {exact: GET}}]";

macro_rules! before {
    ($first:literal, $own:literal) => {
        (
            MATCH,
            concat!(
                "  http:\n  - match: ",
                $first,
                "\n    route: [{destination: {host: reviews, port: {number: 9080}, subset: v1}}]\n  - match: ",
                $own
            ),
        )
    };
}

/// The VirtualService becomes one of a gateway, with an older one beside it.
macro_rules! elder {
    ($rules:literal, $created:literal) => {
        &[
            ("spec:\n  hosts: [reviews]\n", "spec:\n  hosts: [a.example.com]\n  gateways: [public]\n"),
            (
                "metadata: {name: reviews, namespace: demo}\nspec:\n  hosts: [a.",
                "metadata: {name: reviews, namespace: demo, creationTimestamp: \"2026-03-01T00:00:00Z\"}\nspec:\n  hosts: [a.",
            ),
            (
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule",
                concat!(
                    "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: elder, namespace: demo, creationTimestamp: \"",
                    $created,
                    "\"}\nspec: {hosts: [b.example.com, a.example.com], gateways: [demo/public], http: ",
                    $rules,
                    "}\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule"
                ),
            ),
        ]
    };
}

/// The VirtualService becomes a delegate.
macro_rules! delegate {
    ($root:literal, $own:literal) => {
        &[
            ("  hosts: [reviews]\n", ""),
            (MATCH, concat!("  http:\n", $own)),
            (
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule",
                concat!(
                    "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: root, namespace: demo}\nspec: {hosts: [reviews], http: ",
                    $root,
                    "}\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule"
                ),
            ),
        ]
    };
}

/// The HTTPRoute has another rule.
macro_rules! rule {
    ($own:literal, $other:literal) => {
        &[(
            "  rules:\n  - matches: [{method: GET}, {method: HEAD}]",
            concat!(
                "  rules:\n  - matches: ",
                $other,
                "\n    backendRefs: [{name: reviews, port: 9080}]\n  - matches: ",
                $own
            ),
        )]
    };
}

/// The cases.
pub const CASES: &[Case] = &[
    case(
        "TM048 spec.http[1].mirror: no request reaches the rule: spec.http[0] takes all that it matches",
        NATIVE,
        &[AFTER_ALL],
    ),
    case(
        "TM048 spec.http[1].mirror: no request reaches the rule: spec.http[0] takes all that it matches",
        NATIVE,
        &[before!("[{uri: {prefix: /}}]", "[{method: {exact: GET}}]")],
    ),
    case(
        "TM048 spec.http[1].mirror: no request reaches the rule: spec.http[0] takes all that it matches",
        NATIVE,
        &[before!(
            "[{uri: {prefix: /a}}]",
            "[{uri: {exact: /a/b}, method: {exact: GET}}]"
        )],
    ),
    // A name says nothing to requests, and a header has the same name in any case.
    case(
        "TM048 spec.http[1].mirror: no request reaches the rule: spec.http[0] takes all that it matches",
        NATIVE,
        &[before!(
            "[{name: a, headers: {X-User: {prefix: a}}}, {port: 9080}]",
            "[{headers: {x-user: {exact: ab}}, method: {exact: GET}}, {port: 9080, method: {exact: GET}}]"
        )],
    ),
    case(
        "TM048 spec.http[1].mirror: no request reaches the rule: its `match` names no gateway of `spec.gateways`",
        NATIVE,
        &[(
            MATCH,
            "  http:\n  - redirect: {uri: /x}\n    match: [{uri: {exact: /y}}]\n  - match: [{gateways: [public], method: {exact: GET}}]",
        )],
    ),
    // A delegate's rule, which its root never asks; and one that another rule of the delegate hides.
    case(
        "TM048 spec.http[0].mirror: no request reaches the rule: spec.http[0] of the VirtualService root of namespace demo takes all that it matches",
        NATIVE,
        delegate!(
            "[{match: [{uri: {prefix: /a}}], redirect: {uri: /x}}, {match: [{uri: {prefix: /a/b}}], delegate: {name: reviews}}, {redirect: {uri: /x}}]",
            "  - match: [{method: {exact: GET}}]"
        ),
    ),
    case(
        "TM048 spec.http[1].mirror: no request reaches the rule: spec.http[0] takes all that it matches",
        NATIVE,
        delegate!(
            "[{match: [{uri: {prefix: /a}}], delegate: {name: reviews}}]",
            "  - match: [{uri: {prefix: /a/b}}]\n    redirect: {uri: /x}\n  - match: [{uri: {exact: /a/b/c}, method: {exact: GET}}]"
        ),
    ),
    case(
        "TM048 spec.http[0].mirror: no request reaches the rule: spec.http[0] of the VirtualService elder of namespace demo takes all that it matches",
        NATIVE,
        elder!(
            "[{match: [{method: {exact: GET}}], redirect: {uri: /x}}, {redirect: {uri: /y}}]",
            "2026-02-01T00:00:00Z"
        ),
    ),
    case(
        "TM048 spec.rules[1].filters[0]: no request reaches the rule: spec.rules[0] takes all that it matches",
        ROUTE,
        rule!(
            "[{path: {type: PathPrefix, value: /a/}}]",
            "[{path: {type: PathPrefix, value: /a}}]"
        ),
    ),
    // An expression comes after the prefixes, whatever its place.
    case(
        "TM048 spec.rules[0].filters[0]: no request reaches the rule: spec.rules[1] takes all that it matches",
        ROUTE,
        &[
            (
                "- matches: [{method: GET}, {method: HEAD}]",
                "- matches: [{path: {type: RegularExpression, value: '/a/[0-9]+'}, method: GET}]",
            ),
            (
                "percent: 10}\n",
                "percent: 10}\n  - backendRefs: [{name: reviews, port: 9080}]\n",
            ),
        ],
    ),
    case(
        "TM048 spec.rules[0].filters[0]: no request reaches the rule: spec.rules[0] of the HTTPRoute elder of namespace demo takes all that it matches",
        ROUTE,
        &[(
            "apiVersion: gateway",
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: elder, namespace: demo, creationTimestamp: \"2026-02-01T00:00:00Z\"}\nspec: {parentRefs: [{group: \"\", kind: Service, name: reviews, port: 9080}], rules: [{matches: [{method: GET}, {method: HEAD}], backendRefs: [{name: reviews, port: 9080}]}]}\n---\napiVersion: gateway",
        )],
    ),
    case(
        "TM048 spec.rules[1].filters[0]: no request reaches the rule: spec.rules[0] takes all that it matches",
        ROUTE,
        &[
            ("kind: HTTPRoute", "kind: GRPCRoute"),
            (
                "  rules:\n  - matches: [{method: GET}, {method: HEAD}]",
                "  rules:\n  - matches: [{method: {service: a.B, method: C}}]\n    backendRefs: [{name: reviews, port: 9080}]\n  - matches: [{method: {service: a.B, method: C}}]",
            ),
        ],
    ),
];

/// What only looks like a case.
pub const NEAR: &[Case] = &[
    case(
        "TM048 of another method",
        NATIVE,
        &[before!("[{method: {exact: POST}}]", "[{method: {exact: GET}}]")],
    ),
    case(
        "TM048 of a longer prefix",
        NATIVE,
        &[before!("[{uri: {prefix: /a/b}}]", "[{uri: {prefix: /a}}]")],
    ),
    case(
        "TM048 with an entry of its own",
        NATIVE,
        &[before!(
            "[{uri: {prefix: /a}}]",
            "[{uri: {prefix: /a/b}}, {uri: {prefix: /c}}]"
        )],
    ),
    case(
        "TM048 of other letters",
        NATIVE,
        &[before!(
            "[{uri: {prefix: /a}}]",
            "[{uri: {prefix: /a/b}, ignoreUriCase: true}]"
        )],
    ),
    case(
        "TM048 of other pods",
        NATIVE,
        &[before!("[{sourceLabels: {app: a}}]", "[{method: {exact: GET}}]")],
    ),
    case(
        "TM048 of a field that is not known",
        NATIVE,
        &[before!("[{cookies: {}}]", "[{method: {exact: GET}}]")],
    ),
    // An empty header and a missing one are not the same.
    case(
        "TM048 of a header that must not match",
        NATIVE,
        &[before!(
            "[{withoutHeaders: {a: {regex: '.*'}}}]",
            "[{withoutHeaders: {a: {regex: '*'}}}]"
        )],
    ),
    case(
        "TM048 of a delegate that is not known",
        NATIVE,
        &[(
            MATCH,
            "  http:\n  - delegate: {name: nothing}\n  - match: [{method: {exact: GET}}]",
        )],
    ),
    // Istio leaves out a rule of a delegate that contradicts its root.
    case(
        "TM048 of a rule that contradicts its root",
        NATIVE,
        delegate!(
            "[{match: [{uri: {exact: /a}}], delegate: {name: reviews}}]",
            "  - match: [{uri: {prefix: /a}}]\n    redirect: {uri: /x}\n  - match: [{uri: {exact: /a}}]"
        ),
    ),
    // What takes everything comes last at a gateway.
    case(
        "TM048 beside an older catch-all",
        NATIVE,
        elder!("[{redirect: {uri: /y}}]", "2026-02-01T00:00:00Z"),
    ),
    case(
        "TM048 beside a younger VirtualService",
        NATIVE,
        elder!(
            "[{match: [{method: {exact: GET}}], redirect: {uri: /x}}]",
            "2026-04-01T00:00:00Z"
        ),
    ),
    case(
        "TM048 of a longer path",
        ROUTE,
        rule!(
            "[{path: {type: PathPrefix, value: /a/b}}]",
            "[{path: {type: PathPrefix, value: /a}}]"
        ),
    ),
    case(
        "TM048 of a path that only begins alike",
        ROUTE,
        rule!(
            "[{path: {type: PathPrefix, value: /ab}, method: GET}]",
            "[{path: {type: PathPrefix, value: /a}}]"
        ),
    ),
    case(
        "TM048 beside a rule that Istio may leave out",
        ROUTE,
        rule!(
            "[{method: GET}]",
            "[{method: GET}]\n    filters: [{type: ExtensionRef, extensionRef: {group: a, kind: B, name: c}}]"
        ),
    ),
];
