/* SPDX-License-Identifier: MIT */
/* What the map reckons with; knows no document, so that it can be tested alone. */

export const HUES = 8;
export const SHAPES = 5;

/** Colour and shape of a group: the first eight differ in both, and 40 differ in one of them; the
 * numbers on the map tell the rest apart. @param {number} group */
export const look = (group) => ({ hue: group % HUES, shape: (group + Math.floor(group / HUES)) % SHAPES });

/** The true distance of two descriptions of length 1, from the cosine of their angle.
 * @param {number} cosine */
export const chord = (cosine) => Math.sqrt(Math.max(0, 2 - 2 * cosine));

/** Where a group's number stands: at the member nearest to the median of its places, so that it
 * never stands where none of them is. @param {number[]} rows @param {ArrayLike<number>} x @param {ArrayLike<number>} y
 * @returns {number} a row, -1 for none */
export function middle(rows, x, y) {
  const median = (/** @type {ArrayLike<number>} */ a) =>
    rows.map((row) => a[row]).sort((p, q) => p - q)[Math.floor(rows.length / 2)];
  const mx = median(x);
  const my = median(y);
  let best = -1;
  let least = Infinity;
  for (const row of rows) {
    const away = (x[row] - mx) ** 2 + (y[row] - my) ** 2;
    if (away < least) [least, best] = [away, row];
  }
  return best;
}

/** The next row from `row` towards (dx, dy), one of them 0: near, and more ahead than aside; -1
 * where there is none. @param {number} row @param {number} dx @param {number} dy
 * @param {ArrayLike<number>} x @param {ArrayLike<number>} y */
export function ahead(row, dx, dy, x, y) {
  let best = -1;
  let least = Infinity;
  for (let i = 0; i < x.length; ++i) {
    const forth = (x[i] - x[row]) * dx + (y[i] - y[row]) * dy;
    const aside = Math.abs((x[i] - x[row]) * dy) + Math.abs((y[i] - y[row]) * dx);
    if (i === row || forth <= 0 || aside > forth) continue;
    const cost = forth + 2 * aside;
    if (cost < least) [least, best] = [cost, i];
  }
  return best;
}

/** Which of the rows, first come first served, have room for a picture of `size` around them.
 * @param {number[]} rows @param {(row: number) => [number, number]} at @param {number} size
 * @param {number} most */
export function withRoom(rows, at, size, most) {
  /** @type {Map<string, [number, number][]>} */
  const cells = new Map();
  const placed = [];
  for (const row of rows) {
    if (placed.length >= most) break;
    const [px, py] = at(row);
    const cx = Math.floor(px / size);
    const cy = Math.floor(py / size);
    let free = true;
    for (let i = cx - 1; i <= cx + 1 && free; ++i)
      for (let j = cy - 1; j <= cy + 1 && free; ++j)
        for (const [qx, qy] of cells.get(i + "," + j) || [])
          if (Math.abs(qx - px) < size && Math.abs(qy - py) < size) free = false;
    if (!free) continue;
    const key = cx + "," + cy;
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push([px, py]);
    placed.push(row);
  }
  return placed;
}
