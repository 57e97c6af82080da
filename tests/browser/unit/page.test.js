/* SPDX-License-Identifier: MIT */
/* The page from disk, part by part, against the tables of the run folder. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { before, test } from "node:test";
import { clusters, comparison, makeRun, open, readCsv, urlOf } from "../browser.js";

let out;
let at;
/** @type {import("playwright-core").Page} */
let page;
before(async () => {
  out = makeRun("walk", { n: 60, k: 5, studies: true });
  at = await open(urlOf(out), { acceptDownloads: true });
  page = at.page;
});

/** Rows of each group as the gallery shows them. */
const gallery = () => page.$$eval("details.group:not(.hidden)", (groups) => Object.fromEntries(groups.map((group) =>
  [group.dataset.c, Array.from(group.querySelectorAll("figure.ph"))
    .filter((figure) => getComputedStyle(figure).display !== "none").map((figure) => Number(figure.id.slice(1)))])
  .filter(([, rows]) => rows.length)));

/** The same from clusters.csv. */
function expected(loss, order = (a, b) => a.rank - b.rank, keep = () => true) {
  const groups = {};
  for (const one of clusters(out, loss).sort(order))
    if (keep(one)) (groups[one.cluster] = groups[one.cluster] || []).push(one.row);
  return groups;
}

const shownCount = () => page.textContent("#found");

test("the covers are the rows of rank 0, with the votes of comparison.json", async () => {
  const votes = comparison(out).votes;
  const panel = comparison(out).panel_size;
  const losses = await page.$$eval("#groups input[name=loss]", (inputs) => inputs.length);
  assert.equal(losses, 6);
  const names = JSON.parse(await page.textContent("#data")).losses.map((loss) => loss.name);
  const cells = await page.$$eval("table.covers a.cv", (links) => links.map((link) => ({ row: Number(link.dataset.p),
    l: Number(link.dataset.l), c: Number(link.dataset.c), badge: link.querySelector(".badge").textContent,
    drawn: link.querySelector("img").naturalWidth > 0 })));
  assert.ok(cells.length >= 25);
  for (const cell of cells) {
    const cover = clusters(out, names[cell.l]).find((one) => one.cluster === cell.c && one.rank === 0);
    assert.equal(cell.row, cover.row, `cover of group ${cell.c} under ${names[cell.l]}`);
    const vote = votes.find((one) => one.row === cell.row && one.cluster === cell.c);
    assert.equal(cell.badge, vote.losses === panel ? `all ${panel}` : `${vote.losses} of ${panel}`);
    assert.ok(cell.drawn, "the cover's picture is there");
  }
});

test("a cover's runners-up come on hover and on focus, and go with Escape", async () => {
  const cell = page.locator("table.covers a.cv").first();
  const group = expected("square")[0];
  const paths = Object.fromEntries(clusters(out, "square").map((one) => [one.row, one.path]));
  await cell.hover();
  const runners = page.locator("#peek ol .nm");
  assert.deepEqual(await runners.allTextContents(), group.slice(1, 4).map((row) => basename(paths[row])));
  await page.keyboard.press("Escape");
  assert.ok(await page.locator("#peek").isHidden());
  await page.mouse.move(0, 0);
  await page.locator("table.covers thead th a").last().focus();
  await page.keyboard.press("Tab");
  assert.ok(await page.locator("#peek").isVisible(), "focus from the keyboard opens it");
  assert.equal(await cell.getAttribute("aria-describedby"), "peek");
  await page.keyboard.press("Escape");
});

test("every loss has the groups of clusters.csv, with size, weight, margin", async () => {
  const names = JSON.parse(await page.textContent("#data")).losses.map((loss) => loss.name);
  for (const [l, loss] of names.entries()) {
    await page.locator(`input[name=loss][value="${l}"]`).check();
    assert.deepEqual(await gallery(), expected(loss), loss);
    const shown = await page.$$eval("figure.ph", (figures) => figures.map((figure) => [Number(figure.id.slice(1)),
      figure.querySelector(".w").textContent, figure.querySelector(".m").textContent,
      figure.querySelector(".bf").getAttribute("width")]));
    for (const [row, weight, margin, bar] of shown) {
      const one = clusters(out, loss).find((each) => each.row === row);
      assert.ok(Math.abs(Number(weight) - one.weight) <= 0.005001, `weight ${weight} of row ${row}: ${one.weight}`);
      assert.ok(Math.abs(Number(margin) - one.margin) <= 0.005001, `margin ${margin} of row ${row}: ${one.margin}`);
      assert.ok(Math.abs(Number(bar) - 100 * one.weight) <= 1);
    }
    const sizes = await page.$$eval("details.group:not([data-empty]) .size", (all) => all.map((one) => parseInt(one.textContent, 10)));
    assert.equal(sizes.reduce((a, b) => a + b), 60);
  }
  await page.locator('input[name=loss][value="0"]').check();
});

