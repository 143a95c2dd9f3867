// What was built, as a server of it sends it under the real policy; and what the sources must not have in them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { readView } from '../src/view.js';
import { POLICY, server } from './server.js';

const running = server({ every: 10 });
let base;

before(async () => {
  running.listen(0, '127.0.0.1');
  await once(running, 'listening');
  base = `http://127.0.0.1:${running.address().port}`;
});

after(() => {
  running.close();
  running.closeAllConnections();
});

test('the page and its assets are served under the policy, and nothing in it is inline', async () => {
  const page = await fetch(`${base}/`);
  const html = await page.text();
  assert.equal(page.headers.get('content-security-policy'), POLICY);
  assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=|javascript:/);
  const named = [...html.matchAll(/(?:src|href)="(?!data:|#)([^"]+)"/g)].map((match) => match[1]);
  assert.deepEqual(named, ['assets/page.css', 'assets/page.js']);
  for (const name of named) assert.equal((await fetch(`${base}/${name}`)).status, 200);
  for (const [, content] of html.matchAll(/<script[^>]*>([^]*?)<\/script>/g)) assert.equal(content, '');
});

test('the bundle needs nothing from outside and carries uPlot’s licence', async () => {
  for (const name of ['page.js', 'page.css']) {
    const text = await (await fetch(`${base}/assets/${name}`)).text();
    assert.match(text, /MIT License[^]*Leon Sorokin[^]*without restriction/);
    const elsewhere = [...text.matchAll(/(?:https?:)?\/\/[\w.-]+\.\w+[^\s"'`)]*/g)].map((match) => match[0]);
    assert.deepEqual(elsewhere.filter((url) => !/^https:\/\/github\.com\/leeoniya\/uPlot|www\.w3\.org\/2000\/svg/.test(url)), []);
    assert.doesNotMatch(text, /\beval\(|new Function\(|@import|url\(/);
    assert.ok(text.length < 120_000, `${name}: ${text.length} bytes`);
  }
});

test('the sources have no way to turn data into markup', async () => {
  const folder = new URL('../src/', import.meta.url);
  for (const name of await readdir(folder)) {
    const text = await readFile(new URL(name, folder), 'utf8');
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|DOMParser|createContextualFragment/, name);
  }
});

test('every module says first what it is for', async () => {
  for (const folder of ['../src/', './']) {
    for (const name of await readdir(new URL(folder, import.meta.url))) {
      const text = await readFile(new URL(folder + name, import.meta.url), 'utf8');
      assert.match(text, /^\/\/ .{20}/, name);
      assert.ok(text.split('\n').length <= 300, `${name} is long`);
    }
  }
});

test('the lock file names no registry, and exact versions', async () => {
  const lock = await readFile(new URL('../package-lock.json', import.meta.url), 'utf8');
  assert.doesNotMatch(lock, /https?:|resolved/);
  const { dependencies, devDependencies } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
  for (const version of Object.values({ ...dependencies, ...devDependencies })) assert.match(version, /^\d+\.\d+\.\d+$/);
});

test('the stream of the server is what the page reads', async () => {
  const response = await fetch(`${base}/api/events?window=30m&scenario=losing`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('\n\n')) text += (await reader.read()).value;
  await reader.cancel();
  const [event, data] = text.split('\n');
  assert.equal(event, 'event: view');
  assert.equal(readView(data.replace(/^data: /, '')).window.seconds, 1800);
});

test('every element that the scripts look for is in the page', async () => {
  const html = await readFile(new URL('../index.html', import.meta.url), 'utf8');
  const folder = new URL('../src/', import.meta.url);
  let found = 0;
  for (const name of await readdir(folder)) {
    const text = await readFile(new URL(name, folder), 'utf8');
    for (const [, id] of text.matchAll(/byId\('([^']+)'\)/g)) {
      assert.ok(html.includes(`id="${id}"`), `${name}: ${id}`);
      found += 1;
    }
  }
  assert.ok(found > 20);
  const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]);
  assert.deepEqual(ids.filter((id, index) => ids.indexOf(id) !== index), []);
});
