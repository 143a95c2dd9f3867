// How each state is called, how grave it is, and the mark that tells it from the others without colour.

const STATES = new Map([
  ['Mirroring', ['Mirroring', 'good', '●']],
  ['NoTraffic', ['No traffic', 'quiet', '○']],
  ['Paused', ['Paused', 'quiet', '‖']],
  ['Expired', ['Expired', 'warn', '◼']],
  ['Refused', ['Refused', 'bad', '⊘']],
  ['NotLoaded', ['Not loaded', 'warn', '◇']],
  ['Tripped', ['Tripped', 'bad', '✕']],
  ['Losing', ['Losing', 'bad', '▲']],
]);

/** A state the page has not heard of keeps its own name. */
export function stateWords(state) {
  const [text, kind, mark] = STATES.get(state) ?? [String(state ?? 'Unknown'), 'quiet', '?'];
  return { text, kind, mark };
}

const GRAVITY = ['good', 'quiet', 'warn', 'bad'];

/** The gravest of several kinds. */
export const gravest = (kinds) => kinds.reduce((one, other) => (GRAVITY.indexOf(other) > GRAVITY.indexOf(one) ? other : one), 'good');

export const plural = (number, one, many) => (number === 1 ? `1 ${one}` : `${number} ${many}`);
