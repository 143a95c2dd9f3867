// The range of each vertical axis and its marks. A range ends at a mark, so that it moves in steps and a chart does not
// jump with each reading.

import { known } from './format.js';

/** From zero to a round number at or above the greatest value, with three to five steps. */
export function fromZero(greatest) {
  if (!known(greatest) || greatest <= 0) return marks(0, 0.25, 4);
  const power = 10 ** Math.floor(Math.log10(greatest));
  const step = [0.2, 0.5, 1, 2].map((part) => part * power).find((step) => step * 5 >= greatest * (1 - 1e-9));
  // At the edge of what a double holds there are no steps.
  if (!known(step) || greatest < 1e-300 || greatest > 1e300) return [0, greatest];
  return marks(0, step, Math.ceil((greatest / step) * (1 - 1e-9)));
}

/** From a round percentage at or below the least value to 100. */
export function upToHundred(least) {
  const [low, step] = [[99, 0.2], [98, 0.5], [95, 1], [90, 2], [80, 5], [50, 10]].find(([low]) => known(least) && least >= low) ?? [0, 20];
  return marks(low, step, Math.round((100 - low) / step));
}

// Without the dust of binary fractions.
function marks(low, step, count) {
  return Array.from({ length: count + 1 }, (_, index) => Number((low + step * index).toPrecision(12)));
}
