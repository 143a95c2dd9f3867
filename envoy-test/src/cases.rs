//! The cases: one folder each, with the plugin configuration and the proof. A reader needs no other file to understand
//! one.

use crate::runner::Case;

mod bad_configuration_and_a_trap;
mod bad_configuration_as_update;
mod bad_configuration_at_start;
mod bad_configuration_beside;
mod bad_configuration_of_listeners;
mod body_overdue;
mod bounded_work;
mod budgets_of_two_plugins;
mod charged_headers;
mod chosen_by_metadata;
mod circuit_breaker;
mod client_aborts;
mod client_goes_away;
mod cluster_unknown;
mod configuration_as_json;
mod connect;
mod crash_of_one_worker;
mod crashes;
mod endpoints_leave;
mod expect_continue;
mod expires;
mod expressions;
mod fifty_updates;
mod fraction_in_yaml;
mod grpc;
mod grpc_failures;
mod grpc_streams;
mod hashed_endpoints;
mod header_bytes;
mod headers_only;
mod host_header;
mod http2_upstreams;
mod istio_configurations;
mod istio_statistics;
mod keyed_sampling;
mod kill_switch;
mod labels;
mod later_filter;
mod limit_bytes;
mod limit_in_flight;
mod limits_lowered;
mod live_numbers;
mod live_percentage;
mod live_prometheus;
mod live_proxies;
mod loop_guard;
mod matching;
mod memory_filled;
mod methods_and_bodies;
mod mirror_removed;
mod mirrors_change;
mod module_replaced;
mod no_upstream;
mod parity_http1;
mod parity_http2;
mod parity_tracing;
mod parity_upstream_filter;
mod percentages;
mod pipelining;
mod plugins_in_one_vm;
mod plugins_in_two_vms;
mod plugins_without_a_name;
mod primary_answers_early;
mod primary_answers_meanwhile;
mod primary_fails;
mod primary_refused;
mod primary_slow;
mod primary_untouched;
mod rate_limit;
mod redaction;
mod redaction_over_budget;
mod redirects;
mod request_trailers;
mod retries;
mod rewrites;
mod server_sent_events;
mod shadow_answers;
mod shadow_slow;
mod slow_upload_and_probe;
mod stream_outlives_vm;
mod trickling_uploads;
mod two_listeners;
mod two_mirrors;
mod two_workers;
mod update_in_flight;
mod upgrade;
mod upload_1_mib;
mod upload_5_mib;
mod upload_to_silent_shadow;
mod upload_too_large;
mod upstream_filter;
mod vm_replaced;

macro_rules! cases {
    ($($name:ident: $about:literal,)*) => {
        &[$(Case {
            name: stringify!($name),
            about: $about,
            setup: $name::setup,
            run: |lab| Box::pin($name::run(lab)),
        }),*]
    };
}

