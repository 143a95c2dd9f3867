// Numbers and times as text.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as format from '../src/format.js';

const nothing = [null, undefined, NaN, Infinity, -Infinity, '3', {}, [], true];

test('what is no number is a dash, in every format', () => {
  for (const name of ['count', 'compact', 'rate', 'percent', 'percentSet', 'latency', 'bytes', 'clock', 'dayAndClock', 'duration']) {
    for (const value of nothing) assert.equal(format[name](value), '–', `${name}(${String(value)})`);
  }
});

test('every format takes every number', () => {
  for (const name of ['count', 'compact', 'rate', 'percent', 'percentSet', 'latency', 'bytes', 'clock', 'dayAndClock', 'duration', 'zone']) {
    for (const value of [0, -0, -1, 1e-300, 0.1 + 0.2, 1e15, 1e21, 1e300, Number.MAX_VALUE, Number.MIN_VALUE, -1e300]) {
      const text = format[name](value);
      assert.ok(typeof text === 'string' && text.length > 0 && text.length < 40 && !/NaN|undefined|Infinity/.test(text), `${name}(${value}) = ${text}`);
    }
  }
});

const table = (name, rows) =>
  test(name, () => {
    for (const [value, text] of rows) assert.equal(format[name](value), text);
  });

table('count', [[0, '0'], [12_345, '12,345'], [999_999_999_999_999, '999,999,999,999,999'], [1e18, '1.00e+18']]);
table('compact', [[0, '0'], [0.25, '0.25'], [999, '999'], [999.6, '1k'], [1234, '1.23k'], [2.5e6, '2.5M'], [3e12, '3T'], [1e15, '1.00e+15']]);
table('rate', [[0, '0'], [0.001, '< 0.01'], [-0.001, '> −0.01'], [1.234, '1.23'], [9.999, '10.0'], [12.34, '12.3'], [123.4, '123'], [12_345, '12,345'], [2e6, '2M']]);
table('latency', [[0, '0 ms'], [0.42, '0.42 ms'], [41.94, '41.9 ms'], [118.5, '119 ms'], [999.7, '1.00 s'], [5003, '5.00 s'], [61_000, '61.0 s'], [1e9, '1M s']]);
table('bytes', [[0, '0 B'], [1023, '1,023 B'], [1024, '1 KiB'], [18_734, '18.3 KiB'], [16_777_216, '16 MiB'], [1_048_575, '1 MiB']]);
table('duration', [[0, '0 s'], [0.4, '0 s'], [59, '59 s'], [60, '1 min'], [298, '4 min 58 s'], [3600, '1 h'], [794_000, '9 d 4 h'], [-90, '1 min 30 s']]);

// A rate that is nearly perfect must not read as perfect: that hides the failures.
table('percent', [[100, '100 %'], [99.996, '> 99.99 %'], [99.99, '99.99 %'], [99.9, '99.9 %'], [0.004, '< 0.01 %'], [0, '0 %'], [10.5, '10.5 %']]);
table('percentSet', [[10, '10 %'], [0.0001, '0.0001 %'], [33.3333, '33.3333 %']]);

test('a time of day is the browser’s', () => {
  const moment = new Date(2026, 10, 22, 7, 5, 9).getTime();
  assert.equal(format.clock(moment), '07:05:09');
  assert.equal(format.clock(moment, false), '07:05');
  assert.equal(format.dayAndClock(moment), '2026-11-22 07:05');
  assert.equal(format.clock(8.64e15 + 1), '–');
});

test('a moment is told from now', () => {
  assert.equal(format.distance(90_000, 0), 'in 1 min 30 s');
  assert.equal(format.distance(0, 7_200_000), '2 h ago');
  assert.equal(format.distance(null, 0), '–');
});
