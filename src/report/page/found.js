/* SPDX-License-Identifier: MIT */
/* How it was found: the rounds, how firmly photos sit, what the loss makes of distance, the choice
 * of k. */
import { addArea, addBar, addDot, addLine, addMark, frame } from "./charts.js";
import { data, groupName, members, say } from "./data.js";
import { byId } from "./dom.js";
import { quantile } from "./order.js";
import { fill, fixed, plain } from "./text.js";

const select = byId("found-loss");
const current = () => (select ? Number(select.value) : 0);
const four = (/** @type {number} */ v) => String(Number(v.toPrecision(4)));

/** @param {string} id @param {import("./charts.js").Frame[]} charts */
function put(id, charts) {
  const box = byId(id);
  box.textContent = "";
  box.append(...charts.map((chart) => chart.box));
}

function drawRounds() {
  const loss = data.losses[current()];
  const best = loss.history.find((one) => one.restart === loss.restart) || loss.history[0];
  const part = byId("part-chart-rounds");
  if (!part) return;
  part.hidden = !best;
  if (!best) return;
  const others = loss.history.filter((one) => one !== best);
  const longest = Math.max(...loss.history.map((one) => one.objective.length));
  const end = best.objective.length - 1;
  const charts = [
    { key: "objective", title: say.objective, alt: fill(say.objectiveAlt, loss.title,
      four(best.objective[0]), four(best.objective[end]), end + 1), log: false },
    { key: "shift", title: say.shift, alt: fill(say.shiftAlt, loss.title, four(best.shift[0]),
      four(best.shift[end])), log: true },
  ].map((o) => {
    const values = loss.history.flatMap((one) => one[o.key])
      .filter((/** @type {number|null} */ v) => v !== null && (!o.log || v > 0));
    const f = frame({ title: o.title, alt: o.alt, x: [1, Math.max(longest, 2)],
      y: values.length ? [Math.min(...values), Math.max(...values)] : [1, 10],
      xTitle: say.round, yTitle: o.title, log: o.log, whole: true });
    const points = (/** @type {(number|null)[]} */ list) => list.map((v, i) =>
      /** @type {[number, number|null]} */ ([i + 1, o.log && !(v > 0) ? null : v]));
    for (const one of others) addLine(f, points(one[o.key]), "faint");
    addLine(f, points(best[o.key]), "main");
    points(best[o.key]).forEach(([x, y]) => y !== null &&
      addDot(f, x, y, "dot", `${say.round} ${x}: ${four(y)}`));
    return f;
  });
  put("chart-rounds", charts);
}

function drawFirm() {
  if (!byId("chart-firm")) return;
  const loss = data.losses[current()];
  const margins = (/** @type {number[]} */ rows) => rows.map((row) => loss.margin[row] || 0);
  const every = margins(members[current()].slice(0, data.k).flat()).sort((a, b) => a - b);
  if (!every.length) return;
  const gap = Math.max(1, every.length / 150);
  let at = 0;
  const spans = members[current()].slice(0, data.k).map((rows, c) => {
    const sorted = margins(rows).sort((a, b) => b - a);
    const from = at;
    at += sorted.length + (sorted.length ? gap : 0);
    return { c, sorted, from };
  }).filter((span) => span.sorted.length);
  const f = frame({ title: loss.title, alt: fill(say.firmAlt, loss.title, fixed(quantile(every, 0.5)),
    fixed(quantile(every, 0.25))), x: [0, at - gap], y: [0, Math.max(every[every.length - 1], 0.05)],
  xTitle: say.groupsAxis, yTitle: say.margin, width: 860, height: 260 });
  for (const element of f.box.querySelectorAll(".axes text[text-anchor=middle]:not(.name), .axes .tick"))
    element.remove(); /* places along x are photos, not numbers */
  for (const { c, sorted, from } of spans) {
    const steps = sorted.flatMap((m, i) =>
      /** @type {[number, number][]} */ ([[from + i, m], [from + i + 1, m]]));
    addArea(f, steps, c % 2 ? "area odd" : "area", `${groupName(c)}: ${fixed(quantile(sorted.slice().reverse(), 0.5))}`);
    const middle = f.x(from + sorted.length / 2);
    if (f.x(from + sorted.length) - f.x(from) > 9 || spans.length < 30) {
      const label = document.createElementNS(f.plot.namespaceURI, "text");
      label.setAttribute("class", "under");
      label.setAttribute("x", String(middle));
      label.setAttribute("y", String(f.bottom + 15));
      label.setAttribute("text-anchor", "middle");
      label.textContent = String(c);
      f.plot.append(label);
    }
  }
  const median = quantile(every, 0.5);
  addLine(f, [[0, median], [at - gap, median]], "median");
  put("chart-firm", [f]);
  /* In a narrow window it scrolls sideways, from the keyboard too. */
  const box = byId("chart-firm");
  box.tabIndex = box.scrollWidth > box.clientWidth ? 0 : -1;
}

