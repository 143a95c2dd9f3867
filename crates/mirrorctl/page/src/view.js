// Reads what the server sends. Whatever is in it, the rest of the page finds objects where it looks for objects, arrays
// where it looks for arrays, and every mirror by a name.

const object = (value) => (value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {});
const array = (value) => (Array.isArray(value) ? value : []);
const orNull = (value) => (value !== null && typeof value === 'object' ? value : null);

/** A view, or an error that says what it is not. */
export function readView(text) {
  let view;
  try {
    view = JSON.parse(text);
  } catch {
    throw new Error('it is not JSON');
  }
  if (view === null || typeof view !== 'object' || !Array.isArray(view.mirrors)) throw new Error('it has no list of mirrors');
  const source = object(view.source);
  return {
    at: view.at,
    window: object(view.window),
    source: { kind: source.kind, proxies: source.proxies, endpoints: array(source.endpoints).map(object) },
    mirrors: view.mirrors.map(object).filter((mirror) => typeof mirror.name === 'string').map(readMirror),
  };
}

function readMirror(mirror) {
  const window = object(mirror.window);
  return {
    name: mirror.name,
    engine: mirror.engine,
    proxies: object(mirror.proxies),
    set: object(mirror.set),
    now: object(mirror.now),
    state: mirror.state,
    advice: array(mirror.advice).filter((line) => typeof line === 'string'),
    numbers: {
      seconds: window.seconds,
      perSecond: object(window.perSecond),
      actualPercentage: window.actualPercentage,
      primary: object(window.primary),
      shadow: object(window.shadow),
      ledger: orNull(window.ledger),
    },
    total: orNull(mirror.total),
    series: object(mirror.series),
  };
}
