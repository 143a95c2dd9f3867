// The ledger, its reasons, the comparison and the key figures.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lines, verdict } from '../src/balance.js';
import { compareRows } from '../src/compare.js';
import { figures } from '../src/figures.js';
import { sentence } from '../src/ledger.js';
import { answerRows, reasonGroups } from '../src/reasons.js';
import { readView } from '../src/view.js';
import { ledger, viewOf } from './scenarios.js';

const gauges = { collecting: 2, inFlight: 3 };
const counts = { skipped: { not_sampled: 90 }, dropped: { bytes: 4 }, responses: { '2xx': 7 }, failures: { timeout: 1 } };

test('a ledger that adds up is balanced', () => {
  const balanced = ledger(counts, gauges, 0);
  assert.deepEqual(lines(balanced).map((line) => line.missing), [0, 0]);
  assert.deepEqual(verdict(balanced), { kind: 'good', text: 'balanced' });
  assert.equal(sentence(lines(balanced)[0]), 'Adds up.');
});

test('what is missing is told with its line', () => {
  const short = ledger(counts, gauges, 17);
  assert.deepEqual(lines(short).map((line) => line.missing), [17, 0]);
  assert.deepEqual(verdict(short), { kind: 'bad', text: '17 unaccounted' });
  assert.equal(sentence(lines(short)[0]), '17 matched requests are not accounted for.');
  const over = { ...ledger(counts, gauges), unaccounted: null, responses: 9 };
  assert.equal(sentence(lines(over)[1]), '2 more are accounted for than there were copies sent.');
  assert.equal(verdict(over).text, '2 unaccounted');
});

// Two misses in opposite directions are two misses, and no balance.
test('misses do not cancel each other out', () => {
  const crossed = { ...ledger(counts, gauges), unaccounted: null, matched: 106, responses: 8 };
  assert.deepEqual(lines(crossed).map((line) => line.missing), [-1, -1]);
  const opposite = { ...crossed, matched: 108 };
  assert.deepEqual(lines(opposite).map((line) => line.missing), [1, -1]);
  assert.equal(verdict(opposite).text, '2 unaccounted');
});

test('without a gauge there is no verdict', () => {
  const window = ledger(counts);
  assert.deepEqual(lines(window).map((line) => line.missing), [null, null]);
  assert.equal(verdict(window).kind, 'unknown');
  assert.equal(verdict(null).text, 'no ledger');
  assert.equal(verdict({}).text, 'not known');
});

test('reasons have their count in the window and in total, and those that never happened only if asked for', () => {
  const window = ledger({ dropped: { bytes: 2 } });
  const total = ledger({ dropped: { bytes: 9, in_flight: 1 } });
  const [dropped, failures, skipped] = reasonGroups(window, total, false);
  assert.deepEqual(dropped.rows.map((row) => [row.head, ...row.cells, row.kind]), [['in_flight', '0', '1', null], ['bytes', '2', '9', 'bad']]);
  assert.equal(dropped.rows[0].note, '`limits.maxInFlight` copies were being collected or awaiting an answer.');
  assert.deepEqual([failures.rows, skipped.rows], [[], []]);
  assert.equal(reasonGroups(window, total, true)[0].rows.length, 8);
});

test('a group that the engine does not know is left out', () => {
  const native = { reasons: [{ kind: 'failures', result: 'connect', count: 1, meaning: 'm' }, null, 3] };
  assert.deepEqual(reasonGroups(null, native, false).map((group) => group.title === null), [true, false, true]);
  assert.deepEqual(reasonGroups(null, null, true).flatMap((group) => group.rows), []);
});

test('answers of both versions stand side by side', () => {
  const window = ledger({ responses: { '5xx': 3 }, primary_responses: { '2xx': 8 } });
  const rows = answerRows(window, null);
  assert.deepEqual(rows.map((row) => [row.head, row.cells]), [['2xx', [['8', '–'], ['0', '–']]], ['5xx', [['0', '–'], ['3', '–']]]]);
});

test('a difference is the shadow’s less the primary’s', () => {
  const rows = compareRows({ primary: { perSecond: 40, successPercentage: 99.5, p99: 80, p50: null }, shadow: { perSecond: 40.001, successPercentage: 96, p99: 2080, p50: 3 } });
  const differences = Object.fromEntries(rows.map((row) => [row.key, row.cells[2]]));
  assert.deepEqual([differences.perSecond, differences.successPercentage, differences.p99, differences.p50], ['≈ 0', '−3.5 pp', '+2.00 s', '–']);
});

const now = 1_795_370_400_000;
const figure = (mirror, key) => figures(mirror, now).find((each) => each.key === key);
const mirrorOf = (scenario) => readView(JSON.stringify(viewOf(scenario, '5m', now))).mirrors[0];

test('the key figures of a mirror', () => {
  const mirror = mirrorOf('losing');
  assert.equal(figure(mirror, 'dropped').kind, 'bad');
  assert.deepEqual([figure(mirror, 'share').value, figure(mirror, 'share').note], ['9.97 %', 'set to 10 %']);
  assert.equal(figure(mirror, 'in-flight').note, 'limit 128 a worker');
  assert.equal(figure(mirror, 'expires').value, 'in 9 d 4 h');
});

test('an expiry that is never, past, soon or unknown', () => {
  const mirror = mirrorOf('healthy');
  const expires = (set) => figure({ ...mirror, set }, 'expires');
  assert.equal(expires({ percentage: 10, expiresAt: null }).value, 'never');
  assert.equal(expires({ percentage: null, expiresAt: null }).value, '–');
  assert.deepEqual([expires({ percentage: 10, expiresAt: new Date(now - 60_000).toISOString() })].map(({ value, kind }) => [value, kind]), [['1 min ago', 'warn']]);
  assert.equal(expires({ percentage: 10, expiresAt: 'not a time' }).value, '–');
});

test('of engine native nothing is shown that nobody counts', () => {
  assert.deepEqual(figures(mirrorOf('native'), now).filter((each) => each.value === '–'), []);
});
