// A view's series, as the charts, their summaries and their tables take them. Pure.

import { known, spoken } from './format.js';

/** Times and values of equal length; what is no number is null, which is drawn as a gap. */
export function columns(series, lines) {
  const times = Array.isArray(series?.t) ? series.t.filter(known) : [];
  const values = lines.map((line) => {
    const found = line(series ?? {});
    return times.map((_, index) => (known(found?.[index]) ? found[index] : null));
  });
  return [times, ...values];
}

/**
 * The stretches of time, as [from, to], in which no value of any line is known. A bin lasts `step` until its time. The last one
 * has hardly begun, and is not taken for an outage by itself.
 */
export function unknownSpans(times, lines, step) {
  const spans = [];
  times.forEach((time, index) => {
    if (lines.some((line) => known(line?.[index]))) return;
    const last = spans.at(-1);
    if (last && index > 0 && last[1] >= times[index - 1]) last[1] = time;
    else spans.push([time - step, time]);
  });
  if (spans.at(-1)?.[0] === times.at(-1) - step) spans.pop();
  return spans;
}

/** The indices of values with no neighbour, which a line cannot show. */
export function isolated(values) {
  const found = [];
  values.forEach((value, index) => {
    if (value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null) found.push(index);
  });
  return found;
}

/** The index of the last bin in which any line has a value; the last bin if there is none. */
export function latest(lines, length) {
  for (let index = length - 1; index >= 0; index -= 1) {
    if (lines.some((line) => known(line[index]))) return index;
  }
  return length - 1;
}

/** The index whose time is nearest to one; null if there is none. */
export function nearest(times, time) {
  let best = null;
  times.forEach((each, index) => {
    if (best === null || Math.abs(each - time) < Math.abs(times[best] - time)) best = index;
  });
  return best;
}

/** One line in words: its latest, least and greatest value. */
export function summary(name, values, format) {
  const all = values.filter(known);
  if (all.length === 0) return `${name}: nothing known.`;
  // Not by Math.min(...): the number of arguments has a limit.
  const least = all.reduce((one, other) => Math.min(one, other));
  const greatest = all.reduce((one, other) => Math.max(one, other));
  return `${name}: latest ${spoken(format(all.at(-1)))}, least ${format(least)}, greatest ${format(greatest)}.`;
}
