/* SPDX-License-Identifier: MIT */
/* Orders, outliers and tables of rows; knows no document, so that it can be tested alone. */

/** @typedef {import("./data.js").Loss} Loss */

/** The q-quantile of sorted values, between two of them in proportion.
 * @param {number[]} sorted @param {number} q */
export function quantile(sorted, q) {
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

/** Rows beyond the upper fence of their group, Q3 + 1.5 (Q3 - Q1), as Tukey drew it, and rows left out.
 * Groups of fewer than four have no quartiles to speak of.
 * @param {Loss} loss @param {number[][]} groups rows of each, the last list: left out
 * @returns {Set<number>} */
export function outliers(loss, groups) {
  const found = new Set(groups[groups.length - 1]);
  for (const rows of groups.slice(0, -1)) {
    const sorted = rows.map((row) => loss.distance[row]).filter((r) => r !== null)
      .sort((a, b) => a - b);
    if (sorted.length < 4) continue;
    const low = quantile(sorted, 0.25);
    const high = quantile(sorted, 0.75);
    for (const row of rows)
      if (loss.distance[row] > high + 1.5 * (high - low)) found.add(row);
  }
  return found;
}

/** Rows in the order asked for; ties keep the lower row first.
 * @param {number[]} rows @param {string} by @param {Loss} loss
 * @param {(row: number) => string} name */
export function sorted(rows, by, loss, name) {
  const last = (/** @type {number|null} */ v) => (v === null ? Infinity : v);
  if (by === "name") {
    const collator = new Intl.Collator(undefined, { numeric: true });
    return rows.map((row) => ({ row, name: name(row) }))
      .sort((a, b) => collator.compare(a.name, b.name) || a.row - b.row).map((one) => one.row);
  }
  const key = { weight: loss.weight, margin: loss.margin, distance: loss.distance }[by];
  if (!key) return rows;
  const sign = by === "distance" ? -1 : 1;
  return rows.slice().sort((a, b) => sign * (last(key[a]) - last(key[b])) || a - b);
}

/** One cell by RFC 4180. A cell that a spreadsheet would take for a formula is left as it is: the
 * file is data, with the same cells as clusters.csv. @param {string|number} cell */
const quoted = (cell) => (/[",\r\n]/.test(String(cell)) ? `"${String(cell).replace(/"/g, '""')}"` : String(cell));

/** The columns of clusters.csv that the page knows, for some rows.
 * @param {number[]} rows @param {Loss} loss @param {(row: number) => string} path */
export function table(rows, loss, path) {
  const number = (/** @type {number|null} */ v) => (v === null ? "" : v);
  const lines = rows.map((row) => [loss.name, row, path(row), loss.label[row],
    number(loss.distance[row]), number(loss.weight[row]), number(loss.margin[row]),
    loss.rank[row]]);
  return [["loss", "row", "path", "cluster", "distance", "weight", "margin", "rank"], ...lines]
    .map((line) => line.map(quoted).join(",") + "\r\n").join("");
}
