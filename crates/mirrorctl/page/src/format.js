// Numbers and times as text. What is not known, or is no number, is a dash; nothing here throws on any input.

export const UNKNOWN = '–';

export const known = (value) => typeof value === 'number' && Number.isFinite(value);

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const grouped = (value, digits) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** A count, to the last digit as long as a double holds it. */
export function count(value) {
  if (!known(value)) return UNKNOWN;
  return Math.abs(value) < 1e15 ? whole.format(value) : value.toExponential(2);
}

/** Three significant digits, then k, M, G, T: for axes and for rates above a million. */
export function compact(value) {
  if (!known(value)) return UNKNOWN;
  const size = Math.abs(value);
  if (size >= 999.5e12) return value.toExponential(2);
  for (const [unit, letter] of [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']]) {
    if (size >= unit * 0.9995) return significant(value / unit) + letter;
  }
  return significant(value);
}

function significant(value) {
  return String(Number(value.toPrecision(3)));
}

/** A rate per second, without its unit. */
export function rate(value) {
  if (!known(value)) return UNKNOWN;
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.005) return value > 0 ? '< 0.01' : '> −0.01';
  if (size < 9.995) return grouped(value, 2);
  if (size < 99.95) return grouped(value, 1);
  return size < 1e6 ? grouped(value, 0) : compact(value);
}

/** A percentage. Only what is 100 % reads 100 %, and only what is 0 % reads 0 %. */
export function percent(value) {
  if (!known(value)) return UNKNOWN;
  if (value > 0 && value < 0.005) return '< 0.01 %';
  if (value < 100 && value >= 99.995) return '> 99.99 %';
  return `${Number(value.toFixed(2))} %`;
}

/** A percentage that somebody set, which has steps of 0.0001. */
export const percentSet = (value) => (known(value) ? `${Number(value.toFixed(4))} %` : UNKNOWN);

/** A latency given in milliseconds. */
export function latency(value) {
  if (!known(value)) return UNKNOWN;
  const size = Math.abs(value);
  if (size === 0) return '0 ms';
  if (size < 9.995) return `${grouped(value, 2)} ms`;
  if (size < 99.95) return `${grouped(value, 1)} ms`;
  if (size < 999.5) return `${grouped(value, 0)} ms`;
  if (size < 99_950) return `${grouped(value / 1000, size < 9995 ? 2 : 1)} s`;
  return `${compact(value / 1000)} s`;
}

/** A number of bytes, in powers of 1024. */
export function bytes(value) {
  if (!known(value)) return UNKNOWN;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let size = value;
  let unit = 0;
  while (Math.abs(size) >= 1023.5 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? whole.format(size) : significant(size)} ${units[unit]}`;
}

/** The browser's local time of day of Unix milliseconds. */
export function clock(milliseconds, seconds = true) {
  const date = moment(milliseconds);
  if (!date) return UNKNOWN;
  const parts = [date.getHours(), date.getMinutes(), ...(seconds ? [date.getSeconds()] : [])];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/** The browser's local day and time of day of Unix milliseconds. */
export function dayAndClock(milliseconds) {
  const date = moment(milliseconds);
  if (!date) return UNKNOWN;
  const two = (part) => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(milliseconds, false)}`;
}

/** How the browser's zone differs from UTC at a moment, such as `UTC+01:00`. */
export function zone(milliseconds) {
  const date = moment(milliseconds);
  if (!date) return 'UTC';
  const east = -date.getTimezoneOffset();
  if (east === 0) return 'UTC';
  const two = (part) => String(part).padStart(2, '0');
  return `UTC${east < 0 ? '−' : '+'}${two(Math.floor(Math.abs(east) / 60))}:${two(Math.abs(east) % 60)}`;
}

// What Date refuses is no moment.
function moment(milliseconds) {
  if (!known(milliseconds)) return null;
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** A length of time, with its two largest units. */
export function duration(seconds) {
  if (!known(seconds)) return UNKNOWN;
  const total = Math.round(Math.abs(seconds));
  const units = [['d', 86_400], ['h', 3_600], ['min', 60], ['s', 1]];
  const first = units.findIndex(([, size]) => total >= size);
  if (first < 0) return '0 s';
  const [letter, size] = units[first];
  const most = `${count(Math.floor(total / size))} ${letter}`;
  if (first === units.length - 1) return most;
  const [nextLetter, nextSize] = units[first + 1];
  const next = Math.floor((total % size) / nextSize);
  return next > 0 ? `${most} ${next} ${nextLetter}` : most;
}

/** When a moment is, seen from now: both in Unix milliseconds. */
export function distance(moment, now) {
  if (!known(moment) || !known(now)) return UNKNOWN;
  return moment > now ? `in ${duration((moment - now) / 1000)}` : `${duration((now - moment) / 1000)} ago`;
}

/** As it is read out: a dash says nothing. */
export const spoken = (text) => (text === UNKNOWN ? 'unknown' : text);
