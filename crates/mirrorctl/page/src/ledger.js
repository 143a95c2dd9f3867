// The ledger as a balance: two lines of terms with their verdicts, and a bar that shows how the matched requests fall apart.

import { element, fill, setAttribute, setText } from './dom.js';
import { NAMES, lines, verdict } from './balance.js';
import { count, known } from './format.js';

export function renderLedger(parent, badge, ledger) {
  const found = verdict(ledger);
  setText(badge, found.text);
  setAttribute(badge, 'class', `badge ${found.kind === 'unknown' ? 'quiet' : found.kind}`);
  fill(parent, ledger ? lines(ledger) : [], (line) => line.key, makeLine, updateLine);
}

function makeLine(line) {
  const terms = line.terms.map((term, index) => element('span', { class: 'addend' }, operator(index === 0 ? '=' : '+'), makeTerm(term.key)));
  return element(
    'div',
    { class: 'balance', 'data-testid': `balance-${line.key}` },
    element('p', { class: 'terms' }, makeTerm(line.key), ...terms),
    element('div', { class: 'split', 'aria-hidden': 'true' }, ...line.terms.map((term) => element('span', { class: `part ${term.key}` }))),
    element('p', { class: 'missing' }),
  );
}

const operator = (sign) => element('span', { class: 'sign' }, ` ${sign} `);

const makeTerm = (key) =>
  element('span', { class: 'term', 'data-term': key }, element('b'), ' ', element('span', { class: `term-name ${key}` }, NAMES[key]));

function updateLine(made, line) {
  const [terms, split, missing] = made.children;
  const values = [line.value, ...line.terms.map((term) => term.value)];
  [...terms.querySelectorAll('b')].forEach((number, index) => setText(number, count(values[index])));
  [...split.children].forEach((part, index) => {
    const value = line.terms[index].value;
    part.style.flexGrow = known(value) && value > 0 ? String(value) : '0';
  });
  split.hidden = !line.terms.some((term) => term.value > 0);
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
