/* SPDX-License-Identifier: MIT */
/* What the landscape reckons with; knows no document, so that it can be tested alone. */

/** One step: [iteration, u, v, objective], u and v in ten-thousandths of the half width.
 * @typedef {[number, number, number, number]} Step */
/** @typedef {{solver: string, start: number, converged: number, steps: Step[]}} Path */

/** Where a way stands at a moment of the animation: at the last of its steps that is not later.
 * @param {Path} path @param {number} moment @returns {number} a place in steps */
export function standing(path, moment) {
  let at = 0;
  while (at + 1 < path.steps.length && path.steps[at + 1][0] <= moment) ++at;
  return at;
}

/** The last moment at which anything moves. @param {Path[]} paths */
export const duration = (paths) =>
  Math.max(1, ...paths.map((path) => path.steps[path.steps.length - 1][0]));

/** Heights of the contours, close together near the ground, where ways end. @param {number} top
 * @param {number} n */
export const levels = (top, n) => Array.from({ length: n }, (_, i) => top * ((i + 0.35) / n) ** 2);

/** How far above the least that any way found, never below `floor` so that it has a logarithm.
 * @param {Path[]} paths @param {number} floor as a share of the largest
 * @returns {{path: Path, above: [number, number][]}[]} */
export function aboveLeast(paths, floor) {
  const every = paths.flatMap((path) => path.steps.map((step) => step[3]));
  const least = Math.min(...every);
  const most = Math.max(...every) - least || 1;
  return paths.map((path) => ({ path,
    above: path.steps.map((step) => [step[0], Math.max(step[3] - least, floor * most)]) }));
}
