// Views as the server would send them, of worlds that are told in a line each. The same scenario at the same time is
// the same view. `tick` counts the views of one stream, so that a scenario can have a course.

/** The vocabulary, as far as the page needs it: the real one stands in crates/policy/src/reason.rs. */
const REASONS = {
  skipped: ['loop', 'upgrade', 'no_route', 'expired', 'no_sample_key', 'not_sampled'],
  dropped: ['breaker_open', 'body_too_large', 'in_flight', 'bytes', 'rate', 'request_reset', 'cluster_missing', 'no_capacity'],
  responses: ['2xx', '3xx', '4xx', '5xx', 'grpc_ok', 'grpc_error'],
  failures: ['connect', 'timeout', 'protocol', 'reset', 'cancelled'],
  primary_responses: ['2xx', '3xx', '4xx', '5xx', 'grpc_ok', 'grpc_error'],
};
const MEANINGS = {
  not_sampled: 'The sample left the request out, as `percentage` asks.',
  in_flight: '`limits.maxInFlight` copies were being collected or awaiting an answer.',
  timeout: 'The shadow did not answer within `timeout`.',
  connect: 'No connection to the shadow could be made.',
  '2xx': 'Answered with a status of 200 to 299.',
  '5xx': 'Answered with a status of 500 to 599, or one outside of 200 to 599 (RFC 9110, section 15).',
};

/** A number in 0..1 that looks random and is not. */
function wobble(seed, index) {
  const wave = Math.sin(seed * 127.1 + index * 311.7) * 43758.5453;
  return wave - Math.floor(wave);
}

/** A ledger that adds up: `counts` from a kind's result to its number. */
export function ledger(counts, gauges = { collecting: null, inFlight: null }, unaccounted = null) {
  const reasons = Object.entries(REASONS).flatMap(([kind, results]) =>
    results.map((result) => ({ kind, result, count: counts[kind]?.[result] ?? 0, meaning: MEANINGS[result] ?? `What ${result} means, in one sentence.` })),
  );
  const sum = (kind) => reasons.filter((reason) => reason.kind === kind).reduce((total, reason) => total + reason.count, 0);
  const sent = sum('responses') + sum('failures') + (gauges.inFlight ?? 0);
  return {
    matched: sent + sum('skipped') + sum('dropped') + (gauges.collecting ?? 0) + (unaccounted ?? 0),
    sent,
    skipped: sum('skipped'),
    dropped: sum('dropped'),
    responses: sum('responses'),
    failures: sum('failures'),
    primaryResponses: sum('primary_responses'),
    ...gauges,
    unaccounted,
    reasons,
  };
}

function series({ at, seconds, step, seed = 1, level = 40, slow = 1, failing = 0, dropping = 0, unknown = () => false, from = 0 }) {
  const bins = seconds / step;
  const end = Math.floor(at / (step * 1000)) * step * 1000;
  const t = Array.from({ length: bins }, (_, index) => end - (bins - 1 - index) * step * 1000);
  const line = (value) => t.map((time, index) => (index < from * bins || unknown(time, index / bins) ? null : value(Math.floor(time / (step * 1000)))));
  const rate = (bin) => level * (1 + 0.25 * Math.sin(bin / 9) + 0.08 * wobble(seed, bin));
  const version = (number, factor, failures) => ({
    rate: line((bin) => rate(bin) * (number === 2 ? 1 - dropping : 1)),
    success: line((bin) => 100 - (failures + (wobble(seed + number, bin) > 0.8 ? 0.4 : 0))),
    p50: line((bin) => factor * (11 + 3 * wobble(seed + number, bin))),
    p95: line((bin) => factor * (36 + 12 * wobble(seed + number + 1, bin))),
    p99: line((bin) => factor * (64 + 34 * wobble(seed + number + 2, bin))),
  });
  return { t, primary: version(1, 1, 0), shadow: version(2, slow, failing), skipped: line((bin) => rate(bin) * 9), dropped: line((bin) => rate(bin) * dropping) };
}

