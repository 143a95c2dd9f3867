// The stream, on a made-up clock and a made-up EventSource.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Link, SILENCE, backoff } from '../src/link.js';
import { viewOf } from './scenarios.js';

let sources;
let waits;
let time;
let views;
let phases;
let link;

class Source {
  constructor(url) {
    Object.assign(this, { url, listeners: {}, closed: false });
    sources.push(this);
  }

  addEventListener(type, listener) {
    this.listeners[type] = listener;
  }

  close() {
    this.closed = true;
  }

  view(data = JSON.stringify(viewOf('healthy', '5m', time))) {
    this.listeners.view({ data });
  }

  fail() {
    this.listeners.error({});
  }
}

const timers = {
  setTimeout: (call, after) => {
    const wait = { call, at: time + after };
    waits.push(wait);
    return wait;
  },
  clearTimeout: (wait) => {
    waits = waits.filter((each) => each !== wait);
  },
};

function pass(milliseconds) {
  time += milliseconds;
  for (const wait of waits.filter((each) => each.at <= time)) {
    timers.clearTimeout(wait);
    wait.call();
  }
}

beforeEach(() => {
  [sources, waits, views, phases, time] = [[], [], [], [], 1_000_000];
  link = new Link({ onView: (view) => views.push(view), onChange: () => phases.push(link.status.phase), Source, timers, now: () => time });
  link.open('api/events?window=5m');
});

test('views come in', () => {
  sources[0].view();
  sources[0].view();
  assert.deepEqual([sources[0].url, views.length, phases], ['api/events?window=5m', 2, ['connecting', 'open']]);
});

test('a loss is told with its time, tried again later and later, and forgotten after recovery', () => {
  sources[0].view();
  time += 2000;
  const since = time;
  for (const wait of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
    sources.at(-1).fail();
    assert.deepEqual(link.status, { phase: 'waiting', since, retryAt: time + wait, problem: null });
    assert.ok(sources.at(-1).closed);
    const before = sources.length;
    pass(wait - 1);
    assert.equal(sources.length, before);
    pass(1);
    assert.equal(sources.length, before + 1);
  }
  sources.at(-1).view();
  assert.deepEqual(link.status, { phase: 'open', since: null, retryAt: null, problem: null });
  sources.at(-1).fail();
  assert.equal(link.status.retryAt, time + backoff(0));
});

test('a silent stream is taken for dead, and one that has never spoken too', () => {
  sources[0].view();
  pass(SILENCE - 1);
  sources[0].view();
  pass(SILENCE - 1);
  assert.equal(link.status.phase, 'open');
  pass(1);
  assert.deepEqual([link.status.phase, link.status.problem], ['waiting', 'no reading for 15 s']);
  pass(backoff(0));
  pass(SILENCE);
  assert.equal(sources.length, 2);
  assert.equal(link.status.phase, 'waiting');
});

test('what cannot be read is a loss that says so', () => {
  sources[0].view('<html>');
  assert.deepEqual([link.status.phase, link.status.problem], ['waiting', 'it sent what this page cannot read: it is not JSON']);
  assert.deepEqual(views, []);
});

test('another window closes the stream of the first, and what that still says is not heard', () => {
  sources[0].view();
  link.open('api/events?window=30m');
  assert.ok(sources[0].closed);
  sources[0].view();
  sources[0].fail();
  assert.deepEqual([views.length, link.status.phase, sources.length], [1, 'connecting', 2]);
});

test('the next attempt can be made at once, once', () => {
  sources[0].fail();
  link.retryNow();
  link.retryNow();
  assert.equal(sources.length, 2);
  pass(backoff(0));
  assert.equal(sources.length, 2);
});
