// Light or dark: the system's choice, or the one made here.

import { setText } from './dom.js';

/** Sets the theme of the document and says it on the button. */
export function applyTheme(button, theme) {
  document.documentElement.dataset.theme = theme;
  setText(button, `Theme: ${theme}`);
}

/** Calls back whenever the system's own choice changes. */
export function onSystemTheme(changed) {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
}