test("orders", async () => {
  const tie = (key, sign = 1) => (a, b) => sign * (a[key] - b[key]) || a.row - b.row;
  for (const [value, order] of [["distance", tie("distance", -1)], ["margin", tie("margin")],
    ["name", (a, b) => (basename(a.path) < basename(b.path) ? -1 : 1)], ["rank", undefined]]) {
    await page.locator("#sort").selectOption(value);
    assert.deepEqual(await gallery(), expected("square", order), value);
  }
});

test("finding by a part of the path, showing parts, one group", async () => {
  await page.locator("#find").fill("home/img_000");
  const hit = (one) => one.path.toLowerCase().includes("home/img_000");
  assert.deepEqual(await gallery(), expected("square", undefined, hit));
  assert.match(await shownCount(), /^4 of 60/);
  await page.locator("#find").fill("no such photo");
  assert.deepEqual(await gallery(), {});
  await page.locator("#find").fill("");
  await page.locator("#only").selectOption("2");
  assert.deepEqual(Object.keys(await gallery()), ["2"]);
  await page.locator("#only").selectOption("");
  const undecided = comparison(out).undecided.filter((one) => one.disagreement >= 0.5).map((one) => one.row);
  assert.ok(undecided.length > 0, "the run has undecided photos to look at");
  await page.locator("#show").selectOption("undecided");
  assert.deepEqual(Object.values(await gallery()).flat().sort((a, b) => a - b), undecided);
  const shelf = await page.$$eval("#undecided .doubt a.thumb", (all) => all.map((one) => Number(one.dataset.p)));
  assert.deepEqual(shelf.slice().sort((a, b) => a - b), undecided);
  await page.locator("#show").selectOption("outliers");
  const data = Object.values(await gallery()).flat();
  const distances = expected("square");
  const all = clusters(out, "square");
  for (const row of data) {
    const mine = all.find((one) => one.row === row);
    const group = distances[mine.cluster].map((other) => all.find((one) => one.row === other).distance);
    assert.ok(mine.distance > group.sort((a, b) => a - b)[Math.floor(group.length * 0.75)]);
  }
  await page.locator("#show").selectOption("");
  assert.equal(await shownCount(), "");
});

test("a selection is counted, kept over losses, and saved as a CSV with the numbers of clusters.csv", async () => {
  const boxes = page.locator("#g1 .mark");
  /* Forced, because boxes show on hover alone; which does not wait for the page to stand still after the search. */
  await page.locator("#g1 summary").scrollIntoViewIfNeeded();
  await boxes.nth(0).scrollIntoViewIfNeeded();
  await boxes.nth(0).check({ force: true });
  await boxes.nth(2).click({ force: true, modifiers: ["Shift"] });
  const rows = expected("square")[1].slice(0, 3);
  assert.match(await page.textContent("#picked-count"), /3/);
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#picked-save").click()]);
  assert.equal(download.suggestedFilename(), "selection.csv");
  const saved = readCsv(readFileSync(await download.path(), "utf8"));
  const truth = clusters(out, "square");
  assert.deepEqual(saved.map((one) => Number(one.row)), rows.slice().sort((a, b) => a - b));
  for (const one of saved) {
    const other = truth.find((each) => each.row === Number(one.row));
    assert.equal(one.path, other.path);
    assert.equal(Number(one.cluster), other.cluster);
    assert.equal(Number(one.rank), other.rank);
    for (const key of ["distance", "weight", "margin"])
      assert.ok(Math.abs(Number(one[key]) - other[key]) <= 1e-5 * Math.abs(other[key]), key);
  }
  await page.locator('input[name=loss][value="2"]').check();
  assert.equal(await page.locator("figure.is-picked").count(), 3);
  await page.locator("#show").selectOption("picked");
  assert.deepEqual(Object.values(await gallery()).flat().sort((a, b) => a - b), rows.slice().sort((a, b) => a - b));
  await page.locator("#show").selectOption("");
  await page.locator("#picked-clear").click();
  assert.ok(await page.locator("#picked").isHidden());
  await page.locator('input[name=loss][value="0"]').check();
});

