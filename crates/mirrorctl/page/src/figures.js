// The key figures: how much is copied and lost per second, what of the limits is used, and until when.

import { element, fill, setAttribute, setText } from './dom.js';
import { UNKNOWN, bytes, count, dayAndClock, distance, known, latency, percent, percentSet, rate } from './format.js';

/** Each figure with its value, a second line, and a kind if it is grave. Pure; `now` in Unix milliseconds. */
export function figures({ engine, numbers, set, now: gauges }, now) {
  if (engine === 'native') return ofNative(numbers);
  const { matched, sent, skipped, dropped } = numbers.perSecond;
  return [
    { key: 'matched', name: 'Matched', value: rate(matched), unit: '/s', note: 'live requests' },
    { key: 'sent', name: 'Sent', value: rate(sent), unit: '/s', note: 'copies to the shadow' },
    { key: 'skipped', name: 'Skipped', value: rate(skipped), unit: '/s', note: 'as configured' },
    { key: 'dropped', name: 'Dropped', value: rate(dropped), unit: '/s', note: 'lost copies', kind: dropped > 0 ? 'bad' : null },
    { key: 'share', name: 'Share', value: percent(numbers.actualPercentage), note: known(set.percentage) ? `set to ${percentSet(set.percentage)}` : 'set: not known' },
    { key: 'in-flight', name: 'In flight', value: count(gauges.inFlight), note: limit(set.maxInFlight, count) },
    { key: 'buffered', name: 'Buffered', value: bytes(gauges.bufferedBytes), note: limit(set.maxBufferedBytes, bytes) },
    { key: 'expires', name: 'Expires', ...expiry(set, now) },
  ];
}

// Of Envoy's own mirroring only the answers are known.
function ofNative({ perSecond, primary, shadow }) {
  return [
    { key: 'sent', name: 'Sent', value: rate(perSecond.sent), unit: '/s', note: 'copies to the shadow' },
    { key: 'primary-success', name: 'Primary', value: percent(primary.successPercentage), note: 'success' },
    { key: 'shadow-success', name: 'Shadow', value: percent(shadow.successPercentage), note: 'success' },
    { key: 'primary-p99', name: 'Primary', value: latency(primary.p99), note: 'latency p99' },
    { key: 'shadow-p99', name: 'Shadow', value: latency(shadow.p99), note: 'latency p99' },
  ];
}

// The gauges are sums over all workers of all proxies, and each worker has this limit for itself.
const limit = (value, format) => (known(value) ? `limit ${format(value)} a worker` : 'limit not known');

// The server says null for `never` as for what is not known, which it is where nothing else of the set is known either.
function expiry(set, now) {
  if (set.expiresAt === null || set.expiresAt === undefined) {
    return known(set.percentage) ? { value: 'never', note: 'not by itself' } : { value: UNKNOWN, note: 'not known' };
  }
  const moment = Date.parse(set.expiresAt);
  if (!known(moment)) return { value: UNKNOWN, note: String(set.expiresAt) };
  const hour = 3_600_000;
  return { value: distance(moment, now), note: dayAndClock(moment), kind: moment <= now + hour ? 'warn' : null };
}

export function renderFigures(list, found) {
  fill(
    list,
    found,
    (figure) => figure.key,
    (figure) =>
      element(
        'div',
        {},
        element('dt', {}, figure.name),
        element('dd', { class: 'value', 'data-testid': `figure-${figure.key}` }, element('span'), element('small')),
        element('dd', { class: 'note' }),
      ),
    (child, figure) => {
      setAttribute(child, 'class', `figure ${figure.kind ?? ''}`.trim());
      const [, value, note] = child.children;
      setText(value.firstElementChild, figure.value);
      setText(value.lastElementChild, figure.value === UNKNOWN ? '' : (figure.unit ?? ''));
      setText(note, figure.note);
    },
  );
}
