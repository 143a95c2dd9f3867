// The contrast of every pair of colours that meet, in both themes (WCAG 2.2: 4.5 for text, 3 for lines and controls).

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const css = await readFile(new URL('../page.css', import.meta.url), 'utf8');
const colours = Object.fromEntries(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [name, { light, dark }]),
);

function luminance(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const TEXT = [
  ...['text', 'muted', 'bad', 'warn', 'good', 'shadow', 'primary'].flatMap((colour) => [[colour, 'panel'], [colour, 'ground']]),
  ['good', 'good-ground'], ['warn', 'warn-ground'], ['bad', 'bad-ground'], ['text', 'quiet-ground'], ['text', 'bad-ground'],
  ['muted', 'gap'], ['panel', 'text'],
];
const SHAPES = [
  ['primary', 'panel'], ['shadow', 'panel'], ['bad', 'panel'], ['primary', 'gap'], ['shadow', 'gap'],
  ['control', 'panel'], ['control', 'ground'], ['control', 'quiet-ground'], ['focus', 'ground'], ['focus', 'panel'],
];

test('text can be read, and lines and controls can be seen', () => {
  assert.ok(Object.keys(colours).length >= 18);
  for (const [pairs, least] of [[TEXT, 4.5], [SHAPES, 3]]) {
    for (const [one, other] of pairs) {
      for (const theme of ['light', 'dark']) {
        const ratio = contrast(colours[one][theme], colours[other][theme]);
        assert.ok(ratio >= least, `${one} on ${other}, ${theme}: ${ratio.toFixed(2)} < ${least}`);
      }
    }
  }
});

// Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
const DEFICIENCIES = {
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

function linear(colour) {
  return [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
}

// CIE 1976 L*a*b*, of linear sRGB.
function lab([red, green, blue]) {
  const xyz = [
    (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
    0.2126 * red + 0.7152 * green + 0.0722 * blue,
    (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
  ];
  const [x, y, z] = xyz.map((part) => (part > 0.008856 ? Math.cbrt(part) : 7.787 * part + 16 / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

test('primary and shadow are told apart with any deficiency of colour vision', () => {
  for (const theme of ['light', 'dark']) {
    for (const [name, rows] of Object.entries(DEFICIENCIES)) {
      const [one, other] = ['primary', 'shadow'].map((colour) => {
        const seen = linear(colours[colour][theme]);
        return lab(rows.map((row) => Math.min(1, Math.max(0, row.reduce((sum, factor, at) => sum + factor * seen[at], 0)))));
      });
      const distance = Math.hypot(...one.map((part, at) => part - other[at]));
      assert.ok(distance > 30, `${name}, ${theme}: ${distance.toFixed(1)}`);
    }
  }
});
