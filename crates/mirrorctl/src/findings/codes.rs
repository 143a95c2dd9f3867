//! The table of everything that can be found. A code never changes its meaning; one that is no longer used is not given
//! away again. `docs/findings.md` is written from here. `by` names a rule that is not ours; on a real Istio, mesh-test
//! asks the API server, the webhook and `istioctl analyze` whether they say the same.

use super::Code;

macro_rules! rule {
    () => {
        super::Rule::Own
    };
    ($rule:ident) => {
        super::Rule::$rule
    };
    ($rule:ident $message:literal) => {
        super::Rule::$rule($message)
    };
}

macro_rules! codes {
    ($($name:ident = $id:literal $severity:ident $title:literal $(by $rule:ident $($message:literal)?)?: $meaning:literal; $advice:literal;)*) => {
        $(#[doc = $title]
        pub const $name: &Code = &Code {
            id: $id,
            severity: super::Severity::$severity,
            rule: rule!($($rule $($message)?)?),
            title: $title,
            meaning: $meaning,
            advice: $advice,
        };)*

        /// Every code, in order.
        pub const CODES: &[&Code] = &[$($name),*];
    };
}

codes! {
    // === what is read ===

    UNKNOWN_FIELD = "TM001" Error "Unknown field" by ApiServer:
        "A current kubectl has the API server refuse a field that it does not know. For any other client it is dropped, mostly without a word, and Istio's webhook does not look inside `spec`. What the field was to say is then not done.";
        "Correct the spelling. What a TCP or TLS route lacks on purpose, such as `mirror`, does not exist there: only HTTP can be mirrored.";

    SCHEMA = "TM002" Error "Refused by the schema" by ApiServer:
        "The value has the wrong type, is out of its range, or something required is missing: the API server refuses the object.";
        "Give what the message asks for.";

    ISTIO_REFUSES = "TM003" Error "Refused by Istio" by Validation:
        "Istio's validation refuses the object, in the webhook as in `istioctl validate`; the message is Istio's own.";
        "Correct what the message names.";

    ISTIO_WARNS = "TM004" Warning "Istio warns":
        "Istio takes the object and warns; the message is Istio's own.";
        "Follow the message.";

    JOB = "TM005" Error "Not a job":
        "A key of the job is unknown, missing, or holds what it may not hold. No command takes this job.";
        "Correct the key that the message names; docs/mirrorctl.md shows every key.";

    PLUGIN_CONFIG = "TM006" Error "The filter refuses its configuration":
        "The filter's own parser refuses it. No request is harmed: the last good configuration goes on in the proxies that have one, and a proxy that starts copies nothing. Istio gets no answer from the filter, so only this check tells of it before it is applied.";
        "Correct the key that the message names; docs/configuration.md shows every key.";

    NOT_KNOWN = "TM007" Note "Not checked":
        "A fact that a check needs is in no input, or something that has to do with mirroring is of a kind that is not read. Nothing is guessed: the check was left out.";
        "Add what the command of the message prints to the files, or to `--objects`. Look yourself at what is not read.";

    PLUGIN_NAME = "TM008" Warning "No name of its own":
        "Filters of one name in a proxy are one plugin: they share budgets, rate limits and circuit breakers, and one whose configuration is refused copies by the other's. Without a name, an update begins with new budgets and breakers, and a refused one copies nothing.";
        "Give each filter a `name` of its own, beside its `configuration`.";

    TOO_COSTLY = "TM009" Warning "Too much work for its limit":
        "A body or a text that the configuration allows is more work than `limits.maxExaminedBytes` for one copy: such copies are always `dropped{too_costly}`. docs/limits.md says what counts as work.";
        "Raise `limits.maxExaminedBytes`, lower `body.maxBytes`, or write the expression without large counted repetitions.";

    // === where the filter is attached ===

    FAIL_CLOSE = "TM010" Error "The primary depends on the filter":
        "Unless `failStrategy` is FAIL_OPEN, a module that cannot be fetched answers every request of the primary with 403, and a trap with 503. FAIL_CLOSE is Istio's default; FAIL_RELOAD does the same when fetching fails.";
        "Set `failStrategy: FAIL_OPEN`, in plain Envoy `fail_open: true`; docs/crashes.md compares them.";

    BOTH_DIRECTIONS = "TM011" Error "Copies both directions":
        "Without `match`, or with the mode CLIENT_AND_SERVER, the filter in a sidecar also sees the calls that the workload makes itself, and copies requests meant for others to this shadow.";
        "Set `match: [{mode: SERVER, ports: [{number: PORT}]}]` with the port on which the pods accept requests.";

    SELECTS_SHADOW = "TM012" Error "Selects the shadow":
        "The selector of the filter also selects the pods of the shadow. Their proxies would mirror what they are sent; only the marker header keeps that from being a loop.";
        "Add the label that tells the primary from the shadow to the selector, mostly `version`.";

    NO_AUTHORITY = "TM013" Error "A gateway without authority":
        "A gateway, and a sidecar in mode CLIENT, serve many hosts on one port. A mirror without `match.authority` copies the requests for all of them.";
        "Give every entry of `match` the `authority` of the target.";

    EVERY_POD = "TM014" Warning "Attached to every pod":
        "Without selector and targetRefs the filter sits in every proxy of the namespace, and if that is Istio's root namespace, of the mesh.";
        "Add a selector with the labels of the primary's pods.";

    NOT_PINNED = "TM015" Warning "The module is not pinned":
        "What is behind a tag or a plain URL can change, and each proxy loads what it finds when it starts. Of a file Istio checks no digest at all.";
        "Name the image by `@sha256:DIGEST` (of the linux/amd64 manifest), or give `sha256` of the module.";

    NOT_LAST = "TM016" Warning "Does not run last":
        "With a phase the filter runs before authentication or authorization have refused a request, and copies what the primary never answers. With any priority, even a negative one, it runs before those without one.";
        "Leave out `phase` and `priority`.";

    NEVER_ATTACHED = "TM017" Error "Never runs at a waypoint":
        "A waypoint's listener has no port and the direction of a server: a `match` with ports or with mode CLIENT never holds there, and the filter is not attached.";
        "Leave out `match` if the target is a Service.";

    NOT_ACCEPTED = "TM018" Error "The pods do not accept this port":
        "In mode SERVER the filter is attached by the port of the pods (`targetPort`), not by that of the Service. On a port on which the pods accept nothing it never runs.";
        "Give the number that the message names.";

    ANSWERS = "TM019" Warning "Nothing bounds the shadow's answers":
        "Envoy buffers each answer of the shadow whole, by default up to 32 MiB, although nobody reads it: with 128 copies in flight, up to 4 GiB on one worker. The budgets of the filter do not count answers, and no filter can set the limit.";
        "Set the key `http.async_response_buffer_limit` of Envoy's runtime. In Istio: the annotation `proxy.istio.io/config: '{runtimeValues: {\"http.async_response_buffer_limit\": \"65536\"}}'` of the pods, or `defaultConfig.runtimeValues` of the mesh; a proxy reads both when it starts.";

    // === what is copied ===
    NO_EXPIRY = "TM020" Warning "Never ends by itself":
        "A mirror without `expiresAt` copies until somebody takes it offline. Forgotten mirrors cost money and keep handing over what users send.";
        "Set `expiresAt` to the end of the test.";

    EXPIRED = "TM021" Warning "Over":
        "`expiresAt` is past: every matching request is `skipped{expired}`.";
        "Set a later time, or take the job offline.";

    UNSAFE_METHODS = "TM022" Warning "Copies requests that change something":
        "Nothing keeps POST, PUT, PATCH and DELETE out, so the shadow does what the primary does: it orders, pays and sends mail a second time, unless it has a database and partners of its own.";
        "Match the safe methods (`method: {exact: GET}`, one entry each), or make sure that whatever the shadow calls is not the primary's.";

    CREDENTIALS = "TM023" Warning "Copies credentials":
        "The copy carries `authorization` and `cookie` as the client sent them. Whoever reads the shadow's memory or logs can act as that user.";
        "Take them out of the copy with `redact: {preset: credentials}`; with `mode: hash` the shadow still sees who is the same. Envoy's own mirroring cannot.";

    ALL_TRAFFIC = "TM024" Note "Copies all traffic":
        "An absent percentage means 100: the shadow gets as much as the primary.";
        "Write `percentage` down, and begin small.";

    PERCENTAGE_LOST = "TM025" Warning "Not the percentage that is written":
        "Istio cuts a percentage off to whole millionths, after a multiplication that can lose one. Zero means no mirror at all.";
        "Write the percentage that the message names, or one that keeps its value.";

    MEMORY = "TM026" Warning "May need the proxy's memory":
        "Each worker may hold `limits.maxBufferedBytes` of every mirror in copies, and as much again in the module's heap; the formula is in docs/limits.md. From half of the proxy's limit on, little is left for the proxy itself, and a proxy that is killed takes the primary's requests with it. Envoy also buffers the shadow's answers.";
        "Lower `maxBufferedBytes` and `maxInFlight`, or raise the memory limit of the proxy.";

    NO_CALL = "TM027" Error "No cluster that can be called":
        "A copy is sent to an outbound cluster. One that begins with `inbound|`, and those into which Istio puts what it does not know, have no host for a copy: each is dropped.";
        "Name the shadow by `destination`, or by `outbound|PORT|SUBSET|HOST`.";

    HASHED = "TM028" Warning "All copies to one pod":
        "The shadow's pods are chosen by a hash: `consistentHash` of a DestinationRule, in plain Envoy RING_HASH or MAGLEV. Envoy hashes a copy of the filter by its authority and by nothing else, so all copies for one host go to the same pod. Envoy gives a copy of its own mirroring no hash, so each goes to any of the pods.";
        "Give the shadow's subset or Service a load balancer without a hash, such as `trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}`, or mirror with `engine: native`.";

    BY_METADATA = "TM029" Warning "Chosen by metadata that copies lack":
        "The cluster chooses its endpoints by the metadata of a route (`lb_subset_config`). A copy of the filter has no route. It goes where `fallback_policy` says, and without one each copy is `dropped{no_capacity}`.";
        "Send the copies to a cluster that has the shadow's endpoints alone.";

    // === where the copies go ===

    NO_SERVICE = "TM030" Error "No such Service" by Analyzer "IST0101":
        "The namespace's Services are known and this one is not among them, so no proxy has a cluster of its name. The copies are dropped, natively without any sign.";
        "Correct the host. Istio completes a host without a dot by the namespace; one with a dot must be the whole name.";

    NO_PORT = "TM031" Error "No such port" by Analyzer "IST0101":
        "A cluster is named by the port of the Service, never by that of the pods. One of another port does not exist, and the copies are dropped.";
        "Give one of the ports that the message names.";

    NO_SUBSET = "TM032" Error "No such subset" by Analyzer "IST0101":
        "No DestinationRule that the copying proxies obey defines the subset, so they have no cluster of its name and drop the copies.";
        "Add the subset to the DestinationRule that the message names.";

    RULE_HIDDEN = "TM033" Error "A DestinationRule that is not obeyed":
        "For one host a proxy obeys the DestinationRules of its own namespace; only without any, those of the Service's namespace; only without these, those of the root namespace. What the others say does not exist for it.";
        "Write the subset into the DestinationRule that wins.";

    NO_ENDPOINT = "TM034" Error "A target that cannot be called":
        "The cluster of a headless Service forwards to where a connection was going, and a copy was going nowhere. An ExternalName is only another name. A subset of a ServiceEntry that is resolved by DNS has no cluster unless one of its endpoints has the labels. No copy arrives.";
        "Give the shadow a Service with a cluster IP.";

    UNDECLARED = "TM035" Warning "Undeclared protocol":
        "Istio guesses what a port speaks that is not named `http…` or `grpc…` and has no `appProtocol`. A copy is sent over the mesh's TLS in a way that such a port takes for plain TCP: it arrives, without the shadow's metrics and policies. A target that is not taken for HTTP is not mirrored.";
        "Name the port `http-…` or set its `appProtocol`.";

    NOT_HTTP = "TM036" Error "Not HTTP":
        "The port is declared to speak TCP, TLS or UDP. A proxy sees no requests in it, so nothing is mirrored.";
        "Mirror an HTTP port, or declare what the port really speaks.";

    NO_DESTINATION_PORT = "TM037" Warning "A mirror without a port":
        "Istio then takes the port on which the request came in. On a sidecar, a shadow that has no such port does not exist, and its copies vanish without any sign.";
        "Write `port: {number: PORT}` into every mirror.";

    NOT_IMPORTED = "TM038" Error "Hidden by a Sidecar":
        "The Sidecar that configures the primary's pods does not import the shadow's host, so their proxies have no cluster for it: each copy is `dropped{cluster_missing}`.";
        "Add `NAMESPACE/HOST` of the shadow to the Sidecar's `egress.hosts`.";

    UNREDACTED = "TM039" Warning "Leaves the mesh as it is":
        "The shadow is outside the mesh, and gets the headers, URLs and bodies of requests as clients sent them: credentials, and data of persons. Whoever runs it, and where nothing encrypts the connection whoever is on the way, can read them.";
        "Name in `redact` what the outside must not see, and read `plan`, which says what it sees. Engine `native` cannot redact, so use engine `wasm`.";

    // === live traffic ===

    SHARED_ENDPOINTS = "TM040" Warning "The shadow answers live requests":
        "The Service of the target selects the shadow's pods too. Whoever calls it past the routing (no sidecar, an ingress outside of the mesh, a VirtualService that is not in effect) reaches the shadow with live requests.";
        "Give the shadow labels that the Service does not select and a Service of its own, or pin every route to the primary's subset before the shadow starts.";

    LIVE_ROUTE = "TM041" Error "A live route leads to the shadow":
        "The rule sends live requests to pods to which it also sends copies: to the shadow itself, or to a Service or subset that has its pods among others.";
        "Mirror to another version, or take the shadow out of the routes.";

    TWICE = "TM042" Error "Copied twice":
        "Two mirrors copy the same requests to the same shadow: two filters, two rules, or the filter and Envoy's own mirroring at once. The shadow gets each request twice.";
        "Take one of them offline.";

    ROUTE_HIDDEN = "TM043" Error "A VirtualService that is not obeyed" by Analyzer "IST0109":
        "Sidecars obey one VirtualService for a host, the oldest, and drop the others. This one has a mirror and is younger, so nothing is copied.";
        "Put the mirror into the VirtualService that the message names.";

    NOT_FORWARDED = "TM044" Error "A mirror where nothing is forwarded":
        "A rule that redirects, answers itself or has no backend with a weight forwards no request, and Istio ignores its mirror.";
        "Put the mirror into the rule that has the route.";

    DENIED = "TM045" Error "The shadow refuses the copies":
        "A copy made in the primary's sidecar comes with the identity of the primary's ServiceAccount, not with that of the caller. An AuthorizationPolicy at the shadow allows some identities, and not this one: each copy is answered with 403.";
        "Allow the principal that the message names.";

    REVERTED = "TM046" Warning "Will be reverted":
        "The object has a change of ours, and a controller writes it from what it has itself: Argo CD and Flux from Git, Helm from a chart, Flagger and others from an object that owns this one. It takes the change back as soon as it looks, or at its next step.";
        "Make the change where the controller reads, as the message says, or mirror by engine `wasm`, which changes no object of yours.";

    NOT_ROUTED = "TM047" Warning "A route that no copy takes":
        "A copy goes to the cluster of the host that its mirror names, past every route. The VirtualService of that host sends the requests of clients elsewhere, and no copy obeys it.";
        "Name as destination what the VirtualService routes to.";

    UNREACHED = "TM048" Warning "A mirror that no request reaches":
        "Other rules take every request that the rule of the mirror matches, so nothing is copied. In a VirtualService the first rule that matches takes a request. In the routes of the Gateway API the rule takes it that asks for more, whatever their order: an exact path before a prefix, a longer path before a shorter one, and an expression after every prefix.";
        "Put the mirror into the rule that the message names, or move the rule before it; in the Gateway API make its match more specific.";

    NO_REQUESTS = "TM049" Warning "A host that no requests have":
        "The mesh knows the Service by its whole name, and Istio completes a name without a dot alone. A rule for another spelling is for requests to port 80 of that very name, so requests for the Service are not copied.";
        "Write the whole name, or the Service's name alone if it is in the namespace of the VirtualService.";

    // === a new version made from the old one ===

    CLONE_LIVE = "TM050" Error "A clone that would be a live backend":
        "A Service that is not the shadow's own selects the pods of this Deployment, and no route keeps live requests off them.";
        "Use `isolation: service`, or pin the primary first (`generate --step prepare`).";

    CLONE_INIT = "TM051" Error "A clone with init containers":
        "Init containers run once more in the clone: migrations and registrations happen a second time, against what the primary uses.";
        "Look at what they do; take them out of the clone, or add `initContainers` to its `allow`.";

    CLONE_VOLUME = "TM052" Error "A clone with the primary's volume":
        "The clone mounts a persistent volume of the primary, and writes to the same files.";
        "Give the clone a volume of its own, or none, or add `persistentVolumes` to its `allow`.";

    CLONE_SECRET = "TM053" Warning "A clone with the primary's Secrets":
        "The clone reads the same Secrets, mostly the password of the same database, and changes the same data.";
        "Give it credentials of its own with `env`, that lead to a database of its own.";

    // === what cannot be read ===

    NO_SUCH_KIND = "TM070" Error "No such kind" by ApiServer:
        "The API group has no kind of this name, or there is no such group: the API server refuses the object, and nothing of it was checked.";
        "Write `kind` and `apiVersion` as the message spells them.";

    NO_OBJECT = "TM071" Error "Neither a job nor an object" by ApiServer:
        "The document is no job, no configuration of the filter or of Envoy, and no Kubernetes object that the API server would take. Nothing of it was checked.";
        "Add what is missing, render what is a template, or leave the file out.";

    // === what a version of Istio does ===

    NOT_WITH_VERSION = "TM075" Error "Not with this version of Istio":
        "The version that `--istio-version` gives does not attach the filter there, or does harm. docs/istio-versions.md has the whole table.";
        "Do what the message says: take a version that is right, or attach the filter elsewhere.";

    JOB_REFUSED = "TM076" Error "A job that generate refuses":
        "`generate` makes nothing of this job with the objects that are given; the message is its own. A Service, a port, a version, a Deployment or a container that the job names does not exist, or the job asks for what cannot be, or would do harm.";
        "Correct what the message names, or add to `--objects` what it asks for.";

    // === references of an HTTPRoute ===

    NOT_A_PARENT = "TM077" Error "A parent that does not exist":
        "Without `group` a parent is of `gateway.networking.k8s.io`, whatever its kind. That group has no Service: Istio passes the reference over, and the route routes and copies nothing there.";
        "Write the group that the message names.";

    NOT_GRANTED = "TM078" Error "A mirror into a namespace that does not allow it":
        "A route of a gateway may name a Service of another namespace only if a ReferenceGrant there allows it. Without one Istio drops the mirror and keeps the route: nothing is copied.";
        "Apply a ReferenceGrant in the namespace of the shadow: `from` the group `gateway.networking.k8s.io`, the kind HTTPRoute and the namespace of the route, `to` the kind Service.";
}
