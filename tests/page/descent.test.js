/* SPDX-License-Identifier: MIT */
import assert from "node:assert/strict";
import { test } from "node:test";
import { aboveLeast, duration, levels, standing } from "../../src/report/page/descent.js";

const paths = [
  { solver: "descent", start: 0, converged: 1, steps: [[0, 5, 5, 9], [1, 3, 3, 4], [2, 0, 0, 2]] },
  { solver: "lbfgs", start: 0, converged: 1, steps: [[0, 5, 5, 9], [4, 0, 0, 1]] },
];

test("a way stands at its last step that is not later", () => {
  assert.deepEqual([0, 1, 2, 9].map((t) => standing(paths[0], t)), [0, 1, 2, 2]);
  assert.deepEqual([0, 3, 4, 9].map((t) => standing(paths[1], t)), [0, 0, 1, 1]);
  assert.equal(duration(paths), 4);
  assert.equal(duration([{ ...paths[0], steps: [[0, 0, 0, 1]] }]), 1, "a slider needs a length");
});

test("heights above the least have logarithms", () => {
  const list = aboveLeast(paths, 1e-6);
  assert.deepEqual(list[0].above, [[0, 8], [1, 3], [2, 1]]);
  assert.deepEqual(list[1].above, [[0, 8], [4, 8e-6]]);
  assert.ok(aboveLeast([{ ...paths[0], steps: [[0, 0, 0, 1]] }], 1e-6)[0].above[0][1] > 0);
});

test("contours lie closer near the ground", () => {
  const list = levels(100, 10);
  assert.equal(list.length, 10);
  assert.ok(list.every((v, i) => i === 0 || v > list[i - 1]));
  assert.ok(list[1] - list[0] < list[9] - list[8]);
  assert.ok(list[0] > 0 && list[9] < 100);
});
