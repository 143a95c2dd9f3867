// The stream of views from the server. It is never given up: after a failure, an error of the server or a silence it is
// opened anew, a little later each time, and whoever listens is told what is going on.
//
//   connecting ──first view──▶ open ──error, silence──▶ waiting ──its time──▶ connecting

import { readView } from './view.js';

/** Without a view for so long, the stream is taken for dead. The server sends one about every 2 s. */
export const SILENCE = 15_000;

/** The wait before the next attempt, in milliseconds: 1 s, 2 s, 4 s, 8 s, then 10 s each. */
export const backoff = (attempt) => Math.min(1000 * 2 ** attempt, 10_000);

export class Link {
  /**
   * `onView(view)` gets each view, `onChange()` each change of `status`. The rest is the browser's, or a test's.
   */
  constructor({ onView, onChange, Source = globalThis.EventSource, timers = globalThis, now = Date.now }) {
    Object.assign(this, { onView, onChange, Source, timers, now });
    this.url = null;
    this.source = null;
    this.timer = null;
    this.attempt = 0;
    /** `since`: Unix milliseconds of the loss; `retryAt`: of the next attempt; `problem`: one line, if more is known. */
    this.status = { phase: 'connecting', since: null, retryAt: null, problem: null };
  }

  /** Opens the stream at an address instead of the one before. */
  open(url) {
    this.url = url;
    this.connect();
  }

  /** The next attempt is made now instead of later; a stream that works is left alone. */
  retryNow() {
    if (this.status.phase === 'waiting') this.connect();
  }

  connect() {
    this.drop();
    this.change({ phase: 'connecting', retryAt: null });
    const source = new this.Source(this.url);
    this.source = source;
    source.addEventListener('view', (event) => {
      if (source === this.source) this.receive(event.data);
    });
    source.addEventListener('error', () => {
      if (source === this.source) this.lose(null);
    });
    this.watch();
  }

  receive(data) {
    let view;
    try {
      view = readView(data);
    } catch (error) {
      this.lose(`it sent what this page cannot read: ${error.message}`);
      return;
    }
    this.attempt = 0;
    this.watch();
    if (this.status.phase !== 'open') this.change({ phase: 'open', since: null, retryAt: null, problem: null });
    this.onView(view);
  }

  lose(problem) {
    this.drop();
    const wait = backoff(this.attempt);
    this.attempt += 1;
    this.timer = this.timers.setTimeout(() => this.connect(), wait);
    this.change({ phase: 'waiting', since: this.status.since ?? this.now(), retryAt: this.now() + wait, problem });
  }

  // A stream that is open and silent, as after a laptop's sleep, gives no error.
  watch() {
    this.timers.clearTimeout(this.timer);
    this.timer = this.timers.setTimeout(() => this.lose(`no reading for ${SILENCE / 1000} s`), SILENCE);
  }

  drop() {
    this.timers.clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  change(status) {
    this.status = { ...this.status, ...status };
    this.onChange();
  }
}
