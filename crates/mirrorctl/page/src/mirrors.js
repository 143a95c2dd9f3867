// The chooser of mirrors: tabs, each with the mark of its state. A chosen mirror that the proxies no longer report
// stays, with its last numbers, until another one is chosen.

import { element, fill, setAttribute, setText } from './dom.js';
import { stateWords } from './words.js';

/**
 * What is shown after a view has come: the mirrors, and the chosen one. `missing` is the chosen one as it last was, with
 * the time since when it is not reported. Pure.
 */
export function follow(before, view, chosen) {
  const found = view.mirrors.find((mirror) => mirror.name === chosen);
  if (found) return { mirrors: view.mirrors, shown: found, missing: null };
  const last = before?.shown?.name === chosen ? before.shown : null;
  if (last) {
    const missing = before.missing ?? { since: view.at };
    return { mirrors: [...view.mirrors, last], shown: last, missing };
  }
  return { mirrors: view.mirrors, shown: view.mirrors[0] ?? null, missing: null };
}

/** Draws the tabs; `choose(name)` is called for the one that is picked. */
export function renderTabs(list, { mirrors, shown, missing }, choose) {
  list.hidden = mirrors.length === 0;
  list.classList.toggle('many', mirrors.length > 4);
  const held = list.contains(document.activeElement);
  fill(
    list,
    mirrors,
    (mirror) => mirror.name,
    (mirror) => makeTab(list, mirror, choose),
    (tab, mirror) => {
      const chosen = mirror === shown;
      const words = chosen && missing ? { text: 'no longer reported', kind: 'warn', mark: '?' } : stateWords(mirror.state);
      const [mark, name, state] = tab.children;
      setText(mark, words.mark);
      setText(name, mirror.name);
      setText(state, `, ${words.text}`);
      setAttribute(tab, 'class', `tab ${words.kind}`);
      setAttribute(tab, 'title', `${mirror.name}: ${words.text}`);
      setAttribute(tab, 'aria-selected', String(chosen));
      setAttribute(tab, 'tabindex', chosen ? '0' : '-1');
    },
  );
  // A tab that went away takes the focus with it.
  if (held && !list.contains(document.activeElement)) list.querySelector('[aria-selected="true"]')?.focus();
}

function makeTab(list, mirror, choose) {
  const tab = element(
    'button',
    { type: 'button', role: 'tab', 'aria-controls': 'panel', 'data-testid': `mirror-${mirror.name}` },
    element('span', { class: 'mark', 'aria-hidden': 'true' }),
    element('span', { class: 'tab-name' }),
    element('span', { class: 'hidden' }),
  );
  tab.addEventListener('click', () => choose(mirror.name));
  tab.addEventListener('keydown', (event) => {
    const tabs = [...list.children];
    const at = tabs.indexOf(tab);
    const to = {
      ArrowRight: (at + 1) % tabs.length,
      ArrowLeft: (at + tabs.length - 1) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    }[event.key];
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    tabs[to].focus();
    choose(tabs[to].dataset.key);
  });
  return tab;
}
