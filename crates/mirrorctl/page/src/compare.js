// Primary and shadow side by side, over the window.

import { UNKNOWN, count, duration, known, latency, percent, rate } from './format.js';
import { fillRows } from './table.js';

const points = (value) => (value === 0 ? '0 pp' : `${Number(value.toFixed(2))} pp`);

const ROWS = [
  ['responses', 'Responses', count, null],
  ['perSecond', 'Per second', rate, rate],
  ['successPercentage', 'Success', percent, points],
  ['errorPercentage', 'Errors', percent, points],
  ['p50', 'Latency p50', latency, latency],
  ['p95', 'Latency p95', latency, latency],
  ['p99', 'Latency p99', latency, latency],
];

/** The rows of the table. A difference is the shadow's number less the primary's. Pure. */
export function compareRows({ primary, shadow }) {
  return ROWS.map(([key, head, format, formatDifference]) => ({
    key,
    head,
    cells: [format(primary[key]), format(shadow[key]), formatDifference ? difference(shadow[key], primary[key], formatDifference) : ''],
  }));
}

function difference(one, other, format) {
  if (!known(one) || !known(other)) return UNKNOWN;
  const less = one - other;
  const size = format(Math.abs(less));
  if (less === 0) return size;
  if (/^(<|[0.]+( |$))/.test(size)) return '≈ 0';
  return `${less < 0 ? '−' : '+'}${size}`;
}

export function renderCompare(body, title, numbers) {
  title.textContent = known(numbers.seconds) ? `in the last ${duration(numbers.seconds)}` : '';
  fillRows(body, compareRows(numbers));
}
