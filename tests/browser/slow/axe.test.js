/* SPDX-License-Identifier: MIT */
/* Axe on the themes that unit/access.test.js leaves out, and on a page whose k was chosen. */
import { join } from "node:path";
import { before } from "node:test";
import { testWhole } from "../axe.js";
import { covey, makeRun, urlOf } from "../browser.js";

let out;
before(() => {
  out = makeRun("axe", { n: 36, k: 0, losses: "square,huber,trimmed", studies: true });
  covey("report", out, "--lang", "fa", "-o", join(out, "fa.html"), "-q");
});

testWhole(() => urlOf(out), "en", "dark");
testWhole(() => urlOf(out).replace("report.html", "fa.html"), "fa", "light");
