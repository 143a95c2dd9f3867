// The two promises of the ledger, added up: matched = sent + skipped + dropped + collecting, and
// sent = responses + failures + in flight. Pure.

import { count, known } from './format.js';

const LINES = [
  ['matched', ['sent', 'skipped', 'dropped', 'collecting']],
  ['sent', ['responses', 'failures', 'inFlight']],
];

export const NAMES = {
  matched: 'matched',
  sent: 'sent',
  skipped: 'skipped',
  dropped: 'dropped',
  collecting: 'collecting',
  responses: 'responses',
  failures: 'failures',
  inFlight: 'in flight',
};

/** Each line with its terms and what is missing on the right side; null if a term is not known. */
export function lines(ledger) {
  return LINES.map(([whole, parts]) => {
    const terms = parts.map((key) => ({ key, value: ledger?.[key] ?? null }));
    const value = ledger?.[whole] ?? null;
    const all = [value, ...terms.map((term) => term.value)].every(known);
    return { key: whole, value, terms, missing: all ? terms.reduce((left, term) => left - term.value, value) : null };
  });
}

/** What the badge says: the server's own balance if it gives one, else what is missing here. */
export function verdict(ledger) {
  if (!ledger) return { kind: 'unknown', text: 'no ledger' };
  const missing = lines(ledger).map((line) => line.missing);
  const own = missing.every(known) ? missing.reduce((sum, each) => sum + Math.abs(each), 0) : null;
  const unaccounted = known(ledger.unaccounted) ? ledger.unaccounted : own;
  if (!known(unaccounted)) return { kind: 'unknown', text: 'not known' };
  return unaccounted === 0 ? { kind: 'good', text: 'balanced' } : { kind: 'bad', text: `${count(unaccounted)} unaccounted` };
}
