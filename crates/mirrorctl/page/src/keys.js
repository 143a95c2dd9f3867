// The keys of one letter. They can be switched off, because voice input and stray hands press them too (WCAG 2.1.4).

/** Calls the action of a key: `actions` is an object from key to function. */
export function listen(actions, enabled) {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || !enabled()) return;
    if (event.target.closest?.('dialog, input[type="text"], textarea, select')) return;
    const action = Object.hasOwn(actions, event.key) ? actions[event.key] : null;
    if (!action) return;
    event.preventDefault();
    action();
  });
}
