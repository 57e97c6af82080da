/* SPDX-License-Identifier: MIT */
/* The numbers of the run: the page's data block, and what is made of it once. */
import { byId } from "./dom.js";
import { count, fill, setNumerals } from "./text.js";

/** One loss; every array is by row.
 * @typedef {object} Loss
 * @property {string} title
 * @property {string} name as in clusters.csv
 * @property {number[]} label cluster, -1: left out
 * @property {number[]} rank
 * @property {number[]} medoid by cluster
 * @property {(number|null)[]} weight
 * @property {(number|null)[]} margin
 * @property {(number|null)[]} distance
 * @property {number} [radial] @property {number[]} [top] of the histogram
 * @property {number[]} [share] of rows or residuals in each bin
 * @property {number[]} [scales] @property {string[]} [scaleNames]
 * @property {number[]} [rho] @property {number[]} [psi] @property {number[]} [curve] the weight
 * @property {number} [restart] the one that won
 * @property {{restart: number, objective: number[], shift: number[]}[]} [history] */

/** @typedef {object} Data
 * @property {number} n @property {number} k @property {number} cap
 * @property {Loss[]} losses
 * @property {number[]} undecided rows without a majority
 * @property {number} nearCount @property {number[]} near nearCount rows for each; [] or -1: none
 * @property {number[]} nearness
 * @property {string[]} ways to each root, "": none @property {number[]} root of each photo, [] if one
 * @property {{name: string, x: number[], y: number[], trust: string}[]} maps 0 .. 10000
 * @property {{c: number, rows: number[], frames: import("./barron.js").Frame[]}} [dial] labels and
 *   weights belong to the rows kept
 * @property {({rows: number, side: number, low: number, high: number, half: number, grid: number[],
 *   paths: import("./descent.js").Path[]}|null)[]} landscapes by loss
 * @property {number[][]} strangers loss, share, mean and largest move of centres, of covers
 * @property {string} mapShare of the variance
 * @property {Record<string, string>} odd by row: names not shown as they are, percent-encoded
 * @property {number} kChosen @property {Record<string, number[]>} kTable
 * @property {Record<string, string>} say */

/** @type {Data} */
export const data = JSON.parse(byId("data").textContent);
export const say = data.say;
setNumerals(say.digits, say.thousands);

/** "1 photo", "12 photos". @param {number} n */
export const plural = (n) => fill(n === 1 ? say.one : say.many, count(n));

/** Rows of each loss and cluster, nearest first; the last list: those left out. */
export const members = data.losses.map((loss) => {
  const groups = Array.from({ length: data.k + 1 }, () => []);
  loss.label.forEach((label, row) => groups[label < 0 ? data.k : label].push(row));
  for (const rows of groups.slice(0, data.k))
    rows.sort((a, b) => loss.rank[a] - loss.rank[b]);
  return groups;
});
export const groupName = (c) => {
  if (c < 0 || c === data.k) return say.trimmed;
  return byId("g" + c).querySelector("h3").textContent;
};
