/* SPDX-License-Identifier: MIT */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ahead, chord, HUES, look, middle, SHAPES, withRoom } from "../../src/report/page/place.js";

test("40 groups look different, each within colours and shapes", () => {
  const looks = Array.from({ length: 200 }, (_, c) => look(c));
  assert.equal(new Set(looks.slice(0, 40).map((l) => l.hue + "/" + l.shape)).size, 40);
  assert.ok(looks.every((l) => l.hue < HUES && l.shape < SHAPES));
});

test("the distance of two directions", () => {
  assert.equal(chord(1), 0);
  assert.ok(Math.abs(chord(0) - Math.SQRT2) < 1e-12);
  assert.ok(Math.abs(chord(-1) - 2) < 1e-12);
  assert.equal(chord(1.0000001), 0, "rounding is no failure");
});

test("a group's number stands on one of its own", () => {
  const x = [0, 10, 11, 12, 100];
  const y = [0, 0, 1, 0, 0];
  assert.equal(middle([0, 1, 2, 3, 4], x, y), 1);
  assert.equal(middle([4], x, y), 4);
  assert.equal(middle([], x, y), -1);
});

test("arrow keys go to what lies ahead, not aside", () => {
  const x = [0, 5, 4, -3, 0];
  const y = [0, 0, 4, 0, 9];
  assert.equal(ahead(0, 1, 0, x, y), 1);
  assert.equal(ahead(0, -1, 0, x, y), 3);
  assert.equal(ahead(0, 0, 1, x, y), 4);
  assert.equal(ahead(0, 0, -1, x, y), -1);
});

test("pictures do not cover each other, and the first come first", () => {
  const at = [[0, 0], [5, 5], [20, 0], [40, 0], [12, 0]];
  const room = (rows, size, most) => withRoom(rows, (row) => at[row], size, most);
  assert.deepEqual(room([0, 1, 2, 3, 4], 10, 99), [0, 2, 3]);
  assert.deepEqual(room([1, 0, 2, 3, 4], 10, 99), [1, 2, 3]);
  assert.deepEqual(room([0, 1, 2, 3], 10, 2), [0, 2]);
});
