/* SPDX-License-Identifier: MIT */
/* The landscape of a centre, and solvers on their way down: play, step, reset. */
import { contours } from "d3-contour";
import { addLine, frame, svg } from "./charts.js";
import { data, say } from "./data.js";
import { aboveLeast, duration, levels, standing } from "./descent.js";
import { byId, make } from "./dom.js";
import { count, fill } from "./text.js";

const SIZE = 420;
const EDGE = 8;
const LEVELS = 13;
const slider = byId("land-at");
const play = byId("land-play");
const select = byId("land-loss");
let which = data.landscapes.findIndex((one) => one);
let moment = 0;
/** @type {ReturnType<typeof setTimeout>|undefined} */
let ticking;
/** @type {{line: SVGElement, head: SVGElement, path: import("./descent.js").Path}[]} */
let ways = [];
/** @type {SVGElement|null} */
let now = null;
/** @type {import("./charts.js").Frame|null} */
let falls = null;

const across = (/** @type {number} */ u) => EDGE + ((u / 1e4 + 1) / 2) * (SIZE - 2 * EDGE);
const down = (/** @type {number} */ v) => EDGE + ((1 - v / 1e4) / 2) * (SIZE - 2 * EDGE);
const kind = (/** @type {string} */ solver) =>
  ({ descent: "way", irls: "way irls", lbfgs: "way lbfgs" })[solver] || "way";
const solverName = (/** @type {string} */ solver) =>
  ({ descent: say.landDescent, irls: "IRLS", lbfgs: "L-BFGS" })[solver] || solver;

function drawGround(land) {
  const drawing = svg("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, role: "img", class: "ground",
    "aria-label": fill(say.landAlt, data.losses[which].title) });
  const scale = (SIZE - 2 * EDGE) / (land.side - 1);
  for (const [i, shape] of contours().size([land.side, land.side]).thresholds(levels(9999, LEVELS))(land.grid).entries()) {
    const d = shape.coordinates.map((rings) => rings.map((ring) => "M" + ring.map(([x, y]) =>
      `${(EDGE + (x - 0.5) * scale).toFixed(1)} ${(SIZE - EDGE - (y - 0.5) * scale).toFixed(1)}`).join("L") + "Z").join("")).join("");
    drawing.append(svg("path", { class: "level l" + i, d }));
  }
  drawing.append(svg("path", { class: "goal", d: `M${SIZE / 2 - 7} ${SIZE / 2}h14M${SIZE / 2} ${SIZE / 2 - 7}v14` }));
  ways = land.paths.map((path) => {
    const start = path.steps[0];
    const line = /** @type {SVGElement} */ (svg("path", { class: kind(path.solver) }));
    const head = /** @type {SVGElement} */ (path.solver === "descent" ? svg("circle", { r: 5, class: "head" })
      : svg("path", { class: "head", d: path.solver === "irls" ? "M-6-5H6L0 7Z" : "M-6 0L0-7 6 0 0 7Z" }));
    drawing.append(svg("circle", { class: "origin", cx: across(start[1]), cy: down(start[2]), r: 3 }), line, head);
    return { line, head, path };
  });
  const box = make("figure", "chart");
  box.append(make("figcaption", "", fill(say.landTitle, data.losses[which].title)), drawing);
  const legend = make("p", "legend");
  for (const solver of new Set(land.paths.map((path) => path.solver))) {
    const sample = svg("svg", { viewBox: "0 0 34 14", "aria-hidden": "true" });
    sample.append(svg("path", { class: kind(/** @type {string} */ (solver)), d: "M1 7H33" }));
    const item = make("span");
    item.append(sample, solverName(/** @type {string} */ (solver)));
    legend.append(item);
  }
  box.append(legend);
  return box;
}

function drawFalls(land) {
  const list = aboveLeast(land.paths, 1e-9);
  const every = list.flatMap((one) => one.above.map((p) => p[1]));
  falls = frame({ title: say.landFalls, alt: fill(say.landFallsAlt, data.losses[which].title),
    x: [0, duration(land.paths)], y: [Math.min(...every), Math.max(...every)], log: true, whole: true,
    xTitle: say.landStepAxis, yTitle: say.landAbove, height: 440 });
  for (const { path, above } of list) addLine(falls, above, kind(path.solver));
  now = /** @type {SVGElement} */ (svg("line", { class: "now", y1: falls.top, y2: falls.bottom }));
  falls.plot.append(now);
  return falls.box;
}

function show() {
  for (const { line, head, path } of ways) {
    const at = standing(path, moment);
    line.setAttribute("d", "M" + path.steps.slice(0, at + 1).map((s) => `${across(s[1]).toFixed(1)} ${down(s[2]).toFixed(1)}`).join("L"));
    head.setAttribute("transform", `translate(${across(path.steps[at][1]).toFixed(1)} ${down(path.steps[at][2]).toFixed(1)})`);
  }
  const x = falls.x(moment);
  now.setAttribute("x1", x);
  now.setAttribute("x2", x);
  slider.value = String(moment);
  slider.setAttribute("aria-valuetext", fill(say.landMoment, count(moment), count(Number(slider.max))));
}

function stop() {
  clearTimeout(ticking);
  ticking = undefined;
  play.textContent = say.landPlay;
}

function tick() {
  if (moment >= Number(slider.max)) return stop();
  moment += 1;
  show();
  ticking = setTimeout(tick, Math.max(45, 320 - 16 * moment));
}

function take() {
  const land = data.landscapes[which];
  stop();
  slider.max = String(duration(land.paths));
  const box = byId("land-charts");
  box.textContent = "";
  box.append(drawGround(land), drawFalls(land));
  moment = Number(slider.max);
  const done = land.paths.filter((path) => path.solver === "descent");
  byId("land-sum").textContent = fill(say.landSum, count(land.rows),
    count(done.filter((path) => path.converged).length), count(done.length));
  show();
}

if (slider && which >= 0) {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    if (select) {
      /* First the one with the longest way: the square loss is there after a step. */
      const lengths = data.landscapes.map((land) => (land ? duration(land.paths) : 0));
      which = lengths.indexOf(Math.max(...lengths));
      select.value = String(which);
      select.addEventListener("change", () => {
        which = Number(select.value);
        take();
      });
    }
    play.addEventListener("click", () => {
      if (ticking !== undefined) return stop();
      if (moment >= Number(slider.max)) moment = -1;
      play.textContent = say.landPause;
      return tick();
    });
    byId("land-step").addEventListener("click", () => {
      stop();
      moment = moment >= Number(slider.max) ? 0 : moment + 1;
      show();
    });
    byId("land-reset").addEventListener("click", () => {
      stop();
      moment = 0;
      show();
    });
    slider.addEventListener("input", () => {
      stop();
      moment = Number(slider.value);
      show();
    });
    take();
  }, { rootMargin: "800px" });
  watcher.observe(byId("land"));
}
