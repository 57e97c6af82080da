/* SPDX-License-Identifier: MIT */
/* The parts that are drawn, from disk: the map, the dial, the landscape, the choice of k, what the command
 * looked into besides, what the network sees; against the files of the run folder. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { before, test } from "node:test";
import { clusters, comparison, makeRun, open, urlOf } from "../browser.js";

const N = 70;
let out;
let at;
/** @type {import("playwright-core").Page} */
let page;
let data;
before(async () => {
  out = makeRun("parts", { n: N, k: 0, losses: "square,huber,cauchy", studies: true });
  at = await open(urlOf(out), { reducedMotion: "reduce" });
  page = at.page;
  data = JSON.parse(await page.textContent("#data"));
});

const file = (name) => JSON.parse(readFileSync(join(out, name), "utf8"));

/** Rows of a little-endian float32 .npy, scaled to length 1. @param {string} path @param {number} n */
function unitRows(path, n) {
  const bytes = readFileSync(path);
  const start = 10 + bytes.readUInt16LE(8);
  const d = (bytes.length - start) / 4 / n;
  return Array.from({ length: n }, (_, i) => {
    const row = Array.from({ length: d }, (__, j) => bytes.readFloatLE(start + 4 * (i * d + j)));
    const length = Math.hypot(...row);
    return row.map((v) => v / length);
  });
}

/** What stands beside the map. */
const beside = () => page.$eval("#map-info", (info) => ({ name: info.querySelector("strong")?.textContent,
  text: info.querySelector("div.soft")?.textContent,
  near: Array.from(info.querySelectorAll("li"), (item) => [item.querySelector("span:not([class])").textContent,
    Number(item.querySelector("b").textContent)]) }));

/** A point of the map on the screen, by the rule of the page. @param {number} row */
async function placeOf(row) {
  const map = data.maps[data.maps.length - 1];
  const [spanX, spanY] = [Math.max(...map.x, 1), Math.max(...map.y, 1)];
  const box = await page.locator("#map-canvas").boundingBox();
  const base = Math.min((box.width - 72) / spanX, (box.height - 72) / spanY);
  return [box.x + (box.width - spanX * base) / 2 + map.x[row] * base, box.y + (box.height - spanY * base) / 2 + map.y[row] * base];
}

test("the map tells the photo under the pointer, with distances of the descriptions themselves", async () => {
  await page.locator("#map").scrollIntoViewIfNeeded();
  await page.waitForSelector("#map-info p.soft");
  await page.locator("#map-canvas").scrollIntoViewIfNeeded();
  const rows = unitRows(join(out, "features.npy"), N);
  const truth = clusters(out, "square");
  const byName = Object.fromEntries(truth.map((one) => [basename(one.path), one.row]));
  const away = (a, b) => Math.hypot(...rows[a].map((v, j) => v - rows[b][j]));
  for (const row of [0, 17, 42]) {
    const [x, y] = await placeOf(row);
    await page.mouse.move(x, y);
    await page.waitForFunction((name) => document.querySelector("#map-info strong")?.textContent === name,
      basename(truth[row].path));
    const shown = await beside();
    assert.ok(shown.text.startsWith(`Group ${truth[row].cluster}`), shown.text);
    assert.ok(Math.abs(Number(/[\d.]+$/.exec(shown.text)[0]) - truth[row].distance) <= 0.006 * truth[row].distance);
    assert.equal(shown.near.length, 5);
    const nearest = truth.map((one) => one.row).filter((other) => other !== row).sort((a, b) => away(row, a) - away(row, b)).slice(0, 5);
    assert.deepEqual(shown.near.map(([name]) => byName[name]), nearest);
    for (const [name, distance] of shown.near)
      assert.ok(Math.abs(distance - away(row, byName[name])) <= 0.0061, `${name}: ${distance}, ${away(row, byName[name])}`);
  }
});

