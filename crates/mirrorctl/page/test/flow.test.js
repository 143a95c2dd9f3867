// From a view to what stands on the page: mirrors that come and go, outages, the title.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { banners } from '../src/banners.js';
import { readFragment, readTaste, writeFragment, writeTaste } from '../src/choice.js';
import { clock } from '../src/format.js';
import { sourceLine } from '../src/footer.js';
import { facts } from '../src/heading.js';
import { follow } from '../src/mirrors.js';
import { keepLastKnown } from '../src/outage.js';
import { sign } from '../src/sign.js';
import { readView } from '../src/view.js';
import { stateWords } from '../src/words.js';
import { SCENARIOS, viewOf } from './scenarios.js';

const now = 1_795_370_400_000;
const view = (scenario, tick = 0) => readView(JSON.stringify(viewOf(scenario, '5m', now, tick)));
const well = { phase: 'open', since: null, retryAt: null, problem: null };
const moment = (over) => ({ view: null, link: well, missing: null, shown: null, mirrors: [], frozenAt: null, now, ...over });

test('every scenario can be read and shown', () => {
  for (const scenario of Object.keys(SCENARIOS)) {
    const read = view(scenario);
    const followed = follow(null, read, null);
    assert.ok(sign({ view: read, link: well, ...followed }).title.endsWith('Traffic Mirror'), scenario);
    assert.ok(Array.isArray(banners(moment({ view: read, ...followed }))), scenario);
    assert.equal(typeof sourceLine(read.source), 'string');
    for (const mirror of followed.mirrors) {
      const { text, kind, mark } = stateWords(mirror.state);
      assert.deepEqual([text, kind, mark, facts(mirror)].map((each) => typeof each), Array(4).fill('string'), scenario);
    }
  }
});

test('what is no view is refused with a reason', () => {
  for (const [text, problem] of [['<html>', 'it is not JSON'], ['null', 'it has no list of mirrors'], ['{"mirrors":{}}', 'it has no list of mirrors']]) {
    assert.throws(() => readView(text), { message: problem });
  }
  assert.deepEqual(readView('{"mirrors":[null, 3, {"name": 4}, {"name": "a"}]}').mirrors.map((mirror) => mirror.name), ['a']);
});

test('the first mirror is shown, then the chosen one', () => {
  const healthy = view('healthy');
  assert.equal(follow(null, healthy, null).shown.name, 'reviews-v2');
  assert.equal(follow(null, healthy, 'ratings-v3').shown.name, 'ratings-v3');
  assert.equal(follow(null, healthy, 'of another world').shown.name, 'reviews-v2');
  assert.equal(follow(null, view('empty'), null).shown, null);
});

test('a mirror that is no longer reported stays with its last numbers until another one is chosen', () => {
  const before = follow(null, view('vanishing', 0), 'reviews-v2');
  const gone = { ...view('vanishing', 5), at: now + 10_000 };
  const after = follow(before, gone, 'reviews-v2');
  assert.equal(after.shown, before.shown);
  assert.deepEqual(after.missing, { since: now + 10_000 });
  assert.deepEqual(follow(after, { ...gone, at: now + 12_000 }, 'reviews-v2').missing, { since: now + 10_000 });
  assert.match(banners(moment({ view: gone, ...after }))[0].text, /^reviews-v2 is no longer reported by any proxy since /);
  const chosen = follow(after, gone, 'ratings-v3');
  assert.deepEqual([chosen.shown.name, chosen.missing, chosen.mirrors.length], ['ratings-v3', null, 1]);
  assert.equal(follow(after, view('vanishing', 0), 'reviews-v2').missing, null);
});

// During an outage the server knows of no proxy and calls the mirror not loaded, which sends people to the wrong place.
test('in an outage a mirror stays as it was known last', () => {
  const before = view('outage', 0);
  const out = keepLastKnown(before, view('outage', 1));
  assert.deepEqual([out.mirrors[0].state, out.mirrors[0].set.percentage, out.mirrors[0].advice], ['Mirroring', 10, []]);
  assert.equal(keepLastKnown(out, view('outage', 2)).mirrors[0].state, 'Mirroring');
  assert.equal(keepLastKnown(null, view('outage', 1)).mirrors[0].state, null);
  assert.equal(keepLastKnown(before, view('not-loaded')).mirrors[0].state, 'NotLoaded');
});

test('a banner tells who does not answer, since when and why, and goes away', () => {
  const [banner] = banners(moment({ view: view('outage', 1) }));
  assert.equal(banner.text, `http://127.0.0.1:15000 does not answer since ${clock(now - 70_000)}: connection refused; showing the last known numbers.`);
  assert.match(banners(moment({ view: view('recovery', 5) }))[0].text, /connection refused; the numbers are of the one other\.$/);
  assert.deepEqual(banners(moment({ view: view('recovery', 0) })), []);
  const never = { ...view('outage', 1), at: null };
  assert.match(banners(moment({ view: never }))[0].text, /connection refused\.$/, 'nothing was known yet');
});

test('many outages are a few banners', () => {
  const many = view('healthy');
  many.source.endpoints = Array.from({ length: 9 }, (_, index) => ({ name: `http://proxy-${index}`, up: false }));
  assert.deepEqual(banners(moment({ view: many })).map((banner) => banner.key).slice(3), ['endpoint http://proxy-3', 'more']);
});

test('the loss of the server is told with the next attempt', () => {
  const link = { phase: 'waiting', since: now - 5000, retryAt: now + 2500, problem: null };
  const [banner] = banners(moment({ view: view('healthy'), link }));
  assert.equal(banner.text, `mirrorctl, which serves this page, does not answer since ${clock(now - 5000)}; showing the last known numbers.`);
  assert.equal(banner.aside, 'Trying again in 3 s.');
  assert.equal(banners(moment({ link: { ...link, phase: 'connecting', retryAt: null } }))[0].aside, 'Trying again …');
});

test('the title and the icon tell the state', () => {
  const of = (scenario, link = well) => sign({ view: view(scenario), link, ...follow(null, view(scenario), null) });
  assert.deepEqual(of('healthy'), { title: 'Mirroring · reviews-v2 – Traffic Mirror', kind: 'good' });
  assert.deepEqual(of('losing'), { title: 'Losing · reviews-v2 – Traffic Mirror', kind: 'bad' });
  assert.deepEqual(of('many'), { title: 'Mirroring · service-0-v2 (4 others in trouble) – Traffic Mirror', kind: 'bad' });
  assert.equal(sign({ view: view('outage', 1), link: well, ...follow(null, view('outage', 1), null) }).kind, 'lost');
  assert.equal(of('healthy', { ...well, since: now }).title, 'No connection – Traffic Mirror');
});

test('what is chosen survives the address, whatever the name', () => {
  const chosen = { mirror: 'a&b=c #"<é', window: '30m', quantile: 'p50' };
  assert.deepEqual(readFragment(writeFragment(chosen)), chosen);
  assert.deepEqual(readFragment('#window=7y&quantile=p12'), { mirror: null, window: '5m', quantile: 'p99' });
});

test('taste survives a storage that is shut', () => {
  const shut = () => {
    throw new Error('access is denied');
  };
  writeTaste(shut, { theme: 'dark', singleKeys: false });
  assert.deepEqual(readTaste(shut), { theme: 'system', singleKeys: true });
  const kept = new Map();
  const open = () => ({ getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) });
  writeTaste(open, { theme: 'dark', singleKeys: false });
  assert.deepEqual(readTaste(open), { theme: 'dark', singleKeys: false });
});