test("a photo opens with its numbers, its nearest photos, and a link to itself", async () => {
  const row = expected("square")[0][1];
  await page.locator(`#p${row} a.pic`).click();
  const sheet = page.locator("dialog[open]");
  assert.ok(await sheet.isVisible());
  const lines = await sheet.locator("tbody tr").evaluateAll((all) =>
    all.map((line) => Array.from(line.cells, (cell) => cell.textContent)));
  const names = JSON.parse(await page.textContent("#data")).losses.map((loss) => loss.name);
  lines.forEach((line, l) => {
    const one = clusters(out, names[l]).find((each) => each.row === row);
    assert.equal(line[1], `Group ${one.cluster}`);
    assert.equal(line[2], one.rank ? String(one.rank) : "cover");
    assert.ok(Math.abs(Number(line[5]) - one.distance) <= 0.006 * one.distance);
  });
  const near = await sheet.locator("ol.near a").evaluateAll((all) => all.map((one) => Number(one.dataset.p)));
  assert.equal(near.length, 8);
  assert.ok(!near.includes(row));
  const path = clusters(out, "square").find((one) => one.row === row).path;
  const href = await sheet.locator(".where a").evaluate((link) => /** @type {any} */ (link).href);
  assert.equal(href, urlOf(out).replace("out/report.html", "photos/") + path);
  await sheet.locator("ol.near a").first().click();
  assert.equal(await sheet.locator("h2").textContent(),
    basename(clusters(out, "square").find((one) => one.row === near[0]).path));
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("dialog[open]").count(), 0);
});

test("the duel moves what clusters.csv says moves, from the heat map too", async () => {
  const compared = comparison(out);
  const names = compared.losses.map((loss) => loss.name);
  const cells = await page.$$eval(".heat td[data-a]", (all) => all.map((cell) => [Number(cell.dataset.a), Number(cell.dataset.b), cell.textContent]));
  assert.equal(cells.length, 36);
  const a = clusters(out, names[0]);
  let most = [0, 0];
  for (const b of names.keys()) {
    const other = clusters(out, names[b]);
    const moved = a.filter((one, i) => one.cluster !== other[i].cluster).length;
    if (moved > most[1]) most = [b, moved];
  }
  const [b, moved] = most;
  assert.ok(moved > 0, "some loss moves something");
  await page.locator(`.heat td[data-a="0"][data-b="${b}"] button`).click();
  assert.equal(await page.locator("#duel-b").inputValue(), String(b));
  assert.match(await page.textContent("#duel-sum"), new RegExp(`\\b${moved} photos?\\b`));
  const shown = await page.$$eval("#duel-flows .flow", (flows) => flows.flatMap((flow) =>
    Array.from(flow.querySelectorAll(".mid li a"), (link) => [Number(link.dataset.p), flow.querySelector(".end a").hash,
      flow.lastElementChild.querySelector("a").hash])));
  const other = clusters(out, names[b]);
  const flows = {};
  a.forEach((one, i) => {
    const key = `${one.cluster}>${other[i].cluster}`;
    if (one.cluster !== other[i].cluster) flows[key] = (flows[key] || 0) + 1;
  });
  assert.equal(shown.length, Object.values(flows).reduce((sum, size) => sum + Math.min(size, 24), 0));
  for (const [row, from, to] of shown) {
    assert.equal(from, `#g${a[row].cluster}`);
    assert.equal(to, `#g${other[row].cluster}`);
  }
});

test("charts of how it was found follow the chosen loss and name their numbers", async () => {
  await page.locator("#found-how").scrollIntoViewIfNeeded();
  await page.waitForSelector("#chart-rounds svg");
  const history = readCsv(`${out}/history.csv`).filter((one) => one.loss === "huber");
  await page.locator("#found-loss").selectOption("2");
  const titles = await page.$$eval("#chart-rounds figure:first-child .dot title", (all) => all.map((one) => one.textContent));
  const runs = new Map();
  for (const one of history) runs.set(one.restart, (runs.get(one.restart) || []).concat(Number(one.objective)));
  const values = titles.map((title) => Number(title.split(": ")[1]));
  assert.ok(Array.from(runs.values()).some((list) => list.length === values.length &&
    list.every((v, i) => Math.abs(v - values[i]) <= 1e-3 * Math.abs(v))), "the rounds of one start of history.csv");
  assert.equal(await page.locator("#chart-firm svg").count(), 1);
  assert.equal(await page.locator("#chart-curves svg").count(), 6);
  for (const label of await page.$$eval("#found-how svg:not([aria-hidden])", (all) => all.map((one) => one.getAttribute("aria-label"))))
    assert.ok(label && label.length > 20);
});

test("skipped files and facts", async () => {
  const skipped = readCsv(`${out}/skipped.csv`);
  const text = await page.textContent("#skipped");
  for (const one of skipped) assert.ok(text.includes(one.reason));
  assert.match(await page.textContent("header"), /60 photos/);
});

test("links to groups open them; the navigation leads somewhere", async () => {
  await page.evaluate(() => document.querySelectorAll("details.group").forEach((one) => (one.open = false)));
  await page.locator("table.covers thead a").nth(3).click();
  assert.equal(await page.locator("#g3").getAttribute("open"), "");
  for (const hash of await page.$$eval("nav a", (links) => links.map((link) => link.hash)))
    assert.equal(await page.locator(hash).count(), 1, hash);
});

test("nothing was asked for from anywhere, and nothing complained", () => {
  assert.deepEqual(at.requests, []);
  assert.deepEqual(at.errors, []);
});
