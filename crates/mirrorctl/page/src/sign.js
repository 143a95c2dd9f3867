// What a tab in the background shows: the title and the icon. The title tells of the shown mirror, the icon of the
// gravest state of all.

import { setAttribute } from './dom.js';
import { isOut } from './outage.js';
import { gravest, plural, stateWords } from './words.js';

/** The title and the kind of icon of a moment. Pure. */
export function sign({ view, link, shown, mirrors }) {
  if (link.since !== null) return { title: 'No connection – Traffic Mirror', kind: 'lost' };
  if (!view) return { title: 'Traffic Mirror', kind: 'quiet' };
  if (isOut(view)) return { title: 'Outage – Traffic Mirror', kind: 'lost' };
  if (!shown) return { title: 'No mirrors – Traffic Mirror', kind: 'quiet' };
  const bad = mirrors.filter((mirror) => mirror !== shown && stateWords(mirror.state).kind === 'bad').length;
  const others = bad > 0 ? ` (${plural(bad, 'other', 'others')} in trouble)` : '';
  return {
    title: `${stateWords(shown.state).text} · ${shown.name}${others} – Traffic Mirror`,
    kind: gravest(mirrors.map((mirror) => stateWords(mirror.state).kind)),
  };
}

// Each has a shape of its own. These are constants: no data goes into them.
const SHAPES = {
  good: '<circle cx="8" cy="8" r="6" fill="#2da44e"/>',
  quiet: '<circle cx="8" cy="8" r="5" fill="none" stroke="#768390" stroke-width="2.5"/>',
  warn: '<path d="M8 1l7 7-7 7-7-7z" fill="#d4a72c"/>',
  bad: '<path d="M8 1l7.5 14H.5z" fill="#d1242f"/>',
  lost: '<path d="M3 3l10 10M13 3L3 13" stroke="#d1242f" stroke-width="3.5" stroke-linecap="round"/>',
};

export function renderSign(icon, { title, kind }) {
  if (document.title !== title) document.title = title;
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${SHAPES[kind]}</svg>`;
  setAttribute(icon, 'href', `data:image/svg+xml,${encodeURIComponent(picture)}`);
  setAttribute(icon, 'data-kind', kind);
}
