// The three charts and the one cross-hair that runs through them: moved by pointer, finger or arrow keys, read out in
// the legends, and to a screen reader.

import { Chart } from './chart.js';
import { byId, element, setAttribute, setText } from './dom.js';
import { clock, compact, duration, known, latency, percent, rate, spoken } from './format.js';
import { fromZero, upToHundred } from './scales.js';
import { columns, latest, nearest, summary, unknownSpans } from './series.js';
import { fillRows } from './table.js';

const PRIMARY = { name: 'Primary', colour: 'primary', marker: 'circle' };
const SHADOW = { name: 'Shadow', colour: 'shadow', marker: 'diamond', dash: [7, 4] };
// Shown only where there is one: a straight zero tells nothing.
const DROPPED = { name: 'Dropped', colour: 'bad', marker: 'triangle', dash: [2, 3], rare: true };

const perSecond = (value) => (known(value) ? `${rate(value)}/s` : rate(value));

const CHARTS = [
  {
    id: 'rate',
    title: 'Request rate',
    lines: [PRIMARY, SHADOW, DROPPED],
    pick: () => [(series) => series.primary?.rate, (series) => series.shadow?.rate, (series) => series.dropped],
    marks: (_, greatest) => fromZero(greatest),
    format: perSecond,
    tick: (value) => `${compact(value)}/s`,
  },
  {
    id: 'success',
    title: 'Success rate',
    lines: [PRIMARY, SHADOW],
    pick: () => [(series) => series.primary?.success, (series) => series.shadow?.success],
    marks: (least) => upToHundred(least),
    format: percent,
    tick: percent,
  },
  {
    id: 'latency',
    title: 'Latency',
    lines: [PRIMARY, SHADOW],
    pick: (quantile) => [(series) => series.primary?.[quantile], (series) => series.shadow?.[quantile]],
    marks: (_, greatest) => fromZero(greatest),
    format: latency,
    tick: (value) => (value >= 1000 ? `${compact(value / 1000)} s` : `${compact(value)} ms`),
  },
];

