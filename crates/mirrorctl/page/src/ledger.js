// The ledger as a balance: two sums with their terms, their shares and what is missing.

import { element, fill, setAttribute, setText } from './dom.js';
import { NAMES, lines, verdict } from './balance.js';
import { count, known, percent } from './format.js';

export function renderLedger(parent, badge, ledger) {
  const found = verdict(ledger);
  setText(badge, found.text);
  setAttribute(badge, 'class', `badge ${found.kind === 'unknown' ? 'quiet' : found.kind}`);
  fill(parent, ledger ? lines(ledger) : [], (line) => line.key, makeLine, updateLine);
}

function makeLine(line) {
  const rows = line.terms.map((term, index) => makeRow(index === 0 ? '=' : '+', term.key));
  return element(
    'div',
    { class: 'balance', 'data-testid': `balance-${line.key}` },
    element('table', { 'aria-label': `What became of ${NAMES[line.key]}` }, element('tbody', {}, makeRow('', line.key), ...rows)),
    element('div', { class: 'split', 'aria-hidden': 'true' }, ...line.terms.map((term) => element('span', { class: `part ${term.key}` }))),
    element('p', { class: 'missing' }),
  );
}

const makeRow = (sign, key) =>
  element(
    'tr',
    {},
    element('th', { scope: 'row' }, element('span', { class: 'sign' }, sign), ' ', element('span', { class: `term ${key}` }, NAMES[key])),
    element('td', { 'data-term': key }),
    element('td', { class: 'share' }),
  );

function updateLine(made, line) {
  const [table, split, missing] = made.children;
  const values = [line.value, ...line.terms.map((term) => term.value)];
  [...table.rows].forEach((row, index) => {
    setText(row.cells[1], count(values[index]));
    setText(row.cells[2], index > 0 && line.value > 0 && known(values[index]) ? percent((100 * values[index]) / line.value) : '');
  });
  [...split.children].forEach((part, index) => {
    const value = line.terms[index].value;
    part.style.flexGrow = known(value) && value > 0 ? String(value) : '0';
  });
  setText(missing, sentence(line));
  setAttribute(missing, 'class', `missing ${line.missing === 0 || line.missing === null ? 'muted' : 'bad'}`);
}

/** What a line comes to, in words. */
export function sentence(line) {
  if (line.missing === null) return 'Not all of its terms are known.';
  if (line.missing === 0) return 'Adds up.';
  const what = line.key === 'matched' ? 'matched requests' : 'copies sent';
  return line.missing > 0
    ? `${count(line.missing)} ${what} are not accounted for.`
    : `${count(-line.missing)} more are accounted for than there were ${what}.`;
}
