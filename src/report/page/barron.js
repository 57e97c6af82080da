/* SPDX-License-Identifier: MIT */
/* What the dial reckons with; knows no document, so that it can be tested alone. */

/** The weight of a residual r under Barron's loss, 1 at r = 0. @param {number} r @param {number} c
 * @param {number|null} alpha null: minus infinity */
export function barronWeight(r, c, alpha) {
  const z = (r / c) ** 2;
  if (alpha === null) return Math.exp(-z / 2);
  if (alpha === 2) return 1;
  return (z / Math.abs(alpha - 2) + 1) ** (alpha / 2 - 1);
}

/** @typedef {{alpha: number|null, moved: number, sizes: number[], covers: number[],
 *   labels: number[], weights: number[]}} Frame weights in thousandths */

/** How many groups have another cover than in the first frame. @param {Frame} frame
 * @param {Frame} first */
export const newCovers = (frame, first) =>
  frame.covers.filter((cover, c) => cover !== first.covers[c]).length;

/** Places (not rows) of the members of each group, the heaviest first. @param {Frame} frame
 * @returns {number[][]} */
export function packs(frame) {
  /** @type {number[][]} */
  const groups = frame.sizes.map(() => []);
  frame.labels.forEach((label, i) => groups[label].push(i));
  for (const group of groups) group.sort((a, b) => frame.weights[b] - frame.weights[a] || a - b);
  return groups;
}

/** The `most` places that count least, the least first. @param {Frame} frame @param {number} most */
export const lightest = (frame, most) => frame.weights.map((_, i) => i)
  .sort((a, b) => frame.weights[a] - frame.weights[b] || a - b).slice(0, most);
