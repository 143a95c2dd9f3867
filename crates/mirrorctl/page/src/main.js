// The page of `mirrorctl dashboard`. Views stream in from the server (link.js), the chosen mirror is found in them
// (mirrors.js), and everything is drawn anew from the one state below; nothing else is remembered.
//
//   link ─view─▶ state ─▶ tabs, banners, heading, figures, charts, compare, ledger, reasons, footer, title

import { banners, renderBanners } from './banners.js';
import { Charts } from './charts.js';
import { QUANTILES, THEMES, WINDOWS, following, readFragment, readTaste, writeFragment, writeTaste } from './choice.js';
import { renderCompare } from './compare.js';
import { byId, setAttribute, setText } from './dom.js';
import { figures, renderFigures } from './figures.js';
import { renderFooter, renderNothing } from './footer.js';
import { renderHeading } from './heading.js';
import { listen } from './keys.js';
import { renderLedger } from './ledger.js';
import { Link } from './link.js';
import { follow, renderTabs } from './mirrors.js';
import { isOut, keepLastKnown } from './outage.js';
import { answerRows, reasonGroups, renderReasons } from './reasons.js';
import { renderSign, sign } from './sign.js';
import { fillRows } from './table.js';
import { applyTheme, onSystemTheme } from './theme.js';
import { stateWords } from './words.js';

const storage = () => localStorage;

const state = {
  choice: readFragment(location.hash),
  taste: readTaste(storage),
  view: null,
  /** When the view came, by this browser's clock. */
  receivedAt: null,
  /** The view that came last, while another one is shown frozen. */
  waiting: null,
  frozenAt: null,
  mirrors: [],
  shown: null,
  missing: null,
};

applyTheme(byId('theme'), state.taste.theme);
const charts = new Charts();
const link = new Link({ onView: receive, onChange: renderLink });

// === what comes in ===

function receive(view) {
  if (state.frozenAt !== null) {
    state.waiting = view;
    return;
  }
  state.view = keepLastKnown(state.view, view);
  state.receivedAt = Date.now();
  refollow();
  render();
}

function refollow() {
  const before = state.shown;
  Object.assign(state, follow(state, state.view, state.choice.mirror ?? before?.name ?? null));
  const after = state.shown;
  if (before && after && before.name === after.name && before.state !== after.state) {
    setText(byId('said'), `${after.name}: now ${stateWords(after.state).text}.`);
  }
}

// === what is chosen ===

function choose(choice) {
  const before = state.choice;
  state.choice = { ...before, ...choice };
  history.replaceState(null, '', writeFragment(state.choice));
  if (state.choice.window !== before.window) {
    unfreeze();
    openLink();
  }
  if (state.view) refollow();
  render();
}

function chooseTaste(taste) {
  Object.assign(state.taste, taste);
  writeTaste(storage, state.taste);
  applyTheme(byId('theme'), state.taste.theme);
  charts.redraw();
}

function openLink() {
  link.open(`api/events?window=${state.choice.window}`);
}

function freeze() {
  if (state.frozenAt !== null) unfreeze();
  else if (state.view) state.frozenAt = state.view.at ?? Date.now();
  render();
}

function unfreeze() {
  state.frozenAt = null;
  const { waiting } = state;
  state.waiting = null;
  if (waiting) receive(waiting);
}

function step(by) {
  const { mirrors, shown } = state;
  if (mirrors.length === 0) return;
  choose({ mirror: mirrors[(mirrors.indexOf(shown) + by + mirrors.length) % mirrors.length].name });
}

// === what is drawn ===

function render() {
  const { choice, view, shown } = state;
  for (const input of document.querySelectorAll('input[name="window"]')) input.checked = input.value === choice.window;
  for (const input of document.querySelectorAll('input[name="quantile"]')) input.checked = input.value === choice.quantile;
  setAttribute(byId('freeze'), 'aria-pressed', String(state.frozenAt !== null));
  renderLink();
  renderTabs(byId('mirrors'), state, (mirror) => choose({ mirror }));
  renderNothing(view, shown);
  byId('panel').hidden = !shown;
  if (shown) renderMirror(shown);
}

function renderMirror(mirror) {
  const { numbers, total } = mirror;
  renderCompare(find('compare', 'tbody'), byId('compare-window'), numbers);
  charts.update(mirror.series, state.view.window, state.choice.quantile);
  renderAccount(mirror.engine, numbers.ledger, total);
}

// Of Envoy's own mirroring nothing is known but the answers.
function renderAccount(engine, window, total) {
  const native = engine === 'native';
  const counted = total !== null || window !== null;
  renderLedger(byId('ledger'), byId('verdict'), native ? null : total);
  renderReasons(find('reasons'), reasonGroups(window, total, byId('zeros').checked));
  fillRows(find('answers', 'tbody'), answerRows(window, total));
  find('reasons').hidden = !counted;
  byId('zeros').closest('label').hidden = !counted;
  byId('answers-section').hidden = !counted;
  byId('ledger-none').hidden = counted && !native;
  setText(byId('ledger-none'), native ? 'Envoy’s own mirroring counts neither matches nor skips nor drops: there is no ledger to balance.' : 'Nothing has been counted yet.');
  byId('reasons-none').hidden = counted;
  setText(byId('reasons-none'), 'Nothing has been counted yet.');
}

const find = (id, inside = '') => document.querySelector(`[data-testid="${id}"] ${inside}`);

// Whether the numbers are the last known ones.
function stale() {
  return link.status.since !== null || isOut(state.view) || state.missing !== null;
}

// What changes with the clock alone, too.
function renderLink() {
  const now = Date.now();
  document.body.classList.toggle('stale', stale());
  renderBanners(byId('banners'), banners({ ...state, link: link.status, now }), press);
  renderSign(byId('icon'), sign({ ...state, link: link.status }));
  renderFooter(state, link.status, now);
  if (state.shown) {
    renderHeading(state.shown, stale());
    renderFigures(byId('figures'), figures(state.shown, now));
  }
}

function press(banner) {
  if (banner === 'server') link.retryNow();
  else freeze();
}

// === what is touched ===

byId('windows').addEventListener('change', (event) => choose({ window: event.target.value }));
byId('quantiles').addEventListener('change', (event) => choose({ quantile: event.target.value }));
byId('freeze').addEventListener('click', freeze);
byId('zeros').addEventListener('change', render);
const nextTheme = () => chooseTaste({ theme: following(state.taste.theme, THEMES) });
byId('theme').addEventListener('click', nextTheme);
onSystemTheme(() => charts.redraw());

const help = byId('help');
byId('help-open').addEventListener('click', () => help.showModal());
byId('help-close').addEventListener('click', () => help.close());
byId('single-keys').checked = state.taste.singleKeys;
byId('single-keys').addEventListener('change', (event) => chooseTaste({ singleKeys: event.target.checked }));

listen(
  {
    '?': () => help.showModal(),
    '[': () => step(-1),
    ']': () => step(1),
    w: () => choose({ window: following(state.choice.window, WINDOWS) }),
    q: () => choose({ quantile: following(state.choice.quantile, QUANTILES) }),
    c: () => document.querySelector('#chart-rate .plot').focus(),
    f: freeze,
    t: nextTheme,
  },
  () => state.taste.singleKeys,
);

// The address is for what is chosen, so the link must not write its target there.
byId('skip').addEventListener('click', (event) => {
  event.preventDefault();
  byId('panel').focus();
});

addEventListener('hashchange', () => choose(readFragment(location.hash)));
addEventListener('online', () => link.retryNow());
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) link.retryNow();
});
setInterval(renderLink, 1000);

openLink();
render();
