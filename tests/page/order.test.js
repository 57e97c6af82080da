/* SPDX-License-Identifier: MIT */
import assert from "node:assert/strict";
import { test } from "node:test";
import { outliers, quantile, sorted, table } from "../../src/report/page/order.js";

const loss = {
  title: "Huber", name: "huber", medoid: [],
  label: [0, 0, 0, 0, 0, 1, -1], rank: [0, 1, 2, 3, 4, 0, -1],
  distance: [1, 1.1, 1.2, 1.3, 9, 50, 3], weight: [1, 0.9, 0.9, 0.8, 0.1, 1, 0],
  margin: [0.5, null, 0.1, 0.2, 0.3, 0, 0],
};

test("quantiles lie between the values in proportion", () => {
  assert.equal(quantile([1, 2, 3, 4], 0.5), 2.5);
  assert.equal(quantile([1, 2, 3, 4, 5], 0.25), 2);
  assert.equal(quantile([7], 0.75), 7);
});

test("outliers are beyond the fence of their own group, or left out", () => {
  const groups = [[0, 1, 2, 3, 4], [5], [6]];
  assert.deepEqual([...outliers(loss, groups)].sort(), [4, 6]);
  assert.deepEqual([...outliers(loss, [[0, 1, 2, 3], [4], [5], []])], []);
});

test("orders", () => {
  const name = (row) => ["img10", "img9", "b", "a", "c"][row];
  const rows = [0, 1, 2, 3, 4];
  assert.deepEqual(sorted(rows, "rank", loss, name), rows);
  assert.deepEqual(sorted(rows, "distance", loss, name), [4, 3, 2, 1, 0]);
  assert.deepEqual(sorted(rows, "weight", loss, name), [4, 3, 1, 2, 0]);
  assert.deepEqual(sorted(rows, "margin", loss, name), [2, 3, 4, 0, 1]);
  assert.deepEqual(sorted(rows, "name", loss, name), [3, 2, 4, 1, 0]);
  assert.deepEqual(rows, [0, 1, 2, 3, 4], "the list itself stays");
});

test("a table quotes by RFC 4180 and leaves out what is no number", () => {
  const path = (row) => (row ? 'a "b", c\n.jpg' : "plain.jpg");
  assert.equal(table([0, 1], loss, path),
    "loss,row,path,cluster,distance,weight,margin,rank\r\n" +
    "huber,0,plain.jpg,0,1,1,0.5,0\r\n" +
    'huber,1,"a ""b"", c\n.jpg",0,1.1,0.9,,1\r\n');
});