test("the map is drawn, zoomed, dimmed to a group, and walked with the keyboard", async () => {
  const canvas = page.locator("#map-canvas");
  const seen = async () => (await canvas.screenshot()).toString("base64");
  const changed = async (does) => {
    const old = await seen();
    await does();
    for (let tries = 0; tries < 100 && (await seen()) === old; ++tries) await page.waitForTimeout(50);
    assert.notEqual(await seen(), old);
  };
  await changed(() => page.locator("#map-in").click());
  await changed(() => page.locator("#map-reset").click());
  await changed(() => page.locator("#map-group").selectOption("1"));
  await page.locator("#map-group").selectOption("");
  await changed(() => page.locator("#map-which").selectOption("1"));
  await page.locator("#map-which").selectOption("0");
  await canvas.focus();
  const before = (await beside()).name;
  for (const key of ["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"]) await page.keyboard.press(key);
  const name = (await beside()).name;
  await page.keyboard.press("ArrowUp");
  assert.ok(name !== before || (await beside()).name !== name, "the arrow keys go from photo to photo");
  const at = (await beside()).name;
  await page.keyboard.press("Enter");
  assert.equal(await page.textContent("dialog[open] h2"), at);
  await page.keyboard.press("Escape");
});

test("every frame of the dial shows what dial.json holds", async () => {
  await page.locator("#dial").scrollIntoViewIfNeeded();
  await page.waitForSelector("#dial-packs li");
  const dial = file("dial.json");
  const slider = page.locator("#dial-at");
  assert.equal(Number(await slider.getAttribute("max")), dial.frames.length - 1);
  const paths = Object.fromEntries(clusters(out, "square").map((one) => [one.row, one.path]));
  for (const [f, frame] of dial.frames.entries()) {
    await slider.fill(String(f));
    const cards = await page.$$eval("#dial-packs li", (all) => all.map((card) => ({
      cover: Number(/** @type {any} */ (card.querySelector("[data-p]")).dataset.p),
      size: parseInt(card.querySelector(".sub").textContent, 10), fresh: !card.querySelector(".badge").hasAttribute("hidden") })));
    assert.deepEqual(cards.map((card) => card.cover), frame.covers, `covers at ${frame.alpha}`);
    assert.deepEqual(cards.map((card) => card.size), frame.sizes);
    assert.deepEqual(cards.map((card) => card.fresh), frame.covers.map((row, c) => row !== dial.frames[0].covers[c]));
    if (f) assert.match(await page.textContent("#dial-sum"), new RegExp(`in another group, ${frame.moved} photos?;`));
    const sinking = await page.$$eval("#dial-sink li:not(.none)", (all) => all.map((item) =>
      [Number(/** @type {any} */ (item.querySelector("[data-p]")).dataset.p), Number(item.querySelector("b").textContent)]));
    assert.equal(sinking.length, f ? 12 : 0);
    const lightest = frame.weights.slice().sort((a, b) => a - b);
    for (const [i, [row, weight]] of sinking.entries()) {
      assert.ok(paths[row]);
      assert.ok(Math.abs(weight - lightest[i] / 10000) <= 0.0056, `${weight}: ${lightest[i]}`);
    }
  }
});

test("the landscape plays, steps and goes back", async () => {
  await page.locator("#land").scrollIntoViewIfNeeded();
  await page.waitForSelector("#land-charts svg.ground");
  const now = () => page.locator("#land-at").inputValue().then(Number);
  const loss = Number(await page.locator("#land-loss").inputValue());
  const land = data.landscapes[loss];
  const heads = () => page.$$eval("#land-charts svg.ground .head", (all) => all.map((one) => one.getAttribute("transform")));
  const last = Math.max(...land.paths.map((path) => path.steps[path.steps.length - 1][0]));
  assert.equal(await now(), last, "all the way at first");
  const ended = await heads();
  assert.equal(ended.length, land.paths.length);
  await page.locator("#land-reset").click();
  assert.equal(await now(), 0);
  const started = await heads();
  assert.notDeepEqual(started, ended);
  await page.locator("#land-step").click();
  assert.equal(await now(), 1);
  await page.locator("#land-reset").click();
  await page.locator("#land-play").click();
  await page.waitForFunction(() => Number(/** @type {any} */ (document.getElementById("land-at")).value) >= 2);
  await page.locator("#land-play").click();
  const stopped = await now();
  await page.waitForTimeout(500);
  assert.equal(await now(), stopped, "and stops when asked to");
  await page.locator("#land-at").fill(String(last));
  assert.deepEqual(await heads(), ended);
  /* Descents of a convex loss end where the ground is lowest. */
  await page.locator("#land-loss").selectOption("0");
  const square = data.landscapes[0];
  const least = Math.min(...square.paths.flatMap((path) => path.steps.map((step) => step[3])));
  for (const path of square.paths)
    assert.ok(path.steps[path.steps.length - 1][3] - least <= 1e-6 * Math.abs(least));
});

