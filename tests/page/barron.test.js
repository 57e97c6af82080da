/* SPDX-License-Identifier: MIT */
import assert from "node:assert/strict";
import { test } from "node:test";
import { barronWeight, lightest, newCovers, packs } from "../../src/report/page/barron.js";

const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-12, `${a} is not ${b}`);

test("the family's members have their own weights", () => {
  for (const r of [0, 0.3, 1, 4]) {
    const z = (r / 0.7) ** 2;
    near(barronWeight(r, 0.7, 2), 1);
    near(barronWeight(r, 0.7, 1), 1 / Math.sqrt(z + 1));
    near(barronWeight(r, 0.7, 0), 1 / (z / 2 + 1));
    near(barronWeight(r, 0.7, -2), (z / 4 + 1) ** -2);
    near(barronWeight(r, 0.7, null), Math.exp(-z / 2));
  }
});

const first = { alpha: 2, moved: 0, sizes: [3, 2, 0], covers: [0, 4, -1], labels: [0, 0, 0, 1, 1],
  weights: [1000, 1000, 1000, 1000, 1000] };
const frame = { alpha: -2, moved: 1, sizes: [2, 3, 0], covers: [1, 4, -1], labels: [0, 0, 1, 1, 1],
  weights: [400, 1000, 30, 30, 1000] };

test("what changed, who counts least, and the groups", () => {
  assert.equal(newCovers(first, first), 0);
  assert.equal(newCovers(frame, first), 1);
  assert.deepEqual(lightest(frame, 3), [2, 3, 0]);
  assert.deepEqual(packs(frame), [[1, 0], [4, 2, 3], []]);
});
