// One line chart on uPlot: lines with gaps, markers that tell the lines apart without colour, shaded stretches without
// readings. It neither listens to the pointer nor writes a legend: charts.js does both for all three at once.

import uPlot from 'uplot';

import { clock, known } from './format.js';
import { isolated, latest } from './series.js';

// Between the marks of the time axis, in milliseconds.
const STEPS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].map((seconds) => seconds * 1000);
const FONT = '12px system-ui, sans-serif';

export class Chart {
  /**
   * `lines`: `[{name, colour, dash, marker}]`; `marks(least, greatest)`: of the vertical axis, from its
   * lower end to its upper; `tick(value)`: a mark's text; `palette`: colours, which may change before a `redraw`.
   */
  constructor(place, { lines, marks, tick, palette }) {
    this.place = place;
    this.lines = lines;
    this.palette = palette;
    this.marksFor = marks;
    this.extent = [0, 1];
    this.marks = marks(null, null);
    this.spans = [];
    this.data = [[], ...lines.map(() => [])];
    const size = this.size();
    this.plot = new uPlot(
      {
        ...size,
        ms: 1,
        padding: [10, 26, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, bind: unbound, points: this.points() },
        scales: {
          x: { range: () => this.extent },
          y: { range: () => withHeadroom(this.marks) },
        },
        axes: [
          { ...this.axis(), size: 28, space: 66, incrs: STEPS, values: (_, times) => times.map((time) => clock(time, this.extent[1] - this.extent[0] <= 600_000)) },
          {
            ...this.axis(),
            size: 54,
            splits: () => this.marks,
            values: (_, values) => values.map(tick),
          },
        ],
        series: [{}, ...lines.map((line) => this.series(line))],
        hooks: { drawClear: [() => this.shade()], draw: [() => this.mark()] },
      },
      this.data,
      place,
    );
    new ResizeObserver(() => this.plot.setSize(this.size())).observe(place);
  }

  size() {
    return { width: Math.max(this.place.clientWidth, 120), height: Math.max(this.place.clientHeight, 80) };
  }

  axis() {
    const grid = () => this.palette.grid;
    return { stroke: () => this.palette.muted, font: FONT, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1, size: 4 } };
  }

  series(line) {
    return { stroke: () => this.palette[line.colour], width: 2, dash: line.dash?.map((length) => length * devicePixelRatio), points: { show: false }, spanGaps: false };
  }

  points() {
    return { size: 9, width: 2, fill: (_, index) => this.palette[this.lines[index - 1].colour], stroke: () => this.palette.panel };
  }

  /** Draws times and one column a line over `extent`, `[from, to]`; `spans` are shaded; `shown` says which lines are. */
  draw(data, extent, spans, shown) {
    this.data = data;
    this.extent = extent;
    this.spans = spans;
    this.marks = this.marksFor(...bounds(data.slice(1).filter((_, index) => shown[index])));
    this.plot.batch(() => {
      shown.forEach((show, index) => {
        if (this.plot.series[index + 1].show !== show) this.plot.setSeries(index + 1, { show });
      });
      this.plot.setData(data);
    });
  }

  redraw() {
    this.plot.redraw(false, true);
  }

  /** The cross-hair at a time, or none. */
  point(time) {
    const [from, to] = this.extent;
    const left = time === null ? -10 : ((time - from) / (to - from)) * this.plot.over.clientWidth;
    this.plot.setCursor({ left, top: 0 }, false);
    // uPlot parks the points it does not show just outside of the corner, where they would be seen.
    [...this.plot.over.querySelectorAll('.u-cursor-pt')].forEach((point, index) => {
      point.hidden = time === null || !this.plot.series[index + 1]?.show;
    });
  }

  /** The time under a place on the screen. */
  timeAt(clientX) {
    const box = this.plot.over.getBoundingClientRect();
    const [from, to] = this.extent;
    return from + ((clientX - box.left) / box.width) * (to - from);
  }

  // Stretches without readings, so that they are not taken for a quiet time.
  shade() {
    const { ctx, bbox } = this.plot;
    ctx.save();
    ctx.fillStyle = this.palette.gap;
    for (const [left, right] of this.visibleSpans()) {
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
    }
    ctx.restore();
  }

  visibleSpans() {
    const { bbox } = this.plot;
    return this.spans
      .map(([from, to]) => [
        Math.max(this.plot.valToPos(from, 'x', true), bbox.left),
        Math.min(this.plot.valToPos(to, 'x', true), bbox.left + bbox.width),
      ])
      .filter(([left, right]) => right > left);
  }

  label(left, right) {
    const { ctx, bbox } = this.plot;
    ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    const text = 'no readings';
    const width = ctx.measureText(text).width + 12 * devicePixelRatio;
    if (width > right - left) return;
    const [middle, height] = [(left + right) / 2, bbox.top + bbox.height / 2];
    // Over the lines of the grid.
    ctx.fillStyle = this.palette.gap;
    ctx.fillRect(middle - width / 2, height - 9 * devicePixelRatio, width, 18 * devicePixelRatio);
    ctx.fillStyle = this.palette.muted;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.fillText(text, middle, height);
  }

  // A marker at the latest value of each line, and at each value that has no neighbour to be joined with.
  mark() {
    const { ctx } = this.plot;
    const [times, ...columns] = this.data;
    ctx.save();
    for (const [left, right] of this.visibleSpans()) this.label(left, right);
    this.lines.forEach((line, index) => {
      if (!this.plot.series[index + 1].show) return;
      const values = columns[index];
      const last = latest([values], times.length);
      ctx.fillStyle = this.palette[line.colour];
      for (const at of new Set([...isolated(values), last])) {
        if (!known(values[at])) continue;
        MARKERS[line.marker](ctx, this.plot.valToPos(times[at], 'x', true), this.plot.valToPos(values[at], 'y', true), 4 * devicePixelRatio);
        ctx.fill();
      }
    });
    ctx.restore();
  }
}

const MARKERS = {
  circle(ctx, x, y, size) {
    ctx.beginPath();
    ctx.arc(x, y, size, 0, 2 * Math.PI);
  },
  diamond(ctx, x, y, size) {
    polygon(ctx, [[x, y - size * 1.3], [x + size * 1.3, y], [x, y + size * 1.3], [x - size * 1.3, y]]);
  },
  triangle(ctx, x, y, size) {
    polygon(ctx, [[x, y - size * 1.2], [x + size * 1.2, y + size], [x - size * 1.2, y + size]]);
  },
};

function polygon(ctx, [first, ...others]) {
  ctx.beginPath();
  ctx.moveTo(...first);
  for (const point of others) ctx.lineTo(...point);
  ctx.closePath();
}

// The least and the greatest value of several columns; null if there is none.
function bounds(columns) {
  const all = columns.flat().filter(known);
  if (all.length === 0) return [null, null];
  return [all.reduce((one, other) => Math.min(one, other)), all.reduce((one, other) => Math.max(one, other))];
}

// A line along the top or the bottom is drawn whole.
function withHeadroom(marks) {
  const [low, high] = [marks[0], marks.at(-1)];
  const room = (high - low) * 0.03;
  return [low - room, high + room];
}

const unbound = Object.fromEntries(
  ['mousedown', 'mouseup', 'click', 'dblclick', 'mousemove', 'mouseleave', 'mouseenter'].map((event) => [event, () => null]),
);