/// All of them, in the order of the list that people read.
pub const ALL: &[Case] = cases! {
    methods_and_bodies: "GET, HEAD, PUT, DELETE, POST with a length, chunked and empty, over HTTP/1 and HTTP/2",
    http2_upstreams: "Envoy speaks HTTP/2 to primary and shadow",
    request_trailers: "a request that ends with trailers",
    grpc: "unary gRPC: classed by grpc-status, in trailers or headers",
    grpc_failures: "gRPC copies that fail: Envoy's own word is not the shadow's",
    grpc_streams: "gRPC client streams, endless and cancelled ones too",
    expect_continue: "a client that waits for `100 Continue`",
    pipelining: "requests in one write, and a connection used again",
    upload_1_mib: "1 MiB, the largest body that is copied by default",
    upload_5_mib: "5 MiB, with `body.maxBytes` raised",
    upload_too_large: "5 MiB over the default cap: dropped, counted, and the client notices nothing",
    upload_to_silent_shadow: "20 MiB with a shadow that reads nothing: Envoy's own mirror holds the client up, the filter does not",
    headers_only: "`whenLarger: headersOnly`: a larger body stays away, its headers do not",
    percentages: "0, 0.5, 50, 100 and absent, side by side",
    fraction_in_yaml: "`percentage: 0.5` in a Struct, which Envoy's YAML reader makes a text",
    keyed_sampling: "the same key, the same decision: in every mirror, on every worker, and 10 % within 50 %",
    two_mirrors: "one request, two shadows, each with its own share and its own account",
    matching: "by path, header, method, query and authority",
    host_header: "`host` in `match` and `sample` is the authority, as for Envoy's own routes",
    expressions: "regular expressions have the meaning that they have in Envoy's own routes",
    loop_guard: "a copy that comes back is never copied again",
    primary_slow: "a primary that thinks longer than its shadow: the copy does not wait for it",
    primary_fails: "a primary that fails: the client gets its failure, the shadow its copy",
    primary_refused: "a primary that is down",
    retries: "a primary that the router asks three times: one copy",
    redirects: "redirects that the client follows, and those that Envoy does",
    primary_answers_early: "a primary that answers before the upload is over",
    primary_answers_meanwhile: "a primary that begins its answer before the upload is over",
    server_sent_events: "an answer without an end",
    shadow_slow: "a shadow that takes half a second longer: no client waits, no answer is lost",
    shadow_answers: "every way in which a shadow answers, or fails to",
    cluster_unknown: "a cluster that does not exist",
    chosen_by_metadata: "a cluster that chooses by a route's metadata, which copies lack",
    endpoints_leave: "a cluster without an endpoint, and one that loses it",
    hashed_endpoints: "clusters that choose an endpoint by a hash: where the filter's copies go, and where Envoy's own",
    live_percentage: "the percentage changes while Envoy runs",
    update_in_flight: "an update while copies are under way",
    mirror_removed: "a mirror that leaves the configuration while its copies are under way",
    mirrors_change: "mirrors added, renamed, removed and back again",
    limits_lowered: "limits lowered below what is under way",
    vm_replaced: "an update that replaces the VM while copies are under way",
    module_replaced: "a new version of the module",
    stream_outlives_vm: "a stream that outlives its configuration, and its VM",
    plugins_in_one_vm: "two instances of the filter in one VM",
    plugins_in_two_vms: "two instances of the filter, each in a VM of its own",
    plugins_without_a_name: "filters without a name beside each other, and beside one with a name",
    fifty_updates: "fifty updates of every kind while requests flow",
    bad_configuration_at_start: "Envoy starts with a configuration that the filter refuses",
    bad_configuration_as_update: "a running Envoy gets a configuration that the filter refuses",
    bad_configuration_beside: "one of two filters is refused; made anew, and with a new module",
    bad_configuration_of_listeners: "a refused configuration in the filter chain itself, and on two listeners",
    bad_configuration_and_a_trap: "a filter traps while its newest configuration is refused",
    two_workers: "two workers, one set of statistics",
    istio_configurations: "all that `mirrorctl` is known to generate, with clusters named as Istio names them",
    two_listeners: "two listeners with the same filter, as in a sidecar",
    no_upstream: "direct responses, redirects and routes to nowhere are not mirrored",
    later_filter: "a filter behind ours that answers, or changes the request",
    upgrade: "a WebSocket is not mirrored, accepted or declined",
    connect: "a CONNECT is not mirrored, and its tunnel works",
    client_aborts: "a client that goes away in the middle of its upload",
    client_goes_away: "a client that goes away before its headers end, or after its request",
    body_overdue: "an upload that takes longer than `body.maxWait`",
    bounded_work: "bodies, cookies and texts that are as much work as they can be",
    limit_in_flight: "more copies under way than `maxInFlight`",
    limit_bytes: "more bytes under way than `maxBufferedBytes`",
    charged_headers: "headers that grow on the copy are charged as they leave",
    redaction_over_budget: "bodies that redaction makes too long for what is left of the budget",
    memory_filled: "the largest budgets that are accepted together, all filled at once",
    budgets_of_two_plugins: "two filters in one VM whose budgets do not fit together",
    trickling_uploads: "as many slow uploads as may be collected, and small requests beside them",
    slow_upload_and_probe: "a slow upload beside an open circuit breaker: another request is the probe",
    rate_limit: "more copies than `maxRequestsPerSecond`",
    circuit_breaker: "a shadow that fails is left alone until a probe finds it well",
    expires: "a mirror whose `expiresAt` comes, and one for which it has long passed",
    rewrites: "path, headers and authority of the copy",
    redaction: "credentials and personal data stay out of the copy, or are tokens in it",
    configuration_as_json: "the plugin configuration as JSON in a StringValue, as Istio sends it",
    kill_switch: "`enabled: false`, for one mirror and for all",
    header_bytes: "order, repetition and odd bytes of the headers",
    parity_http1: "the same bytes as Envoy's own mirror, but for the stated exceptions; HTTP/1 to the backends",
    parity_http2: "the same header fields and bytes as Envoy's own mirror; HTTP/2 to the backends",
    parity_tracing: "the same where Envoy traces",
    parity_upstream_filter: "the same with the filter among the router's upstream filters",
    primary_untouched: "conversations of every kind with every kind of bad shadow: primary and client hear the same bytes as without the filter",
    upstream_filter: "among the router's upstream filters: the copy is of what the router rewrote",
    crashes: "a filter that traps: what clients then see, under each failure policy",
    crash_of_one_worker: "a filter that traps on one worker goes on on the other",
    labels: "what Prometheus sees",
    istio_statistics: "what Prometheus sees of a stock Istio: its labels, its selection of statistics, its histogram buckets",
    live_numbers: "what `mirrorctl` shows, on the page, in the terminal and as a report, is what the backends counted",
    live_proxies: "the same of two proxies, of which one goes away and comes back as a new process",
    live_prometheus: "the same of two proxies through a real Prometheus",
};

#[cfg(test)]
mod tests {
    use super::ALL;
    use crate::envoy::filter_file::{Shape, filter};

    #[test]
    fn every_folder_is_in_the_table() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cases");
        let entries = std::fs::read_dir(folder)
            .expect("the cases")
            .map(|entry| entry.expect("a case"));
        let mut folders: Vec<_> = entries
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().into_string().expect("a name"))
            .collect();
        let mut names: Vec<_> = ALL.iter().map(|case| case.name.to_owned()).collect();
        folders.sort();
        names.sort();
        assert_eq!(folders, names);
    }

    #[test]
    fn every_configuration_can_be_put_into_the_discovered_file() {
        for case in ALL {
            let plugin = (case.setup)().plugin().expect(case.name);
            for shape in [Shape::Struct, Shape::Json] {
                filter(std::path::Path::new("/m.wasm"), &plugin, shape).expect(case.name);
            }
        }
    }
}
