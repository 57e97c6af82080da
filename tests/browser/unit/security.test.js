/* SPDX-License-Identifier: MIT */
/* File names that try to run script, from disk and over http on this machine: shown as they are, their
 * links work, and nothing they hold is ever run. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { clusters, covey, makeRun, open, readCsv, urlOf } from "../browser.js";

let out;
/** @type {import("node:http").Server} */
let server;
let origin;
before(async () => {
  out = makeRun("hostile", { n: 22, k: 4, losses: "square,huber,tukey", names: "hostile", studies: true });
  covey("label", out, "1", "</bdi><script>window.breached=8</script>", "2", "\"'><img src=x onerror=window.breached=9>", "-q");
  const root = Buffer.from(dirname(out));
  server = createServer((request, response) => {
    /* Bytes of a path as they were asked for: names need not be UTF-8. */
    const path = Buffer.from(unescape(request.url.slice(1)), "latin1");
    try {
      response.setHeader("content-type", request.url.endsWith(".html") ? "text/html" : "image/jpeg");
      response.end(readFileSync(Buffer.concat([root, Buffer.from("/"), path])));
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  origin = `http://127.0.0.1:${address.port}/`;
});
after(() => server.close());

const html = () => readFileSync(join(out, "report.html"), "utf8");

/* What a name looks like on the page: what is no UTF-8 and what controls become U+FFFD. */
const seen = (path) => path.replace(/[\u0000-\u001f\u007f]/g, "\ufffd");

/** @param {import("playwright-core").Page} page */
const breached = (page) => page.evaluate(() => /** @type {any} */ (window).breached);

async function visitEverything(page) {
  await page.locator("#found-how").scrollIntoViewIfNeeded();
  for (const radio of await page.locator("#groups input[name=loss]").all()) await radio.check();
  for (const cell of await page.locator("table.covers a.cv").all()) await cell.focus();
  await page.$$eval("details.seen", (all) => all.forEach((one) => (one.open = true)));
  for (const value of ["name", "distance", "rank"]) await page.locator("#sort").selectOption(value);
  await page.locator("#find").fill("<script>");
  await page.locator("#find").fill("");
  await page.locator("#pick-shown").click();
  await page.locator("#picked-clear").click();
  await page.$$eval("#groups figure.ph a.pic", (all) => all.forEach((link) => {
    /** @type {any} */ (link).click();
    document.querySelector("dialog").close();
  }));
}

for (const scheme of ["file", "http"]) {
  test(`nothing runs from a name, ${scheme}`, async () => {
    const url = scheme === "file" ? urlOf(out) : origin + "out/report.html";
    const { page, errors, requests, close } = await open(url);
    await visitEverything(page);
    assert.equal(await breached(page), undefined);
    assert.deepEqual(errors, []);
    assert.deepEqual(requests, []);
    const names = await page.$$eval("#groups figure.ph", (figures) => Object.fromEntries(figures.map((figure) =>
      [figure.id.slice(1), /** @type {any} */ (figure.querySelector(".nm")).title])));
    for (const one of clusters(out, "square")) assert.equal(names[one.row], seen(one.path));
    for (const skip of readCsv(join(out, "skipped.csv")))
      assert.ok((await page.textContent("#skipped")).includes(skip.path));
    assert.ok((await page.textContent("#g1 h3")).includes("<script>window.breached=8"));
    await close();
  });

  test(`the links of odd names lead to the photos, ${scheme}`, async () => {
    const url = scheme === "file" ? urlOf(out) : origin + "out/report.html";
    const { page, errors, close } = await open(url);
    const links = [];
    for (const figure of await page.locator("#groups figure.ph a.pic").all()) {
      await figure.evaluate((link) => /** @type {any} */ (link).click());
      links.push(await page.locator("dialog .where a").evaluate((link) => /** @type {any} */ (link).href));
      await page.keyboard.press("Escape");
    }
    assert.equal(new Set(links).size, 22);
    for (const link of links) {
      assert.ok(!/^javascript:/i.test(link));
      const response = await page.goto(link);
      const drawn = await page.$$eval("img", (images) => images.length === 1 && images[0].naturalWidth > 0);
      assert.ok(drawn, `${link} shows the photo (${response && response.status()})`);
    }
    assert.equal(await breached(page), undefined);
    assert.deepEqual(errors.filter((one) => !/404/.test(one)), []);
    await close();
  });
}

test("script and style that are not the page's own are refused, wherever they come from", async () => {
  for (const url of [urlOf(out), origin + "out/report.html"]) {
    const { page, errors, close } = await open(url);
    const tried = await page.evaluate(async () => {
      const blocked = [];
      document.addEventListener("securitypolicyviolation", (event) => blocked.push(event.effectiveDirective));
      const refusals = [];
      const add = (tag, set) => {
        const element = document.createElement(tag);
        try {
          set(element);
          document.body.append(element);
        } catch (error) {
          refusals.push(/** @type {Error} */ (error).name);
        }
      };
      add("script", (script) => (script.textContent = "window.breached = 'inline'"));
      add("script", (script) => (script.src = "data:text/javascript,window.breached='data'"));
      add("div", (div) => (div.innerHTML = "<img src=x onerror=\"window.breached='handler'\">"));
      /* What trusted types let through. */
      add("script", (script) => script.append("window.breached = 'node'"));
      add("a", (link) => {
        link.href = "javascript:window.breached='link'";
        document.body.append(link);
        link.click();
      });
      add("style", (style) => (style.textContent = "body{display:none}"));
      add("iframe", (frame) => (frame.src = "data:text/html,x"));
      add("object", (object) => (object.data = "data:text/html,x"));
      add("img", (image) => (image.src = "http://127.0.0.1:9/pixel.png"));
      let evaluated = "refused";
      setTimeout(() => { /* what a debugger runs itself may always eval */
        try {
          evaluated = (0, eval)("'run'");
        } catch {}
      });
      let fetched = "refused";
      try {
        await fetch("http://127.0.0.1:9/");
        fetched = "sent";
      } catch {}
      for (let tries = 0; tries < 100 && (new Set(blocked).size < 6 || evaluated === "refused" && tries < 3); ++tries)
        await new Promise((resolve) => setTimeout(resolve, 100));
      return { refusals, blocked: Array.from(new Set(blocked)).sort(), evaluated, fetched, display: getComputedStyle(document.body).display };
    });
    assert.equal(await breached(page), undefined);
    assert.equal(tried.evaluated, "refused");
    assert.equal(tried.fetched, "refused");
    assert.notEqual(tried.display, "none");
    assert.deepEqual(tried.refusals, Array(4).fill("TypeError"), "text, address, markup and object need trust");
    for (const directive of ["connect-src", "frame-src", "img-src", "require-trusted-types-for", "script-src-elem", "style-src-elem"])
      assert.ok(tried.blocked.includes(directive), `${directive} is refused: ${tried.blocked}`);
    assert.ok(errors.length > 0, "the browser says so");
    await close();
  }
});

test("the policy names the one script and the one style by their digests, and nothing else", () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html())[1];
  const digest = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const script = /<script>([\s\S]*?)<\/script>/.exec(html())[1];
  const style = /<style>([\s\S]*?)<\/style>/.exec(html())[1];
  assert.deepEqual(policy.split("; ").sort(), ["base-uri 'none'", "default-src 'none'", "form-action 'none'",
    "img-src data: blob: 'self'", "require-trusted-types-for 'script'", `script-src ${digest(script)}`, `style-src ${digest(style)}`]);
  const block = /id="data">([\s\S]*?)<\/script>/.exec(html())[1];
  assert.ok(!/[<>&\u2028\u2029]/.test(block), "nothing in the data block could end it");
});
