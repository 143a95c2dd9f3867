// What the person at the page chose. What is looked at stands in the address, so that it can be reloaded and shared;
// taste stands in the browser's storage, which may be shut.

export const WINDOWS = ['5m', '30m'];
export const QUANTILES = ['p50', 'p95', 'p99'];
export const THEMES = ['system', 'light', 'dark'];

const allowed = (value, values, otherwise) => (values.includes(value) ? value : otherwise);

/** The next of a list, and after the last the first. */
export const following = (value, values) => values[(values.indexOf(value) + 1) % values.length];

/** From an address's fragment, such as `#mirror=reviews-v2&window=30m`. */
export function readFragment(fragment) {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  return {
    mirror: given.get('mirror'),
    window: allowed(given.get('window'), WINDOWS, '5m'),
    quantile: allowed(given.get('quantile'), QUANTILES, 'p99'),
  };
}

export function writeFragment({ mirror, window, quantile }) {
  const given = new URLSearchParams();
  if (mirror !== null) given.set('mirror', mirror);
  given.set('window', window);
  given.set('quantile', quantile);
  return `#${given}`;
}

export function readTaste(storage) {
  return {
    theme: allowed(get(storage, 'theme'), THEMES, 'system'),
    singleKeys: get(storage, 'single-keys') !== 'off',
  };
}

export function writeTaste(storage, { theme, singleKeys }) {
  put(storage, 'theme', theme);
  put(storage, 'single-keys', singleKeys ? 'on' : 'off');
}

function get(storage, key) {
  try {
    return storage().getItem(`traffic-mirror.${key}`);
  } catch {
    return null;
  }
}

function put(storage, key, value) {
  try {
    storage().setItem(`traffic-mirror.${key}`, value);
  } catch {
    // Then it holds until the page is closed.
  }
}
