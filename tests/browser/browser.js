/* SPDX-License-Identifier: MIT */
/* What the tests of the page in a browser share: runs to look at, the browser, and a page that notes
 * everything it complains of or asks the network for. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

export const source = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const build = process.env.BUILD || join(source, "build");
const CHROMIUM = process.env.COVEY_CHROMIUM || "/usr/bin/chromium";

const work = mkdtempSync(join(tmpdir(), "covey-browser-"));
/** @type {import("playwright-core").Browser|undefined} */
let browser;
after(async () => {
  if (browser) await browser.close();
  rmSync(work, { recursive: true, force: true });
});

/** A folder of its own, gone after the tests. @param {string} name */
export const folder = (name) => join(work, name);

/** Runs the command; its stdout. @param {...string} args */
export const covey = (...args) =>
  execFileSync(join(build, "covey"), args, { cwd: work, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, XDG_CACHE_HOME: join(work, "cache"), NO_COLOR: "1" }, maxBuffer: 1 << 28 });

export const tool = (name, ...args) =>
  execFileSync(join(build, "tests", name), args.map(String), { cwd: work, stdio: ["ignore", "pipe", "inherit"] });

export const SIX = "square,absolute,huber,pseudo_huber,correntropy,epsilon_insensitive";

/** A run made by tests/tools/make_run, with its page; the run folder. @param {string} name
 * @param {{n?: number, k?: number, losses?: string, names?: string, lang?: string, columns?: number,
 *   studies?: boolean}} o */
export function makeRun(name, { n = 60, k = 5, losses = SIX, names = "plain", lang = "en", columns = 16,
  studies = false } = {}) {
  tool("make_run", folder(name), n, k, losses, names, columns, ...(studies ? ["studies"] : []));
  const out = join(folder(name), "out");
  covey("report", out, "--lang", lang, "-q");
  return out;
}

export const urlOf = (out) => pathToFileURL(join(out, "report.html")).href;

export async function launch() {
  if (browser) return browser;
  if (!existsSync(CHROMIUM))
    throw new Error(`${CHROMIUM} is not there: 'make deps' installs Debian's chromium, COVEY_CHROMIUM names another`);
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  return browser;
}

/** Opens a page and keeps what it complains of (errors) and all it asks for beyond itself
 * (requests). @param {string} url @param {import("playwright-core").BrowserContextOptions} [options]
 * @param {(page: import("playwright-core").Page) => Promise<void>} [before] */
export async function open(url, options = {}, before = undefined) {
  const context = await (await launch()).newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const errors = [];
  const requests = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => {
    if (request.url() !== url && !/^(data|blob):/.test(request.url())) requests.push(request.url());
  });
  if (before) await before(page);
  await page.goto(url);
  return { page, errors, requests, close: () => context.close() };
}

/** Rows of a CSV as objects, by RFC 4180; bytes that are no UTF-8 come out as U+FFFD.
 * @param {string} path */
export function readCsv(path) {
  const text = existsSync(path) ? readFileSync(path, "utf8") : path;
  const rows = [];
  let row = [];
  let cell = "";
  let inside = false;
  for (let i = 0; i < text.length; ++i) {
    const c = text[i];
    if (inside && c === '"' && text[i + 1] === '"') {
      cell += '"';
      ++i;
    } else if (c === '"') inside = !inside;
    else if (inside || !/[,\r\n]/.test(c)) cell += c;
    else if (c !== "\r") {
      row.push(cell);
      cell = "";
      if (c === "\n") {
        rows.push(row);
        row = [];
      }
    }
  }
  const head = rows.shift();
  return rows.map((one) => Object.fromEntries(one.map((value, j) => [head[j], value])));
}

/** Rows of clusters.csv under one loss, numbers as numbers. @param {string} out @param {string} loss */
export const clusters = (out, loss) => readCsv(join(out, "clusters.csv"))
  .filter((one) => one.loss === loss)
  .map((one) => ({ ...one, row: Number(one.row), cluster: Number(one.cluster), rank: Number(one.rank),
    distance: Number(one.distance), weight: Number(one.weight), margin: Number(one.margin) }));

export const comparison = (out) => JSON.parse(readFileSync(join(out, "comparison.json"), "utf8"));