/** A healthy mirror, of which `change` makes another one. */
function mirror({ at, seconds, step }, name, change = {}) {
  const { level = 40, shape = {}, ...over } = change;
  const inWindow = Math.round(level * seconds);
  const gauges = { collecting: 2, inFlight: 3 };
  const numbers = {
    seconds: seconds - 2,
    perSecond: { matched: level * 10, sent: level, skipped: level * 9, dropped: 0 },
    actualPercentage: 9.97,
    primary: { responses: inWindow, perSecond: level, successPercentage: 99.94, errorPercentage: 0.06, p50: 12.4, p95: 41.9, p99: 83.1 },
    shadow: { responses: inWindow - 4, perSecond: level * 0.999, successPercentage: 99.9, errorPercentage: 0.1, p50: 14.8, p95: 55.2, p99: 118.5 },
    ledger: ledger({
      skipped: { not_sampled: inWindow * 9, upgrade: 3 },
      responses: { '2xx': inWindow - 20, '5xx': 16 },
      failures: { timeout: 4 },
      primary_responses: { '2xx': inWindow - 9, '4xx': 5, '5xx': 4 },
    }),
  };
  return {
    name,
    engine: 'wasm',
    proxies: { loaded: 2, known: 2 },
    set: { enabled: true, percentage: 10, maxInFlight: 128, maxBufferedBytes: 16777216, expiresAt: new Date(at + 9.2 * 86_400_000).toISOString(), uniform: true },
    now: { ...gauges, bufferedBytes: 18_734, breakersOpen: 0 },
    state: 'Mirroring',
    advice: [],
    window: numbers,
    total: ledger(
      {
        skipped: { not_sampled: 3_210_411, upgrade: 31 },
        responses: { '2xx': 355_100, '3xx': 12, '4xx': 90, '5xx': 420 },
        failures: { timeout: 61, connect: 12 },
        primary_responses: { '2xx': 355_900, '4xx': 77, '5xx': 31 },
      },
      gauges,
      0,
    ),
    series: series({ at, seconds, step, level, slow: 1.35, ...shape }),
    ...over,
  };
}

function losing(frame, name) {
  const base = mirror(frame, name);
  return mirror(frame, name, {
    shape: { dropping: 0.22, failing: 3.5, slow: 6 },
    state: 'Losing',
    advice: ['The shadow answers too slowly for `limits.maxInFlight`: raise it, lower the percentage, or give the shadow more replicas.'],
    now: { collecting: 5, inFlight: 251, bufferedBytes: 15_900_000, breakersOpen: 1 },
    window: {
      ...base.window,
      perSecond: { matched: 400, sent: 31.2, skipped: 360, dropped: 8.8 },
      shadow: { ...base.window.shadow, successPercentage: 96.1, errorPercentage: 3.9, p50: 88.4, p95: 2711, p99: 5003 },
      ledger: ledger({ skipped: { not_sampled: 108_000 }, dropped: { in_flight: 2_600, no_capacity: 40 }, responses: { '2xx': 9_000, '5xx': 240 }, failures: { timeout: 118, connect: 7 }, primary_responses: { '2xx': 12_000, '5xx': 3 } }),
    },
    total: ledger(
      { skipped: { not_sampled: 3_210_411 }, dropped: { in_flight: 9_812, no_capacity: 77 }, responses: { '2xx': 355_100, '5xx': 812 }, failures: { timeout: 2_061, connect: 12 }, primary_responses: { '2xx': 371_000 } },
      { collecting: 5, inFlight: 251 },
      17,
    ),
  });
}

const nulls = (keys) => Object.fromEntries(keys.map((key) => [key, null]));
const noNumbers = {
  seconds: null,
  perSecond: nulls(['matched', 'sent', 'skipped', 'dropped']),
  actualPercentage: null,
  primary: nulls(['responses', 'perSecond', 'successPercentage', 'errorPercentage', 'p50', 'p95', 'p99']),
  shadow: nulls(['responses', 'perSecond', 'successPercentage', 'errorPercentage', 'p50', 'p95', 'p99']),
  ledger: null,
};
const noSet = nulls(['enabled', 'percentage', 'maxInFlight', 'maxBufferedBytes', 'expiresAt', 'uniform']);
const noNow = nulls(['collecting', 'inFlight', 'bufferedBytes', 'breakersOpen']);

/** What is known of a ledger without the filter. */
function answersOf({ reasons, responses, failures, primaryResponses }) {
  const known = reasons.filter(({ kind }) => kind !== 'skipped' && kind !== 'dropped');
  const sent = responses + failures;
  return { matched: sent, sent, skipped: 0, dropped: 0, responses, failures, primaryResponses, collecting: null, inFlight: null, unaccounted: null, reasons: known };
}

const up = (name) => ({ name, up: true, problem: null, since: null });
const down = (name, since) => ({ name, up: false, problem: 'connection refused', since });
const ENVOY = 'http://127.0.0.1:15000';

