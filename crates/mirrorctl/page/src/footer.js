// Where the numbers come from: in one line at the top, one by one at the end; and what stands on the page while there
// are none.

import { byId, element, fill, setAttribute, setText } from './dom.js';
import { clock, count, duration, known, zone } from './format.js';
import { isOut } from './outage.js';
import { plural } from './words.js';

const KINDS = new Map([['envoy', 'Envoy’s admin interface'], ['prometheus', 'Prometheus']]);

/** The line about the source. Pure. */
export function sourceLine({ kind, endpoints, proxies }) {
  const up = endpoints.filter((endpoint) => endpoint.up === true).length;
  const answers = endpoints.length > 0 ? `: ${up} of ${endpoints.length} ${up === 1 ? 'answers' : 'answer'}` : '';
  const mirrored = known(proxies) ? `, ${plural(proxies, 'proxy', 'proxies')} with mirrors` : '';
  return `${KINDS.get(kind) ?? String(kind ?? 'Source not known')}${answers}${mirrored}.`;
}

export function renderFooter({ view, receivedAt, frozenAt }, link, now) {
  if (!view) return;
  setText(byId('source'), sourceLine(view.source));
  fill(
    byId('endpoints'),
    view.source.endpoints,
    (_, index) => index,
    () => element('li'),
    (child, endpoint) => {
      const since = known(endpoint.since) ? ` since ${clock(endpoint.since)}` : '';
      const fares = endpoint.up === false ? `does not answer${since}${endpoint.problem ? `: ${endpoint.problem}` : ''}` : 'answers';
      setText(child, `${endpoint.up === false ? '✕' : '●'} ${endpoint.name} ${fares}`);
      setAttribute(child, 'class', endpoint.up === false ? 'bad' : 'good');
    },
  );
  const age = link.phase === 'open' && frozenAt === null && now - receivedAt < 10_000 ? '' : `, received ${duration((now - receivedAt) / 1000)} ago`;
  setText(byId('clock'), `Latest reading ${clock(view.at)}${age}.`);
  setText(byId('zone'), `Times are ${zone(view.at)}.`);
}

/** What stands in the mirrors' place if there is none. */
export function renderNothing(view, shown) {
  byId('nothing').hidden = shown !== null;
  if (!view) return;
  setText(byId('nothing-title'), 'No mirrors');
  const { proxies } = view.source;
  setText(
    byId('nothing-text'),
    isOut(view)
      ? 'No source has answered yet. They appear here as soon as one does.'
      : `${known(proxies) ? `${count(proxies)} ${proxies === 1 ? 'proxy answers' : 'proxies answer'}` : 'The source answers'}, and there is no mirror in it. They appear here as soon as a proxy has loaded the filter.`,
  );
}