/* One chart for each loss, the same for every choice above. */
function drawCurves() {
  if (!byId("chart-curves")) return;
  put("chart-curves", data.losses.filter((loss) => loss.top).map((loss) => {
    const top = loss.top[0];
    const bins = loss.share.length;
    const highest = Math.max(...loss.share);
    const scales = loss.scales.map((v, i) => fill(say.scaleAt, loss.scaleNames[i], plain(v)));
    const f = frame({ title: loss.title, alt: fill(say.curvesAlt, loss.title, plain(top),
      scales.join(say.comma)), x: [0, top], y: [0, 1.15], xTitle: loss.radial ? say.residual : say.residualU,
    yTitle: "\u03c1, \u03c8, w", yTicks: 4 });
    loss.share.forEach((share, b) => addBar(f, (b * top) / bins, ((b + 1) * top) / bins,
      (0.92 * share) / highest, "bin", `${plain((b * top) / bins)} \u2013 ${plain(((b + 1) * top) / bins)}: ${(100 * share).toFixed(1)} %`));
    const points = (/** @type {number[]} */ list) => list.map((v, i) =>
      /** @type {[number, number]} */ ([(i * top) / (list.length - 1), v]));
    addLine(f, points(loss.rho), "rho");
    addLine(f, points(loss.psi), "psi");
    addLine(f, points(loss.curve), "weight");
    loss.scales.forEach((v, i) => v <= top && addMark(f, v, scales[i], i));
    return f;
  }));
}

function drawChoice() {
  if (!byId("chart-k")) return;
  const table = data.kTable;
  put("chart-k", ["silhouette", "calinski", "elbow", "stability"].map((key) => {
    const points = table.k.map((k, i) => /** @type {[number, number|null]} */ ([k, table[key][i]]));
    const known = points.filter((p) => p[1] !== null);
    if (!known.length) return null;
    const values = known.map((p) => p[1]);
    const best = known[values.indexOf(Math.max(...values))][0];
    const f = frame({ title: say[key], alt: fill(say.kAlt, say[key], best, data.kChosen),
      x: [table.k[0], table.k[table.k.length - 1]], y: [Math.min(...values), Math.max(...values)],
      xTitle: say.groupsAxis, yTitle: say[key], whole: true });
    addLine(f, points, "main");
    for (const [k, v] of known) {
      addDot(f, k, v, "dot", `${k}: ${four(v)}`);
      if (k === data.kChosen) addDot(f, k, v, "ring", fill(say.chosenK, k));
    }
    return f;
  }).filter(Boolean));
}

function drawChosen() {
  drawRounds();
  drawFirm();
}

/* Charts are drawn when their part comes near: a page of many photos opens sooner. */
function drawWhenNear(id, draw) {
  const part = byId(id);
  if (!part) return;
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    draw();
  }, { rootMargin: "800px" });
  watcher.observe(part);
}

if (byId("found-how") && data.losses.length) {
  if (select) {
    select.selectedIndex = 0;
    select.addEventListener("change", drawChosen);
  }
  drawWhenNear("found-how", () => {
    drawChosen();
    drawCurves();
    drawChoice();
  });
  addEventListener("beforeprint", () => {
    drawChosen();
    drawCurves();
    drawChoice();
  });
}
