// The few ways in which this page touches its document. Text is only ever set as text, so data cannot become markup;
// what has not changed is not touched, so a screen reader does not hear it again and a selection stays.

export const byId = (id) => document.getElementById(id);

/** An element with attributes, classes as `class`, and children, which are elements or text. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Text in which a word between backticks is code. */
export function setProse(node, text) {
  if (node.textContent === text.replaceAll('`', '') && node.dataset.prose === text) return;
  node.dataset.prose = text;
  node.replaceChildren(...text.split('`').map((part, index, all) => (index % 2 === 1 && index < all.length - 1 ? element('code', {}, part) : part)));
}

export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/**
 * Makes a node's children those of a list, one each: `make(item)` once, `update(child, item)` each time. Children are known
 * by their key and stay the same elements, so that focus and open details stay.
 */
export function fill(parent, items, key, make, update) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, index) => {
    const name = String(key(item, index));
    let child = before.get(name);
    before.delete(name);
    if (!child) {
      child = make(item);
      child.dataset.key = name;
    }
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
    update(child, item);
  });
  for (const child of before.values()) child.remove();
}