/** The colours of the page's style sheet, as the canvas wants them. */
export function readPalette(place, palette) {
  const probe = element('i', { hidden: '' });
  place.append(probe);
  for (const name of ['primary', 'shadow', 'bad', 'muted', 'grid', 'gap', 'panel']) {
    probe.style.color = `var(--${name})`;
    palette[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return palette;
}

export class Charts {
  constructor() {
    this.palette = readPalette(document.body, {});
    // The cross-hair: `{time, by}`, where `by` is the chart under the pointer, or null for the keys.
    this.hold = null;
    this.charts = CHARTS.map((kind) => {
      const figure = byId(`chart-${kind.id}`);
      const place = figure.querySelector('.plot');
      const chart = new Chart(place, { ...kind, palette: this.palette });
      const one = { kind, figure, place, chart, legend: makeLegend(figure.querySelector('.legend'), kind), data: [[]], shown: kind.lines.map(() => true) };
      this.bind(one);
      return one;
    });
  }

  /** Draws the series of a mirror over a view's window. */
  update(series, window, quantile) {
    this.quantile = quantile;
    const step = known(window.step) && window.step > 0 ? window.step : 5000;
    const [times, ...rates] = columns(series, CHARTS[0].pick());
    const extent = extentOf(window, times);
    const spans = unknownSpans(times, rates, step);
    for (const one of this.charts) {
      one.data = columns(series, one.kind.pick(quantile));
      one.shown = one.kind.lines.map((line, index) => !line.rare || one.data[index + 1].some((value) => value > 0));
      one.chart.draw(one.data, extent, spans, one.shown);
      setAttribute(one.place, 'aria-label', this.describe(one, window));
      this.fillTable(one);
    }
    if (this.hold?.by) this.hold.time = this.hold.by.chart.timeAt(this.hold.x);
    this.read();
  }

  redraw() {
    readPalette(document.body, this.palette);
    for (const one of this.charts) one.chart.redraw();
  }

  title(kind) {
    return kind.id === 'latency' ? `${kind.title} ${this.quantile}` : kind.title;
  }

  describe(one, window) {
    const lines = one.kind.lines
      .map((line, index) => (one.shown[index] ? summary(line.name, one.data[index + 1], one.kind.format) : null))
      .filter(Boolean);
    return `${this.title(one.kind)}, line chart of the last ${duration(window.seconds)}. ${lines.join(' ')}`;
  }

  fillTable(one) {
    const details = one.figure.querySelector('details');
    if (!details.open) return;
    const head = details.querySelector('thead tr');
    const names = ['Time', ...one.kind.lines.map((line) => line.name)];
    if (head.children.length !== names.length) head.replaceChildren(...names.map((name) => element('th', { scope: 'col' }, name)));
    const [times, ...values] = one.data;
    const rows = times.map((time, index) => ({ key: index, head: clock(time), cells: values.map((column) => one.kind.format(column[index])) }));
    fillRows(details.querySelector('tbody'), rows.reverse());
  }

  bind(one) {
    const over = one.chart.plot.over;
    const move = (event) => {
      this.hold = { time: one.chart.timeAt(event.clientX), x: event.clientX, by: one };
      this.read();
    };
    over.addEventListener('pointermove', move);
    over.addEventListener('pointerdown', move);
    over.addEventListener('pointerleave', (event) => {
      // A finger that lifts leaves the cross-hair where it was.
      if (event.pointerType === 'mouse') this.release();
    });
    document.addEventListener('pointerdown', (event) => {
      if (this.hold?.by === one && !over.contains(event.target)) this.release();
    });
    one.place.addEventListener('keydown', (event) => this.key(one, event));
    one.place.addEventListener('blur', () => this.release());
    one.figure.querySelector('details').addEventListener('toggle', () => this.fillTable(one));
  }

  key(one, event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const times = one.data[0];
    const last = times.length - 1;
    if (event.key === 'Escape') return this.release();
    const now = this.hold ? nearest(times, this.hold.time) : null;
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    const to = event.key === 'Home' ? 0 : event.key === 'End' ? last : by === undefined ? undefined : now === null ? last : now + by;
    if (to === undefined || last < 0) return;
    event.preventDefault();
    const index = Math.min(last, Math.max(0, to));
    this.hold = { time: times[index], by: null };
    this.read();
    setText(byId('readout'), this.sentence(one, index));
  }

  sentence(one, index) {
    const values = one.kind.lines
      .map((line, at) => (one.shown[at] ? `${line.name} ${spoken(one.kind.format(one.data[at + 1][index]))}` : null))
      .filter(Boolean);
    return `${clock(one.data[0][index])}: ${values.join(', ')}.`;
  }

  release() {
    if (!this.hold) return;
    this.hold = null;
    this.read();
  }

  // The cross-hair and the legends: of the time that is held, else of the latest value.
  read() {
    for (const one of this.charts) {
      const [times, ...values] = one.data;
      const index = this.hold ? nearest(times, this.hold.time) : latest(values, times.length);
      const time = times[index ?? -1] ?? null;
      one.chart.point(this.hold ? time : null);
      // The last bin may just have begun, with nothing in it.
      const isLatest = !this.hold && index >= times.length - 2;
      setText(one.legend.time, time === null ? '' : isLatest ? 'latest' : clock(time));
      setAttribute(one.legend.time, 'data-held', this.hold ? 'true' : null);
      one.legend.items.forEach((item, at) => {
        item.place.hidden = !one.shown[at];
        setText(item.value, one.kind.format(values[at]?.[index ?? -1]));
      });
    }
  }
}

function makeLegend(place, kind) {
  const time = element('span', { class: 'legend-time', 'data-testid': `time-${kind.id}` });
  const items = kind.lines.map((line) => {
    const value = element('b', { 'data-testid': `value-${kind.id}-${line.name.toLowerCase()}` });
    const item = element('span', { class: `legend-item ${line.colour}` }, key(line), ` ${line.name} `, value);
    place.append(item);
    return { place: item, value };
  });
  place.append(time);
  return { time, items };
}

// A bit of the line with its marker.
function key(line) {
  const svg = (tag, attributes) => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };
  const picture = svg('svg', { viewBox: '0 0 28 12', width: 28, height: 12, 'aria-hidden': 'true' });
  const stroke = { stroke: 'currentColor', 'stroke-width': 2, 'stroke-dasharray': line.dash?.join(' ') ?? 'none' };
  picture.append(svg('path', { d: 'M0 6h28', fill: 'none', ...stroke }));
  const shapes = { circle: 'M10 6a4 4 0 1 0 8 0a4 4 0 1 0-8 0', diamond: 'M14 0.8l5.2 5.2-5.2 5.2-5.2-5.2z', triangle: 'M14 1l5 9.5h-10z' };
  picture.append(svg('path', { d: shapes[line.marker], fill: 'currentColor' }));
  return picture;
}

// What the server says the window is; else what there is.
function extentOf(window, times) {
  if (known(window.from) && known(window.to) && window.to > window.from) return [window.from, window.to];
  const last = times.at(-1) ?? 0;
  return [times[0] < last ? times[0] : last - 300_000, last];
}
