/* SPDX-License-Identifier: MIT */
/* How long the page of many photos takes to open, what it holds, how evenly it scrolls, and the map of
 * 100,000 rows while it is moved. It prints what it measures; what it holds the page to is what no
 * machine changes: nothing fails, and pictures far away are not fetched. */
import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { covey, folder, makeRun, open, urlOf } from "../browser.js";

const ms = (/** @type {number} */ v) => v.toFixed(1);

/** Frames while `step` runs once a frame, `count` times: median, 95th of 100, longest, in ms. */
async function frames(page, count, step) {
  const gaps = await page.evaluate(async ({ count, step }) => {
    const act = new Function("i", step);
    const times = [];
    for (let i = 0; i <= count; i++) {
      times.push(await new Promise((done) => requestAnimationFrame(done)));
      act(i);
    }
    return times.slice(1).map((t, i) => t - times[i]);
  }, { count, step });
  const sorted = gaps.sort((a, b) => a - b);
  return { median: sorted[Math.floor(count / 2)], high: sorted[Math.floor(count * 0.95)], longest: sorted[count - 1] };
}

async function openAndWeigh(url) {
  const { page, errors, requests, close } = await open(url);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  await session.send("HeapProfiler.collectGarbage");
  const metrics = Object.fromEntries((await session.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value]));
  const load = await page.evaluate(() => {
    const [entry] = performance.getEntriesByType("navigation");
    return { ready: entry.domContentLoadedEventEnd, loaded: entry.loadEventEnd };
  });
  return { page, errors, requests, close, load, heap: metrics.JSHeapUsedSize / 1048576, nodes: metrics.Nodes };
}

for (const n of [100, 1000, 10000])
  test(`${n} photos`, { timeout: 900000 }, async (t) => {
    const out = makeRun("speed" + n, { n, k: 20, losses: "square,absolute,huber" });
    const { page, errors, requests, close, load, heap, nodes } = await openAndWeigh(urlOf(out));
    const pictures = await page.evaluate(() => {
      const all = [...document.images];
      return { all: all.length, there: all.filter((image) => image.complete && image.naturalWidth > 0).length };
    });
    const scrolled = await frames(page, 180, "scrollBy(0, 120)");
    t.diagnostic(`page ${(statSync(join(out, "report.html")).size / 1048576).toFixed(1)} MiB; ready after ` +
      `${ms(load.ready)} ms, loaded after ${ms(load.loaded)}; heap ${heap.toFixed(1)} MiB, ${nodes} nodes; ` +
      `scrolling: ${ms(scrolled.median)} ms a frame, 95 of 100 within ${ms(scrolled.high)}, longest ${ms(scrolled.longest)}`);
    assert.deepEqual(errors, []);
    assert.ok(pictures.all >= n, `${pictures.all} pictures`);
    if (requests.length) assert.ok(requests.length < n / 2, `${requests.length} pictures fetched at once`);
    await close();
  });

test("a map of 100,000 rows", { timeout: 900000 }, async (t) => {
  const rows = 100000, columns = 8, header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`;
  const head = Buffer.from("\x93NUMPY\x01\x00\x76\x00" + header.padEnd(117) + "\n", "latin1");
  const data = new Float32Array(rows * columns);
  let seed = 1;
  for (let i = 0; i < data.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    data[i] = seed / 4294967296 + (Math.floor(i / columns) % 12) * ((i % columns) % 3);
  }
  const path = folder("rows.npy"), out = folder("map");
  writeFileSync(path, Buffer.concat([head, Buffer.from(data.buffer)]));
  covey("cluster", path, "-k", "12", "--restarts", "1", "-o", out, "-q");
  const { page, errors, close, load, heap } = await openAndWeigh(urlOf(out));
  await page.locator("#map").scrollIntoViewIfNeeded();
  await page.waitForTimeout(500);
  const zoomed = await frames(page, 60, "document.getElementById(i % 20 < 10 ? 'map-in' : 'map-out').click()");
  const moved = await frames(page, 60, `
    const canvas = document.getElementById("map-canvas"), box = canvas.getBoundingClientRect();
    const at = { clientX: box.x + 200 + 3 * i, clientY: box.y + 150, bubbles: true, pointerId: 1, buttons: 1 };
    canvas.dispatchEvent(new PointerEvent(i ? "pointermove" : "pointerdown", at));`);
  t.diagnostic(`page ${(statSync(join(out, "report.html")).size / 1048576).toFixed(1)} MiB, loaded after ${ms(load.loaded)} ms, ` +
    `heap ${heap.toFixed(1)} MiB; zooming ${ms(zoomed.median)} ms a frame (95: ${ms(zoomed.high)}, longest ${ms(zoomed.longest)}), ` +
    `moving ${ms(moved.median)} (95: ${ms(moved.high)}, longest ${ms(moved.longest)})`);
  assert.deepEqual(errors, []);
  await close();
});
