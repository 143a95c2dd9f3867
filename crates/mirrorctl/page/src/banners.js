// What stands between the reader and the truth of the numbers: the server gone, a proxy gone, a mirror gone, the page
// frozen. Each banner goes away by itself when its reason does.

import { clock, known } from './format.js';
import { element, fill, setAttribute, setText } from './dom.js';

const MOST = 4;

/** The banners of a moment, each with a key, a kind, a text and perhaps the text of a button. Pure. */
export function banners({ view, link, missing, shown, frozenAt, now }) {
  const found = [];
  if (link.since !== null) found.push(lost(link, view, now));
  const down = (view?.source.endpoints ?? []).filter((endpoint) => endpoint.up === false);
  const others = (view?.source.endpoints.length ?? 0) - down.length;
  for (const endpoint of down.slice(0, MOST)) found.push(outage(endpoint, others, view));
  if (down.length > MOST) {
    found.push({ key: 'more', kind: 'bad', text: `${down.length - MOST} more do not answer: see the end of the page.` });
  }
  if (missing) {
    found.push({ key: 'missing', kind: 'warn', text: `${shown.name} is no longer reported by any proxy since ${clock(missing.since)}; showing its last numbers.` });
  }
  if (frozenAt !== null) {
    found.push({ key: 'frozen', kind: 'quiet', text: `Frozen at ${clock(frozenAt)}: the numbers stand still until they are let run again.`, button: 'Run' });
  }
  return found;
}

function lost(link, view, now) {
  const why = link.problem ? `: ${link.problem}` : '';
  const shows = known(view?.at) ? '; showing the last known numbers' : '';
  const left = Math.max(0, Math.ceil(((link.retryAt ?? now) - now) / 1000));
  return {
    key: 'server',
    kind: 'bad',
    text: `mirrorctl, which serves this page, does not answer since ${clock(link.since)}${why}${shows}.`,
    aside: link.phase === 'waiting' && left > 0 ? `Trying again in ${left} s.` : 'Trying again …',
    button: 'Try now',
  };
}

function outage(endpoint, others, view) {
  const since = known(endpoint.since) ? ` since ${clock(endpoint.since)}` : '';
  const why = endpoint.problem ? `: ${endpoint.problem}` : '';
  const last = known(view.at) ? '; showing the last known numbers' : '';
  const shows = others > 0 ? `; the numbers are of the ${others === 1 ? 'one other' : `${others} others`}` : last;
  return { key: `endpoint ${endpoint.name}`, kind: 'bad', text: `${endpoint.name} does not answer${since}${why}${shows}.` };
}

/** Draws them. The seconds count down where a screen reader does not hear each. */
export function renderBanners(parent, list, press) {
  fill(
    parent,
    list,
    (banner) => banner.key,
    (banner) => {
      const made = element('div', { 'data-testid': `banner-${banner.key.split(' ')[0]}` }, element('p'), element('span', { 'aria-hidden': 'true' }));
      if (banner.button) {
        const button = element('button', { type: 'button' }, banner.button);
        button.addEventListener('click', () => press(banner.key));
        made.append(button);
      }
      return made;
    },
    (made, banner) => {
      setAttribute(made, 'class', `banner ${banner.kind}`);
      setText(made.children[0], banner.text);
      setText(made.children[1], banner.aside ?? '');
    },
  );
}
