/* SPDX-License-Identifier: MIT */
/* Charts as SVG: a frame with axes, and lines, bars and areas in it. Colours and dashes are classes
 * of the style, so that charts follow the theme and the printer. */
import { scaleLinear, scaleLog } from "d3-scale";
import { area, line } from "d3-shape";
import { make } from "./dom.js";

const WIDTH = 420;
const HEIGHT = 250;
const MARGIN = { top: 14, right: 14, bottom: 40, left: 56 };

/** @param {string} tag @param {Record<string, string|number>} attributes @param {string} [text] */
export function svg(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** @typedef {object} Frame
 * @property {HTMLElement} box to put into the page
 * @property {SVGElement} plot marks go here
 * @property {any} x @property {any} y scales from data to the drawing
 * @property {number} left @property {number} right @property {number} top @property {number} bottom */

/** An empty chart.
 * @param {{title: string, alt: string, x: [number, number], y: [number, number], xTitle: string,
 *   yTitle: string, log?: boolean, whole?: boolean, width?: number, height?: number,
 *   yTicks?: number}} o
 *   whole: x has whole numbers only
 * @returns {Frame} */
export function frame(o) {
  const width = o.width || WIDTH;
  const height = o.height || HEIGHT;
  const [left, right, top, bottom] =
    [MARGIN.left, width - MARGIN.right, MARGIN.top, height - MARGIN.bottom];
  const x = scaleLinear().domain(o.x[0] === o.x[1] ? [o.x[0] - 1, o.x[1] + 1] : o.x)
    .range([left, right]);
  const y = (o.log ? scaleLog() : scaleLinear())
    .domain(o.y[0] === o.y[1] ? [o.y[0] * 0.9 - (o.y[0] ? 0 : 1), o.y[1] * 1.1 + (o.y[1] ? 0 : 1)] : o.y)
    .nice().range([bottom, top]);
  const box = make("figure", "chart");
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": o.alt });
  const axes = svg("g", { class: "axes" });
  const xTicks = x.ticks(o.whole ? Math.min(8, o.x[1] - o.x[0]) : 6)
    .filter((t) => !o.whole || Number.isInteger(t));
  const format = x.tickFormat(6);
  for (const t of xTicks) {
    axes.append(svg("line", { class: "tick", x1: x(t), x2: x(t), y1: bottom, y2: bottom + 4 }),
      svg("text", { x: x(t), y: bottom + 17, "text-anchor": "middle" }, o.whole ? String(t) : format(t)));
  }
  const ticks = y.ticks(o.yTicks || 5);
  const step = o.log ? Math.ceil(ticks.length / 6) : 1;
  const yFormat = o.log ? (/** @type {number} */ t) => t.toExponential(0).replace("e+", "e") : y.tickFormat(o.yTicks || 5);
  ticks.filter((t) => !o.log || Number.isInteger(Math.log10(t) + 1e-9) || Math.abs(Math.log10(t) % 1) < 1e-9)
    .filter((_, i, powers) => !o.log || i % Math.ceil(powers.length / 6) === 0 || step < 1)
    .forEach((t) => axes.append(
      svg("line", { class: "grid", x1: left, x2: right, y1: y(t), y2: y(t) }),
      svg("text", { x: left - 7, y: y(t), dy: "0.32em", "text-anchor": "end" }, yFormat(t))));
  axes.append(svg("line", { class: "base", x1: left, x2: right, y1: bottom, y2: bottom }),
    svg("text", { class: "name", x: (left + right) / 2, y: height - 6, "text-anchor": "middle" }, o.xTitle),
    svg("text", { class: "name", x: 0, y: 0, "text-anchor": "middle",
      transform: `translate(12 ${(top + bottom) / 2}) rotate(-90)` }, o.yTitle));
  const plot = /** @type {SVGElement} */ (svg("g", { class: "plot" }));
  drawing.append(axes, plot);
  box.append(make("figcaption", "", o.title), drawing);
  return { box, plot, x, y, left, right, top, bottom };
}

/** A line through points; gaps where y is not a number. @param {Frame} f
 * @param {[number, number|null][]} points @param {string} className */
export function addLine(f, points, className) {
  const [low, high] = f.y.domain();
  const within = (/** @type {number} */ v) => Math.min(Math.max(v, Math.min(low, high)), Math.max(low, high));
  const path = line().defined((p) => p[1] !== null && Number.isFinite(p[1]))
    .x((p) => f.x(p[0])).y((p) => f.y(within(p[1])));
  f.plot.append(svg("path", { class: className, d: path(/** @type {any} */ (points)) || "" }));
}

/** The area under points. @param {Frame} f @param {[number, number][]} points
 * @param {string} className @param {string} title */
export function addArea(f, points, className, title) {
  const shape = area().x((p) => f.x(p[0])).y0(f.bottom).y1((p) => f.y(p[1]));
  const path = svg("path", { class: className, d: shape(points) || "" });
  path.append(svg("title", {}, title));
  f.plot.append(path);
}

/** @param {Frame} f @param {number} from @param {number} to @param {number} y
 * @param {string} className @param {string} title */
export function addBar(f, from, to, y, className, title) {
  const bar = svg("rect", { class: className, x: f.x(from) + 0.5,
    width: Math.max(f.x(to) - f.x(from) - 1, 0.5), y: f.y(y), height: Math.max(f.bottom - f.y(y), 0) });
  bar.append(svg("title", {}, title));
  f.plot.append(bar);
}

/** @param {Frame} f @param {number} x @param {number} y @param {string} className
 * @param {string} title */
export function addDot(f, x, y, className, title) {
  const dot = svg("circle", { class: className, cx: f.x(x), cy: f.y(y), r: className.includes("ring") ? 6 : 3 });
  dot.append(svg("title", {}, title));
  f.plot.append(dot);
}

/** An upright line with a word. @param {Frame} f @param {number} x @param {string} text
 * @param {number} place from the top, in lines */
export function addMark(f, x, text, place) {
  const late = f.x(x) > (f.left + f.right) / 2;
  f.plot.append(svg("line", { class: "scale", x1: f.x(x), x2: f.x(x), y1: f.top, y2: f.bottom }),
    svg("text", { class: "scale-name", x: f.x(x) + (late ? -5 : 5), y: f.top + 10 + 14 * place,
      "text-anchor": late ? "end" : "start" }, text));
}