test("the choice of k: every measure that was taken, the ring at the chosen", async () => {
  const { k, k_table: table } = comparison(out);
  await page.locator("#found-how").scrollIntoViewIfNeeded();
  await page.waitForSelector("#chart-k svg");
  assert.equal(await page.locator("#chart-k svg").count(), 4);
  const shown = await page.$$eval("#chart-k figure:first-child .dot title", (all) => all.map((one) => one.textContent.split(": ").map(Number)));
  assert.equal(shown.length, table.length);
  for (const [i, [tried, value]] of shown.entries()) {
    assert.equal(tried, table[i].k);
    assert.ok(Math.abs(value - table[i].silhouette) <= 1e-3 * Math.abs(value) + 1e-9);
  }
  for (const title of await page.$$eval("#chart-k .ring title", (all) => all.map((one) => one.textContent)))
    assert.ok(title.includes(String(k)), title);
});

test("strangers and solvers, as their files have them", async () => {
  const { fits } = file("strangers.json");
  await page.locator("#strangers").scrollIntoViewIfNeeded();
  await page.locator("#strangers summary").click();
  const cells = await page.$$eval("#strangers tbody tr", (all) => all.map((line) => Array.from(line.querySelectorAll("td"), (cell) => parseFloat(cell.textContent))));
  assert.equal(cells.length, fits.length);
  for (const [i, [share, mean, most, , changed, taken, ari]] of cells.entries()) {
    assert.ok(Math.abs(share - 100 * fits[i].share) <= 0.051);
    assert.ok(Math.abs(mean - fits[i].centre_mean) <= 0.00051);
    assert.ok(Math.abs(most - fits[i].centre_most) <= 0.00051);
    assert.equal(changed, fits[i].changed);
    assert.equal(taken, fits[i].taken);
    assert.ok(Math.abs(ari - fits[i].ari) <= 0.00051);
  }
  assert.equal(await page.locator("#strangers-charts svg").count(), 3);
  assert.equal(await page.locator("#strangers-charts figure:first-child .dot").count(), fits.length);
  const { rows } = file("solvers.json");
  const solved = await page.$$eval("#solvers tbody tr", (all) => all.map((line) => Array.from(line.querySelectorAll("td"), (cell) => cell.textContent)));
  assert.deepEqual(solved.map((line) => [line[0], Number(line[1]), Number(line[3]), Number(line[4])]),
    rows.map((row) => [row.solver, row.objective, row.iterations, row.evaluations]));
});

test("what the network sees: seven titled layers of covers, each with a sentence", async () => {
  const covers = clusters(out, "square").filter((one) => one.rank === 0).map((one) => basename(one.path));
  const shown = await page.$$eval("details.seen", (all) => all.map((one) => {
    /** @type {any} */ (one).open = true;
    return { name: one.querySelector("h3").textContent, titles: Array.from(one.querySelectorAll("h4"), (title) => title.textContent),
      words: Array.from(one.querySelectorAll("li p"), (text) => text.textContent.length) };
  }));
  assert.equal(shown.length, Math.min(covers.length, 6));
  for (const one of shown) {
    assert.ok(covers.includes(one.name));
    assert.equal(new Set(one.titles).size, 7);
    assert.ok(one.words.every((length) => length > 30));
  }
  const strips = page.locator("details.seen img.strip");
  for (let i = 0; i < await strips.count(); i += 6) {
    await strips.nth(i).scrollIntoViewIfNeeded();
    assert.ok(await strips.nth(i).evaluate((one) => /** @type {any} */ (one).decode().then(() => /** @type {any} */ (one).naturalWidth > 200)));
  }
});

test("nothing was asked for from anywhere, and nothing complained", () => {
  assert.deepEqual(at.requests, []);
  assert.deepEqual(at.errors, []);
});
