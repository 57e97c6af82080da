/* SPDX-License-Identifier: MIT */
/* Words and numbers as the page writes them; knows no document, so that it can be tested alone. */

/** Fills {0}, {1}, ... of a sentence.
 * @param {string} text @param {...(string|number)} args */
export const fill = (text, ...args) => text.replace(/\{(\d)\}/g, (_, i) => String(args[i]));

let digits = Array.from("0123456789");
let thousands = ",";

/** The page's language writes numbers within sentences so. @param {string} ten its digits
 * @param {string} between thousands */
export function setNumerals(ten, between) {
  digits = Array.from(ten);
  thousands = between;
}

/** 12345 as 12,345, for sentences. @param {number} n */
export const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, thousands)
  .replace(/\d/g, (digit) => digits[Number(digit)]);

/** Two digits; a dash where there is no number. @param {number|null} v */
export const fixed = (v) => (v === null ? "\u2013" : v.toFixed(2));

/** Three digits that matter. @param {number|null} v */
export const plain = (v) =>
  v === null ? "\u2013" : Math.abs(v) >= 1000 || v === 0 ? String(v) : v.toPrecision(3);

/** Names at the ends of lines, moved apart so that none covers another: the tops of each, in order.
 * @param {number[]} wanted @param {number} gap @param {number} lowest the last may be here */
export function apart(wanted, gap, lowest) {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const placed = wanted.slice();
  for (let i = 1; i < order.length; ++i)
    placed[order[i]] = Math.max(placed[order[i]], placed[order[i - 1]] + gap);
  let limit = lowest;
  for (const i of order.reverse()) {
    placed[i] = Math.min(placed[i], limit);
    limit = placed[i] - gap;
  }
  return placed;
}
