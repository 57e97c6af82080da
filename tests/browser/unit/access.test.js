/* SPDX-License-Identifier: MIT */
/* For everyone: axe finds nothing serious in both languages and both themes; the whole page works from the
 * keyboard; what is drawn or clicked has a name. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { serious, testWhole, unfold } from "../axe.js";
import { covey, makeRun, open, urlOf } from "../browser.js";

let out;
before(() => {
  out = makeRun("access", { n: 30, k: 4, losses: "square,huber,trimmed", studies: true });
  covey("report", out, "--lang", "fa", "-o", join(out, "fa.html"), "-q");
});

/* The other two of the four are in slow/axe.test.js. */
testWhole(() => urlOf(out), "en", "light");
testWhole(() => urlOf(out).replace("report.html", "fa.html"), "fa", "dark");

test("every part is reached and worked with the keyboard alone", async () => {
  const { page, close } = await open(urlOf(out));
  const focused = () => page.evaluate(() => {
    const at = /** @type {any} */ (document.activeElement);
    const style = getComputedStyle(at.matches(".pick input") ? at.nextElementSibling : at);
    return { id: at.id, text: (at.getAttribute("aria-label") || at.labels?.[0]?.textContent || at.textContent || at.title).trim(),
      ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1, tag: at.tagName, section: at.closest("section")?.id || at.closest("nav,header,.picked")?.tagName };
  });
  await page.keyboard.press("Tab");
  assert.equal((await focused()).text, "Skip to the content");
  await page.keyboard.press("Enter");
  const seen = new Set();
  const ids = new Set();
  for (let i = 0; i < 400; ++i) {
    await page.keyboard.press("Tab");
    const at = await focused();
    if (at.tag === "BODY") break;
    assert.ok(at.text, `what has the focus has a name: ${JSON.stringify(at)}`);
    assert.ok(at.ring, `and a ring to see it by: ${JSON.stringify(at)}`);
    seen.add(at.section);
    if (at.id) ids.add(at.id);
    if (at.id === "find") {
      await page.keyboard.type("img_0001");
      assert.match(await page.textContent("#found"), /^1 of 30/);
      await page.keyboard.press("Control+A");
      await page.keyboard.press("Delete");
    }
    if (at.id === "sort") {
      await page.keyboard.press("ArrowDown");
      assert.notEqual(await page.locator("#sort").inputValue(), "rank");
    }
  }
  for (const id of ["covers", "groups", "losses", "found-how"]) assert.ok(seen.has(id), `the keyboard reaches ${id}`);
  for (const id of ["find", "show", "only", "sort", "fold", "pick-shown", "duel-a", "duel-b", "found-loss"])
    assert.ok(ids.has(id), `the keyboard reaches #${id}`);
  /* A photo opens with Enter, takes the focus, gives it back. */
  const first = page.locator("figure.ph a.pic").first();
  await first.focus();
  await page.keyboard.press("Enter");
  assert.ok(await page.evaluate(() => document.activeElement.closest("dialog") !== null));
  for (let i = 0; i < 30; ++i) {
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(() => document.activeElement === document.body ||
      document.activeElement.closest("dialog") !== null), "the focus stays in the dialog");
  }
  await page.keyboard.press("Escape");
  assert.ok(await first.evaluate((link) => link === document.activeElement));
  /* A box is ticked with Space. */
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Space");
  assert.match(await page.textContent("#picked-count"), /1/);
  /* The losses are one group of radio buttons. */
  await page.locator("input[name=loss][value='0']").focus();
  await page.keyboard.press("ArrowRight");
  assert.ok(await page.locator("input[name=loss][value='1']").isChecked());
  await close();
});

test("a screen reader hears names, headings in order, and what changed", async () => {
  const { page, close } = await open(urlOf(out));
  await unfold(page);
  for (const label of await page.$$eval("svg[role=img]", (all) => all.map((one) => one.getAttribute("aria-label") || "")))
    assert.ok(label.length > 20, "a chart says what it shows");
  const levels = await page.$$eval("h1,h2,h3,h4", (all) => all.filter((one) => /** @type {any} */ (one).offsetParent)
    .map((one) => Number(one.tagName[1])));
  assert.equal(levels.filter((level) => level === 1).length, 1);
  levels.forEach((level, i) => assert.ok(!i || level <= levels[i - 1] + 1, "no heading skips a level"));
  assert.deepEqual(await page.$$eval("section", (all) => all.filter((one) => !document.getElementById(one.getAttribute("aria-labelledby"))).length), 0);
  assert.ok(await page.$$eval(".chip-best", (all) => all.length > 0 && all.every((one) => getComputedStyle(one).opacity === "1" &&
    getComputedStyle(one).position === "static")), "the best of the yardsticks is marked in words");
  /* output elements are live regions. */
  await page.locator("#find").fill("img");
  assert.equal(await page.locator("#found").evaluate((one) => one.tagName), "OUTPUT");
  assert.ok((await page.textContent("#found")).length > 0);
  await close();
});

test("a narrow window has no sideways scroll, and motion is left out where it is not wanted", async () => {
  for (const file of ["report.html", "fa.html"]) {
    const { page, close } = await open(urlOf(out).replace("report.html", file),
      { viewport: { width: 360, height: 740 }, reducedMotion: "reduce" });
    await unfold(page);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), file);
    assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), "auto");
    assert.deepEqual(await serious(page, undefined, ["scrollable-region-focusable"]), []);
    await close();
  }
});
