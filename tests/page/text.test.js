/* SPDX-License-Identifier: MIT */
import assert from "node:assert/strict";
import { test } from "node:test";
import { apart, count, fill, fixed, plain, setNumerals } from "../../src/report/page/text.js";

test("sentences take their arguments by number, in any order", () => {
  assert.equal(fill("{1} of {0}, {1}", "a", 2), "2 of a, 2");
  assert.equal(fill("{0}", "{1}"), "{1}", "an argument is not filled again");
  assert.equal(fill("no {x}"), "no {x}");
});

test("numbers", () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(count), ["0", "999", "1,000", "1,234,567"]);
  assert.deepEqual([0.125, 1, null].map(fixed), ["0.13", "1.00", "\u2013"]);
  assert.deepEqual([0.71712, 12345, 0, null].map(plain), ["0.717", "12345", "0", "\u2013"]);
});

test("numbers within Persian sentences", () => {
  setNumerals("۰۱۲۳۴۵۶۷۸۹", "٬");
  assert.deepEqual([0, 999, 1234567].map(count), ["۰", "۹۹۹", "۱٬۲۳۴٬۵۶۷"]);
  assert.deepEqual([0.125, 1234].map(plain), ["0.125", "1234"], "data stays as it is");
  setNumerals("0123456789", ",");
  assert.equal(count(1000), "1,000");
});

test("names at the ends of lines stay apart and on the chart", () => {
  assert.deepEqual(apart([10, 50, 90], 12, 100), [10, 50, 90]);
  assert.deepEqual(apart([50, 50, 51], 12, 100), [50, 62, 74]);
  assert.deepEqual(apart([98, 99, 97], 12, 100), [88, 100, 76]);
  assert.deepEqual(apart([], 12, 100), []);
});
