//! What the data planes refuse, each for its own reason: every row changes one text in a golden folder's input. And
//! what a restricted Sidecar hides.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Ran, run};

const MODULE: &str = concat!(
    "oci://registry.example.com/m@sha256:",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
);

/// An input of a golden folder in which one text is replaced by another; the first place counts.
struct Change {
    golden: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

// === impl Change ===

impl Change {
    fn run(&self, more: &[&str]) -> Ran {
        let folder = folder(self.golden);
        let text = fs::read_to_string(folder.join(self.file)).unwrap();
        assert!(
            text.contains(self.from),
            "{}/{}: no {}",
            self.golden,
            self.file,
            self.from
        );
        let text = text.replacen(self.from, self.to, 1);
        let input = |name| if name == self.file { "-" } else { name };
        let mut args = vec!["generate", "-f", input("job.yaml")];
        if folder.join("objects.yaml").exists() {
            args.extend(["--objects", input("objects.yaml")]);
        }
        let module = if self.golden == "plain_envoy" {
            "file:///f.wasm"
        } else {
            MODULE
        };
        if !more.contains(&"--module") {
            args.extend(["--module", module]);
        }
        args.extend(more);
        run(&folder, &args, text.as_bytes())
    }
}

fn folder(golden: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(golden)
}

#[track_caller]
fn refused(
    golden: &'static str,
    file: &'static str,
    (from, to): (&'static str, &'static str),
    more: &[&str],
    why: &str,
) {
    let change = Change { golden, file, from, to };
    let ran = change.run(more);
    assert_eq!(
        (ran.exit, ran.stdout.as_str()),
        (2, ""),
        "{from} → {to}: {}",
        ran.stderr
    );
    assert_eq!(ran.stderr, format!("error: {why}\n"), "{from} → {to}");
}

#[test]
fn a_job_for_a_gateway_says_which_and_for_which_authority() {
    for (golden, change, why) in [
        (
            "gateway",
            ("  gateway: {name: public, namespace: edge}\n", ""),
            "standard input: spec.gateway: is missing; dataPlane `gateway` needs `{name, namespace}` of the Gateway whose pods copy",
        ),
        (
            "gateway",
            ("dataPlane: gateway", "dataPlane: sidecar"),
            "standard input: spec.gateway: is for dataPlane `gateway`; leave it out, or set spec.dataPlane to it",
        ),
        (
            "gateway",
            ("{name: public,", "{group: gateway.example.com, name: public,"),
            "standard input: spec.gateway.group: \"gateway.example.com\" is not one of `gateway.networking.k8s.io`, `networking.istio.io`",
        ),
        (
            "gateway",
            ("    - authority: {exact: shop.example.com}\n      uri:", "    - uri:"),
            "spec.shadows[0].match[0]: `authority` is missing, and the Gateway public of namespace edge serves more than reviews; without it, requests to others would be copied too",
        ),
        (
            "gateway",
            ("      uri: {prefix: /reviews/}\n", "      port: 9080\n"),
            "spec.shadows[0].match[0].port: the gateway's pods accept no requests on 9080; they do on 80, 443",
        ),
        (
            "gateway",
            ("namespace: edge}", "namespace: edge, port: 8443}"),
            "spec.gateway.port: on 8443, the Gateway public of namespace edge passes TCP or TLS through, and sees no requests to copy",
        ),
        (
            "gateway",
            ("namespace: edge}", "namespace: edge, port: 8080}"),
            "spec.gateway.port: the Gateway public of namespace edge has no port 8080; it speaks HTTP on 80, 443",
        ),
        (
            "gateway",
            ("namespace: edge}", "namespace: demo}"),
            "the Gateway public of namespace demo is not among the objects; add to --objects the output of: kubectl get gateways.gateway.networking.k8s.io,gateways.networking.istio.io -n demo -o yaml",
        ),
    ] {
        refused(golden, "job.yaml", change, &[], why);
    }
}

#[test]
fn a_job_for_a_waypoint_says_what_a_waypoint_can_see() {
    for (golden, change, why) in [
        (
            "waypoint",
            ("    backendRef:", "    match: [{port: 9080}]\n    backendRef:"),
            "spec.shadows[0].match[0].port: a waypoint accepts everything on one port of its own; leave it out",
        ),
        (
            "waypoint_importer",
            (", port: 9080}\n  dataPlane", "}\n  dataPlane"),
            "standard input: spec.shadows[0].backendRef.port: every HTTP port of the target is mirrored, each to the same port of the shadow; leave this out or set `spec.targetRef.port`",
        ),
        (
            "waypoint_importer",
            ("    - authority: {prefix: reviews}\n      method", "    - method"),
            "spec.shadows[1].match[0]: `authority` is missing, and the filter of a waypoint sees the requests to every port of the Service reviews of namespace demo (such as `reviews:9080`); without it, requests to others would be copied too",
        ),
    ] {
        refused(golden, "job.yaml", change, &[], why);
    }
}

#[test]
fn a_job_for_an_envoy_without_istio_knows_no_services() {
    for (golden, change, why) in [
        (
            "plain_envoy",
            ("kind: Listener", "kind: Service"),
            "standard input: spec.targetRef.kind: \"Service\" is not one of `Listener`",
        ),
        (
            "plain_envoy",
            (
                "endpoint: {host: 127.0.0.1, port: 8081}",
                "backendRef: {name: shop-v2, port: 80}",
            ),
            "standard input: spec.shadows[0]: `endpoint` is missing: dataPlane `envoy` knows no Services, so give `{host, port}` of the shadow",
        ),
        (
            "plain_envoy",
            ("host: 127.0.0.1", "host: http://a"),
            "standard input: spec.shadows[0].endpoint.host: `http://a` is not a host name or an IP address",
        ),
        (
            "plain_envoy",
            ("port: 8081}", "port: 8081, tls: {caFile: /ca.pem}}"),
            "standard input: spec.shadows[0].endpoint.tls.sni: is missing; an address is no name that a certificate could be asked for",
        ),
        (
            "plain_envoy",
            ("  expiresAt", "  primary: {version: v1}\n  expiresAt"),
            "standard input: spec.primary: is a version of a Service; with dataPlane `envoy`, requests are copied whatever answers them, so leave it out",
        ),
    ] {
        refused(golden, "job.yaml", change, &[], why);
    }
}

#[test]
fn with_istio_a_shadow_is_no_address() {
    refused(
        "sidecar",
        "job.yaml",
        (
            "backendRef:\n      name: reviews-v2\n      port: 9080",
            "endpoint: {host: a, port: 80}",
        ),
        &[],
        "standard input: spec.shadows[0]: `endpoint` is for dataPlane `envoy`; with Istio, give one of `backendRef`, `external`, `subset` and `clone`",
    );
}

#[test]
fn what_exists_decides_what_a_gateway_can_copy() {
    for (golden, change, why) in [
        (
            "gateway",
            ("gatewayClassName: istio\n", "gatewayClassName: istio-waypoint\n"),
            "spec.gateway: the Gateway public of namespace edge is a waypoint; set spec.dataPlane to waypoint and leave spec.gateway out",
        ),
        (
            "gateway",
            (
                "gatewayClassName: istio\n",
                "gatewayClassName: istio\n  addresses: [{type: Hostname, value: ingress.istio-system}]\n",
            ),
            "spec.gateway: the Gateway public of namespace edge stands for pods that you run yourself (spec.addresses), and Istio attaches no filter to them by its name; name a Gateway of Istio that selects them",
        ),
        (
            "gateway",
            (
                "  name: reviews-v2\n  namespace: demo\n",
                "  name: reviews-v2\n  namespace: demo\n  annotations: {networking.istio.io/exportTo: \".\"}\n",
            ),
            "spec.shadows[0].backendRef: the Service reviews-v2 of namespace demo is exported to `.` only (networking.istio.io/exportTo), and the proxies that copy are of namespace edge; add that namespace there",
        ),
        (
            "gateway_istio",
            ("{name: https, containerPort", "{name: other, containerPort"),
            "the number of the port `https` to which the Service istio-ingressgateway of namespace istio-system leads is not among the objects; add to --objects the output of: kubectl get deployments -n istio-system -o yaml",
        ),
        (
            "gateway_istio",
            (
                "matchLabels: {istio: ingressgateway}\n  template:\n    metadata:\n      labels: {istio: ingressgateway,",
                "matchLabels: {istio: other}\n  template:\n    metadata:\n      labels: {istio: other,",
            ),
            "the workload that the Gateway bookinfo of namespace demo selects (istio=ingressgateway) is not among the objects; add to --objects the output of: kubectl get deployments,services -A -l istio=ingressgateway -o yaml",
        ),
        (
            "gateway_istio",
            (
                "  selector:\n    istio: ingressgateway\n---",
                "  selector:\n    istio: other\n---",
            ),
            "a Service in front of the gateway's pods in namespace istio-system is not among the objects; add to --objects the output of: kubectl get services -n istio-system -o yaml",
        ),
    ] {
        refused(golden, "objects.yaml", change, &[], why);
    }
}

#[test]
fn what_exists_decides_what_a_waypoint_can_copy() {
    for (golden, change, why) in [
        (
            "waypoint",
            ("    istio.io/use-waypoint: waypoint\n", ""),
            "spec.dataPlane: the Service reviews of namespace demo has no waypoint (istio.io/use-waypoint), so nobody sees its requests in ambient mode; label it: kubectl label service reviews -n demo istio.io/use-waypoint=waypoint",
        ),
        (
            "waypoint",
            ("kind: Namespace", "kind: Other"),
            "the Namespace demo, which may name the waypoint of the Service reviews of namespace demo is not among the objects; add to --objects the output of: kubectl get namespace demo -o yaml",
        ),
        (
            "waypoint",
            ("istio.io/waypoint-for: service", "istio.io/waypoint-for: workload"),
            "spec.dataPlane: the Gateway waypoint of namespace demo is for `workload` (istio.io/waypoint-for), and requests to a Service do not pass it; label it `service` or `all`",
        ),
        (
            "waypoint_importer",
            ("kind: Namespace", "kind: Namespace"),
            "a VirtualService or HTTPRoute for reviews.demo.svc.cluster.local, or the word that there is none (--no-virtual-service), is not among the objects; add to --objects the output of: kubectl get virtualservices.networking.istio.io,httproutes.gateway.networking.k8s.io -A -o yaml",
        ),
        (
            "waypoint_importer",
            (
                "apiVersion: v1\nkind: Namespace",
                "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: mine, namespace: demo}\nspec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}}]}]}\n---\napiVersion: v1\nkind: Namespace",
            ),
            "the VirtualService mine of namespace demo, in standard input (document 4), routes reviews.demo.svc.cluster.local, and its waypoint knows only what is referred to there; add `{\"mirrors\":[{\"destination\":{\"host\":\"reviews-v2.staging.svc.cluster.local\",\"port\":{\"number\":8080}},\"percentage\":{\"value\":0}}]}` to one of its rules with a `route`",
        ),
        (
            "waypoint_importer",
            (
                "apiVersion: v1\nkind: Namespace",
                "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: mine, namespace: demo}\nspec: {parentRefs: [{group: \"\", kind: Service, name: reviews}]}\n---\napiVersion: v1\nkind: Namespace",
            ),
            "the HTTPRoute mine of namespace demo, in standard input (document 4), routes reviews.demo.svc.cluster.local, and its waypoint knows only what is referred to there; add the filter `{\"type\":\"RequestMirror\",\"requestMirror\":{\"backendRef\":{\"name\":\"reviews-v2\",\"namespace\":\"staging\",\"port\":8080},\"percent\":0}}` to one of its rules with backendRefs",
        ),
    ] {
        refused(golden, "objects.yaml", change, &[], why);
    }
}

#[test]
fn a_version_and_an_option_must_fit_the_data_plane() {
    let same = ("metadata", "metadata");
    for (golden, more, why) in [
        (
            "gateway",
            &["--istio-version", "1.21"][..],
            "spec.gateway: Istio 1.21 cannot attach a filter to a Gateway of the Gateway API; `targetRefs` came with 1.22; 1.22 and later are right",
        ),
        (
            "waypoint",
            &["--istio-version", "1.23"],
            "spec.dataPlane: Istio 1.23 is older than 1.24, which made ambient mode and its waypoints generally available; 1.24 and later are right",
        ),
        (
            "plain_envoy",
            &["--module", MODULE],
            "--module: an Envoy without Istio fetches nothing; give file:///PATH of the filter on Envoy's machine",
        ),
        (
            "plain_envoy",
            &["--extension-api", "wasm-plugin"],
            "--extension-api, --pull-secret and --gitops are for Istio; an Envoy without it reads a file",
        ),
        (
            "plain_envoy",
            &["-o", "json"],
            "-o json: Envoy reads two files; print one with --step prepare or --step mirror",
        ),
    ] {
        refused(golden, "job.yaml", same, more, why);
    }
}

#[test]
fn an_existing_reference_is_enough_for_a_waypoint() {
    let change = Change {
        golden: "waypoint_importer",
        file: "objects.yaml",
        from: "apiVersion: v1\nkind: Namespace",
        to: "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: mine, namespace: demo}\nspec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}}], mirrors: [{destination: {host: reviews-v2.staging.svc.cluster.local, port: {number: 8080}}, percentage: {value: 0}}]}]}\n---\napiVersion: v1\nkind: Namespace",
    };
    let ran = change.run(&[]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert!(
        !ran.stdout.contains("VirtualService") && ran.stdout.contains("outbound|8080||"),
        "{}",
        ran.stdout
    );
}

/// What a restricted Sidecar hides, by what is changed in its world.
#[test]
fn a_sidecar_hides_a_shadow_unless_it_or_a_virtual_service_brings_it() {
    let hidden = |from: &'static str, to: &'static str| {
        let change = Change {
            golden: "refused_restricted_sidecar",
            file: "objects.yaml",
            from,
            to,
        };
        let ran = change.run(&[]);
        assert!([0, 2].contains(&ran.exit), "{}", ran.stderr);
        ran.stderr
            .contains("does not let the primary's proxies reach reviews-v2.demo")
    };
    let ratings = "\"demo/ratings.demo.svc.cluster.local\"";
    for (to, expected) in [
        (ratings, true),
        ("\"~/*\"", true),
        ("\"other/*\"", true),
        ("\"demo/reviews-v2.demo.svc.cluster.local\"", false),
        ("\"./*\"", false),
        ("\"*/*\"", false),
        ("\"*/*.demo.svc.cluster.local\"", false),
    ] {
        assert_eq!(hidden(ratings, to), expected, "{to}");
    }
    assert!(
        !hidden("  egress:\n", "  outbound:\n"),
        "without egress nothing is hidden"
    );
    assert!(
        !hidden(
            "spec:\n  egress",
            "spec:\n  workloadSelector: {labels: {app: other}}\n  egress"
        ),
        "another's Sidecar"
    );
    for (port, expected) in [
        ("", false),
        (", port: {number: 9080}", false),
        (", port: {number: 1}", true),
    ] {
        let to: &'static str = Box::leak(
            format!("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: any}}\nspec: {{hosts: [ratings], http: [{{route: [{{destination: {{host: ratings}}}}], mirror: {{host: reviews-v2{port}}}}}]}}\n---\napiVersion: networking.istio.io/v1\nkind: Sidecar")
                .into_boxed_str(),
        );
        let sidecar = "apiVersion: networking.istio.io/v1\nkind: Sidecar";
        assert_eq!(hidden(sidecar, to), expected, "a VirtualService among its hosts{port}");
    }
}