/** From a name to what is sent: `(frame, tick) => {mirrors, endpoints, proxies}`; `frame` is `{at, seconds, step}`. */
export const SCENARIOS = {
  healthy: (frame) => ({ mirrors: [mirror(frame, 'reviews-v2'), mirror(frame, 'ratings-v3', { level: 7 })] }),
  losing: (frame) => ({ mirrors: [losing(frame, 'reviews-v2'), mirror(frame, 'ratings-v3', { level: 7 })] }),
  // Well for one view, and then out, as of 70 s ago.
  outage: (frame, tick) => {
    if (tick === 0) return { mirrors: [mirror(frame, 'reviews-v2')] };
    const since = frame.at - 70_000;
    const silent = { set: noSet, now: noNow, proxies: { loaded: 0, known: 0 }, state: 'NotLoaded', advice: ['Is the WasmPlugin applied?'] };
    return { endpoints: [down(ENVOY, since)], proxies: 0, mirrors: [mirror(frame, 'reviews-v2', { shape: { unknown: (time) => time > since }, ...silent })] };
  },
  // Every ten views: well for five, out for five.
  recovery: (frame, tick) => {
    const out = tick % 10 >= 5;
    const since = frame.at - (tick % 5) * 2000;
    return { endpoints: [out ? down(ENVOY, since) : up(ENVOY), up('http://127.0.0.1:15001')], proxies: out ? 1 : 2, mirrors: [mirror(frame, 'reviews-v2', { shape: { unknown: (time, part) => (part > 0.4 && part < 0.55) || (out && time > since) } })] };
  },
  fresh: (frame) => ({ mirrors: [mirror(frame, 'reviews-v2', { shape: { from: 0.75 } })] }),
  many: (frame) => {
    const states = ['Mirroring', 'NoTraffic', 'Losing', 'Paused', 'Tripped', 'Expired', 'NotLoaded', 'Mirroring'];
    const name = (index) => (index % 3 === 2 ? `a-mirror-whose-name-is-as-long-as-a-dns-label-may-be-made-${index}`.padEnd(63, 'x') : `service-${index}-v2`);
    return { mirrors: Array.from({ length: 16 }, (_, index) => mirror(frame, name(index), { level: index + 1, state: states[index % 8], advice: index % 2 ? ['One thing to do.'] : [] })) };
  },
  native: (frame) => {
    const healthy = mirror(frame, 'reviews-v2');
    const perSecond = { matched: null, sent: 40, skipped: null, dropped: null };
    const window = { ...healthy.window, actualPercentage: null, perSecond, ledger: answersOf(healthy.window.ledger) };
    return {
      kind: 'prometheus',
      endpoints: [up('http://prometheus.istio-system:9090')],
      mirrors: [{ ...healthy, engine: 'native', set: { ...noSet, uniform: true }, now: noNow, window, total: answersOf(healthy.total) }],
    };
  },
  quiet: (frame) => ({ mirrors: [mirror(frame, 'reviews-v2', { state: 'NoTraffic', advice: ['No request has met the mirror’s `match` in the window.'], level: 0, shape: { level: 0 }, total: ledger({}, { collecting: 0, inFlight: 0 }, 0) })] }),
  'not-loaded': (frame) => ({
    endpoints: [up(ENVOY)],
    proxies: 0,
    mirrors: [mirror(frame, 'reviews-v2', { state: 'NotLoaded', advice: ['No proxy has loaded the filter: `kubectl describe wasmplugin` tells why.'], proxies: { loaded: 0, known: 2 }, set: noSet, now: noNow, window: noNumbers, total: null, series: {} })],
  }),
  empty: () => ({ mirrors: [] }),
  // After five views the mirror is gone.
  vanishing: (frame, tick) => ({ mirrors: [...(tick < 5 ? [mirror(frame, 'reviews-v2')] : []), mirror(frame, 'ratings-v3')] }),
  // Data that must stay data, and numbers at the edge.
  strange: (frame) => {
    const markup = '<img src=x onerror=alert(1)>"\'&amp;';
    const strange = mirror(frame, markup, { state: markup, advice: [markup, 'x'.repeat(400)] });
    strange.window.perSecond = { matched: 1e300, sent: 9.99e8, skipped: 0.0001, dropped: -0 };
    strange.window.shadow.p99 = 1e9;
    strange.set.expiresAt = 'not a time';
    strange.total.matched = 1e18;
    strange.total.unaccounted = 1e18;
    strange.series.primary.rate = strange.series.primary.rate.map((rate, index) => (index % 3 ? null : index === 3 ? 'NaN' : rate * 1e12));
    strange.series.shadow.p99 = [1];
    return { kind: 'constructor', endpoints: [{ name: markup, up: false, problem: markup, since: null }, up(ENVOY), down('http://[::1]:15000', frame.at)], mirrors: [strange, mirror(frame, 'x'.repeat(63), { state: 'constructor', now: {}, set: {}, window: {}, total: {}, series: { t: 'none' }, advice: null })] };
  },
};

/** One view. `window` is `5m` or `30m`, `at` Unix milliseconds. */
export function viewOf(scenario, window, at, tick = 0) {
  const [seconds, step] = window === '30m' ? [1800, 30] : [300, 5];
  const told = SCENARIOS[scenario]({ at, seconds, step }, tick);
  return {
    at,
    window: { seconds, from: at - seconds * 1000, to: at, step: step * 1000 },
    source: { kind: told.kind ?? 'envoy', endpoints: told.endpoints ?? [up(ENVOY), up('http://127.0.0.1:15001')], proxies: told.proxies ?? 2 },
    mirrors: told.mirrors,
  };
}
