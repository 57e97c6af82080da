/* SPDX-License-Identifier: MIT */
/* What axe finds on a page of every part, and over it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { open, source } from "./browser.js";

const axe = readFileSync(join(source, "node_modules/axe-core/axe.min.js"), "utf8");

/** What axe calls serious or critical. @param {import("playwright-core").Page} page
 * @param {string[]} [within] selectors, all of the page without @param {string[]} [rules] all without */
export async function serious(page, within = undefined, rules = undefined) {
  await page.evaluate(axe); /* by the debugger, which the page's policy does not concern */
  return page.evaluate(async ([where, which]) => {
    const results = await /** @type {any} */ (window).axe.run(where ? { include: where.map((one) => [one]) } : document,
      { resultTypes: ["violations"], ...(which ? { runOnly: { type: "rule", values: which } } : {}) });
    return results.violations.filter((one) => ["serious", "critical"].includes(one.impact)).map((one) =>
      `${one.id}: ${one.nodes.length} x ${one.nodes[0].html.slice(0, 160)}: ${one.nodes[0].failureSummary}`);
  }, [within, rules]);
}

/** Opens all that the script draws late. @param {import("playwright-core").Page} page */
export async function unfold(page) {
  for (const section of await page.locator("main > section").all()) {
    await section.scrollIntoViewIfNeeded();
    await page.waitForTimeout(60);
  }
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
}

/** @param {() => string} url @param {string} lang @param {"light"|"dark"} colorScheme */
export const testWhole = (url, lang, colorScheme) =>
  test(`axe has no serious finding, ${lang}, ${colorScheme}`, async () => {
    const { page, errors, close } = await open(url(), { colorScheme, reducedMotion: "reduce" });
    await unfold(page);
    assert.deepEqual(await serious(page), []);
    /* What opens over the page. */
    await page.locator("#pick-shown").click();
    await page.locator("table.covers a.cv").first().focus();
    assert.deepEqual(await serious(page, ["#peek", "#picked", "table.covers"]), []);
    await page.locator("figure.ph a.pic").first().click();
    assert.deepEqual(await serious(page, ["dialog[open]"]), []);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("html").getAttribute("dir"), lang === "fa" ? "rtl" : "ltr");
    assert.deepEqual(errors, []);
    await close();
  });
