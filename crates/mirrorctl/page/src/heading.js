// Who is looked at and how it fares: the name, the state's badge, the facts in one line, and the advice.

import { byId, element, fill, setAttribute, setProse, setText } from './dom.js';
import { count, known } from './format.js';
import { plural, stateWords } from './words.js';

/** The facts of one line, the ones that are known. Pure. */
export function facts({ engine, proxies, set, now }) {
  const found = [];
  if (engine === 'wasm') found.push('engine wasm (this filter)');
  else if (engine === 'native') found.push('engine native (Envoy’s own mirroring)');
  if (known(proxies.loaded) && known(proxies.known)) {
    found.push(`in ${count(proxies.loaded)} of ${plural(proxies.known, 'proxy', 'proxies')}`);
  }
  if (set.enabled === false) found.push('disabled by its configuration');
  if (set.uniform === false) found.push('the proxies differ in their configuration');
  if (now.breakersOpen > 0) found.push(`circuit breaker open in ${plural(now.breakersOpen, 'worker', 'workers')}`);
  return found.join(' · ');
}

/** `stale` is whether the numbers are only the last known ones: then the state is that of then, and says so. */
export function renderHeading(mirror, stale) {
  const words = stateWords(mirror.state);
  setText(byId('name'), mirror.name);
  setText(byId('state'), `${words.mark} ${words.text}${stale && mirror.state ? ', when last seen' : ''}`);
  setAttribute(byId('state'), 'class', `badge ${stale ? 'quiet' : words.kind}`);
  setAttribute(byId('state'), 'data-state', String(mirror.state));
  setText(byId('facts'), facts(mirror));
  const advice = byId('advice');
  advice.hidden = mirror.advice.length === 0;
  setAttribute(advice, 'class', words.kind);
  fill(advice, mirror.advice, (_, index) => index, () => element('li'), setProse);
}
