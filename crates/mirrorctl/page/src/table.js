// Rows of a table body. A row is `{key, head, note, cells, kind}`: its heading, a second line under it, its cells as
// text or as `[text, second line]`, and a class.

import { element, fill, setAttribute, setProse, setText } from './dom.js';

export function fillRows(body, rows) {
  fill(body, rows, (row) => row.key, makeRow, updateRow);
}

function makeRow(row) {
  const cells = row.cells.map(() => element('td', {}, element('span'), element('small')));
  return element('tr', { 'data-testid': `row-${row.key}` }, element('th', { scope: 'row' }, element('span'), element('small')), ...cells);
}

function updateRow(child, row) {
  setAttribute(child, 'class', row.kind ?? null);
  const [head, ...cells] = child.children;
  setPair(head, [row.head, row.note]);
  cells.forEach((cell, index) => setPair(cell, [row.cells[index]].flat()));
}

function setPair(cell, [text, note]) {
  setText(cell.firstElementChild, text ?? '');
  setProse(cell.lastElementChild, note ?? '');
}
