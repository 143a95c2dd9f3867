// Series as the charts take them, and their axes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rate } from '../src/format.js';
import { fromZero, upToHundred } from '../src/scales.js';
import { columns, isolated, latest, nearest, summary, unknownSpans } from '../src/series.js';

test('a series becomes columns of equal length, and what is no number a gap', () => {
  const series = { t: [1, 2, 3, 4], primary: { rate: [1, null, 'NaN', 4] }, shadow: { rate: [5] } };
  const lines = [(from) => from.primary?.rate, (from) => from.shadow?.rate, (from) => from.dropped];
  assert.deepEqual(columns(series, lines), [[1, 2, 3, 4], [1, null, null, 4], [5, null, null, null], [null, null, null, null]]);
});

test('no series is no column that is longer than none', () => {
  for (const series of [null, undefined, {}, { t: 'none' }, { t: null }]) assert.deepEqual(columns(series, [() => [1]]), [[], []]);
});

test('time without readings is told from time without traffic', () => {
  // Without traffic the rate is 0, and known.
  assert.deepEqual(unknownSpans([10, 20, 30, 40, 50, 60], [[null, 1, null, null, 0, null], [null, null, null, null, 0, null]], 10), [[0, 10], [20, 40]]);
  assert.deepEqual(unknownSpans([10, 20], [[1, 1], [null, null]], 10), []);
  // The last bin may just have begun.
  assert.deepEqual(unknownSpans([10, 20, 30], [[1, null, null]], 10), [[10, 30]]);
  assert.deepEqual(unknownSpans([], [[]], 10), []);
});

test('a value between two gaps is found, as a line cannot show it', () => {
  assert.deepEqual(isolated([1, null, 2, 3, null, 4]), [0, 5]);
  assert.deepEqual(isolated([null, 7, null]), [1]);
  assert.deepEqual(isolated([]), []);
});

test('the latest value and the nearest time', () => {
  assert.equal(latest([[1, 2, null], [null, null, null]], 3), 1);
  assert.equal(latest([[null, null]], 2), 1);
  assert.equal(latest([[]], 0), -1);
  assert.equal(nearest([10, 20, 30], 24), 1);
  assert.equal(nearest([10, 20, 30], 1e9), 2);
  assert.equal(nearest([], 1), null);
});

test('a line is told in words', () => {
  assert.equal(summary('Primary', [null, 3, 1, 2, null], rate), 'Primary: latest 2.00, least 1.00, greatest 3.00.');
  assert.equal(summary('Shadow', [null, null], rate), 'Shadow: nothing known.');
  assert.equal(summary('Shadow', Array(500_000).fill(1), rate), 'Shadow: latest 1.00, least 1.00, greatest 1.00.');
});

test('an axis from zero holds its values and ends at a round mark', () => {
  assert.deepEqual(fromZero(50.7), [0, 20, 40, 60]);
  assert.deepEqual(fromZero(1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(fromZero(0.3), [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(fromZero(null), fromZero(0));
  for (const greatest of [1e-300, 0.07, 0.9999, 3, 9.99, 10, 123_456, 1e300, Number.MIN_VALUE, Number.MAX_VALUE]) {
    const marks = fromZero(greatest);
    assert.ok(marks.at(-1) >= greatest * (1 - 1e-6), `${greatest}: ${marks}`);
    assert.ok(marks.length >= 2 && marks.length <= 6 && marks.every(Number.isFinite), `${greatest}: ${marks}`);
  }
});

test('an axis of percentages ends at 100 and begins below its values', () => {
  assert.deepEqual(upToHundred(99.7), [99, 99.2, 99.4, 99.6, 99.8, 100]);
  for (const least of [null, 0, 12, 50, 79.99, 93, 98.5, 100]) {
    const marks = upToHundred(least);
    assert.equal(marks.at(-1), 100);
    assert.ok(marks[0] <= (least ?? 0), `${least}: ${marks}`);
  }
});
