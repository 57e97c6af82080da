/* SPDX-License-Identifier: MIT */
/* The robustness dial: one slider over the frames that were computed with the run. */
import { barronWeight, lightest, newCovers, packs } from "./barron.js";
import { addBar, addLine, addMark, frame as chart, svg } from "./charts.js";
import { data, groupName, plural, say } from "./data.js";
import { byId, make } from "./dom.js";
import { name, picture, source } from "./photos.js";
import { count, fill, fixed, plain } from "./text.js";

const dial = data.dial;
const slider = byId("dial-at");
const SINKING = 12;
const POINTS = 61;

const sign = (/** @type {number|null} */ alpha) =>
  (alpha === null ? "\u2212\u221e" : String(alpha).replace("-", "\u2212"));

/** The member of the family that an alpha is, "" between them. @param {number|null} alpha */
function known(alpha) {
  const names = say.dialNames.split("|");
  return names[[2, 1, 0, -2, null].indexOf(/** @type {any} */ (alpha))] || "";
}

/** "α = 0: Cauchy" @param {number|null} alpha */
const title = (alpha) => {
  const member = known(alpha);
  const ltr = "\u2066" + sign(alpha) + "\u2069"; /* a number keeps its sign on its left in any text */
  return member ? fill(say.dialAt, ltr, member) : fill(say.dialAt, ltr, say.dialBetween);
};

function thumb(row) {
  const link = make("a", "thumb");
  link.href = "#p" + row;
  link.dataset.p = row;
  link.title = name(row);
  link.setAttribute("aria-label", name(row));
  if (source(row)) link.append(picture(row));
  else link.append(make("span", "nm", name(row)));
  return link;
}

/* ---- the curve ------------------------------------------------------------------------------ */

/** @type {SVGElement|null} */
let bold = null;
/** @type {import("./charts.js").Frame|null} */
let curve = null;

function curvePoints(alpha, top) {
  return Array.from({ length: POINTS }, (_, i) => {
    const r = (i * top) / (POINTS - 1);
    return /** @type {[number, number]} */ ([r, barronWeight(r, dial.c, alpha)]);
  });
}

function drawCurve(alpha) {
  const shown = data.losses.find((loss) => loss.top && (loss.radial || loss.name === "square"));
  const top = shown ? shown.top[0] : 3 * dial.c;
  if (!curve) {
    curve = chart({ title: say.dialCurve, alt: fill(say.dialCurveAlt, plain(dial.c)), x: [0, top],
      y: [0, 1.05], xTitle: say.residual, yTitle: say.weight, yTicks: 4 });
    const highest = shown ? Math.max(...shown.share) : 1;
    if (shown) shown.share.forEach((share, b) => addBar(curve, (b * top) / shown.share.length,
      ((b + 1) * top) / shown.share.length, (0.92 * share) / highest, "bin",
      `${(100 * share).toFixed(1)} %`));
    for (const one of dial.frames) addLine(curve, curvePoints(one.alpha, top), "faint");
    if (dial.c <= top) addMark(curve, dial.c, fill(say.scaleAt, "c", plain(dial.c)), 0);
    byId("dial-curve").append(curve.box);
  }
  if (bold) bold.remove();
  addLine(curve, curvePoints(alpha, top), "weight");
  bold = /** @type {SVGElement} */ (curve.plot.lastElementChild);
}

/* ---- the groups ----------------------------------------------------------------------------- */

/** @type {{box: any, cover: any, row: number, mark: any, size: any, area: SVGElement, least: any}[]} */
let cards = [];

function makeCards() {
  const list = byId("dial-packs");
  cards = dial.frames[0].sizes.map((_, c) => {
    const box = make("li");
    const cover = make("div", "face");
    const words = make("div", "words");
    const link = make("a", "", groupName(c));
    link.href = "#g" + c;
    const size = make("span", "sub");
    const mark = make("span", "badge", say.dialNewCover);
    const drawing = svg("svg", { viewBox: "0 0 100 30", preserveAspectRatio: "none", "aria-hidden": "true" });
    const area = /** @type {SVGElement} */ (svg("path", { class: "pack" }));
    const least = make("span", "sub");
    drawing.append(area);
    words.append(link, size, drawing, least, mark);
    box.append(cover, words);
    list.append(box);
    return { box, cover, row: -2, mark, size, area, least };
  });
}

function drawCards(frame) {
  const first = dial.frames[0];
  packs(frame).forEach((places, c) => {
    const card = cards[c];
    const row = frame.covers[c];
    if (card.row !== row) {
      card.cover.textContent = "";
      if (row >= 0) card.cover.append(thumb(row));
      card.row = row;
    }
    card.mark.hidden = row === first.covers[c];
    card.box.classList.toggle("is-new", !card.mark.hidden);
    card.size.textContent = plural(frame.sizes[c]);
    const width = places.length ? 100 / places.length : 0;
    card.area.setAttribute("d", "M0 30" + places.map((p, i) =>
      `V${(30 - 0.03 * frame.weights[p]).toFixed(2)}H${((i + 1) * width).toFixed(2)}`).join("") + "V30Z");
    const last = places[places.length - 1];
    card.least.textContent = last === undefined ? "" : fill(say.dialLeast, fixed(frame.weights[last] / 1000));
  });
}

function drawSinking(frame) {
  const list = byId("dial-sink");
  list.textContent = "";
  const places = frame.alpha === 2 ? [] : lightest(frame, SINKING);
  for (const place of places) {
    const row = dial.rows[place];
    const item = make("li");
    const bar = svg("svg", { class: "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" });
    bar.append(svg("rect", { class: "bt", width: 100, height: 4 }),
      svg("rect", { class: "bf", width: frame.weights[place] / 10, height: 4 }));
    item.append(thumb(row), bar, make("b", "data", fixed(frame.weights[place] / 1000)),
      make("span", "sub", groupName(frame.labels[place])));
    list.append(item);
  }
  if (!places.length) list.append(make("li", "none", say.dialAllEqual));
}

function turn() {
  const frame = dial.frames[Number(slider.value)];
  slider.setAttribute("aria-valuetext", title(frame.alpha));
  const sum = byId("dial-sum");
  sum.textContent = "";
  sum.append(make("strong", "", title(frame.alpha)), " ", frame === dial.frames[0] ? say.dialStart
    : fill(say.dialSum, plural(frame.moved), count(newCovers(frame, dial.frames[0])),
      count(frame.covers.filter((row) => row >= 0).length)));
  drawCurve(frame.alpha);
  drawSinking(frame);
  drawCards(frame);
}

if (slider && dial) {
  slider.value = "0";
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    makeCards();
    turn();
    slider.addEventListener("input", turn);
  }, { rootMargin: "800px" });
  watcher.observe(byId("dial"));
}
