// Why copies were not sent or came to nothing, with the meaning of each reason; and the answers by class, of both
// versions.

import { element, setText } from './dom.js';
import { count, known } from './format.js';
import { fillRows } from './table.js';

const GROUPS = [
  ['dropped', 'Dropped: lost'],
  ['failures', 'Failures: sent, and no answer came back'],
  ['skipped', 'Skipped: as configured'],
];

/** The reasons by group, whose title is null if the engine does not know the group at all; `zeros` is whether those that never happened are shown. Pure. */
export function reasonGroups(window, total, zeros) {
  return GROUPS.map(([kind, title]) => {
    const all = joined(kind, window, total);
    const rows = all
      .filter((reason) => zeros || reason.window > 0 || reason.total > 0)
      .map((reason) => ({
        key: `${kind}-${reason.result}`,
        head: reason.result,
        note: reason.meaning,
        cells: [count(reason.window), count(reason.total)],
        kind: kind === 'skipped' || !(reason.window > 0) ? null : 'bad',
      }));
    return { kind, title: all.length > 0 ? title : null, rows };
  });
}

/** The answers by class: in each cell the window's count, and below it the total. Pure. */
export function answerRows(window, total) {
  const primary = joined('primary_responses', window, total);
  const shadow = joined('responses', window, total);
  const results = [...new Set([...primary, ...shadow].map((reason) => reason.result))];
  return results
    .map((result) => {
      const pair = [primary, shadow].map((side) => side.find((reason) => reason.result === result));
      return {
        key: `answers-${result}`,
        head: result,
        note: pair.find(Boolean)?.meaning,
        cells: pair.map((reason) => [count(reason?.window), count(reason?.total)]),
        happened: pair.some((reason) => reason?.window > 0 || reason?.total > 0),
      };
    })
    .filter((row) => row.happened);
}

// The window's and the total's count of each reason of a kind, in the order of whichever names it first.
function joined(kind, window, total) {
  const found = new Map();
  for (const [column, ledger] of [['window', window], ['total', total]]) {
    for (const reason of Array.isArray(ledger?.reasons) ? ledger.reasons : []) {
      if (reason?.kind !== kind) continue;
      const one = found.get(reason.result) ?? { result: String(reason.result), meaning: reason.meaning, window: null, total: null };
      one[column] = known(reason.count) ? reason.count : null;
      found.set(reason.result, one);
    }
  }
  return [...found.values()];
}

export function renderReasons(table, groups) {
  for (const { kind, title, rows } of groups) {
    let body = table.querySelector(`tbody[data-kind="${kind}"]`);
    if (!body) {
      const heading = element('tr', { class: 'group' }, element('th', { colspan: '3', scope: 'rowgroup' }));
      table.append(element('tbody', { class: 'group' }, heading), element('tbody', { 'data-kind': kind }));
      body = table.lastElementChild;
    }
    setText(body.previousElementSibling.querySelector('th'), title ?? '');
    body.hidden = title === null;
    body.previousElementSibling.hidden = title === null;
    fillRows(body, rows.length > 0 ? rows : [{ key: `${kind}-none`, head: 'none', cells: ['', ''], kind: 'muted' }]);
  }
}

