/* SPDX-License-Identifier: MIT */
/* The map: points on a canvas, their pictures where there is room, and the true distances of the
 * one that is looked at. */
import { quadtree } from "d3-quadtree";
import { select } from "d3-selection";
import { zoom, zoomIdentity } from "d3-zoom";
import { data, groupName, members, say } from "./data.js";
import { byId, make } from "./dom.js";
import { name, picture, source } from "./photos.js";
import { ahead, chord, HUES, look, middle, withRoom } from "./place.js";
import { openPhoto } from "./sheet.js";
import { fill, fixed, plain } from "./text.js";

const EDGE = 10000; /* of the places in the data */
const MANY = 20000; /* from here on, points are squares without outlines */
const NEAR_SHOWN = 5;

/** @type {HTMLCanvasElement} */
const canvas = byId("map-canvas");
const info = byId("map-info");
const pen = canvas && canvas.getContext("2d");
const undecided = new Set(data.undecided);
let places = data.maps[data.maps.length - 1];
let loss = 0;
let bright = ""; /* the group brought out, "u": the undecided, "": all */
let seen = -1; /* the row that is looked at */
let view = zoomIdentity;
let [width, height, base] = [0, 0, 1];
/** @type {Record<string, string>} */
let colours = {};
/** @type {any} */
let tree = null;
/** @type {Map<number, HTMLImageElement>} */
const images = new Map();
let waiting = false;

const screenX = (/** @type {number} */ row) => view.applyX(places.x[row] * base + left());
const screenY = (/** @type {number} */ row) => view.applyY(places.y[row] * base + top());
let [spanX, spanY] = [1, 1];
const left = () => (width - spanX * base) / 2;
const top = () => (height - spanY * base) / 2;

function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    draw();
  });
}

/** @param {number} row */
const isBright = (row) => bright === "" || (bright === "u" ? undecided.has(row)
  : data.losses[loss].label[row] === Number(bright));

function readColours() {
  const style = getComputedStyle(canvas.parentElement);
  colours = {};
  for (const key of ["ink", "soft", "line", "card", "accent", "warm"])
    colours[key] = style.getPropertyValue("--" + key).trim();
  for (let h = 0; h < HUES; ++h) colours["h" + h] = style.getPropertyValue("--h" + h).trim();
}

/** Adds one mark to the path. @param {number} shape @param {number} x @param {number} y
 * @param {number} r */
function mark(shape, x, y, r) {
  if (shape === 0) {
    pen.moveTo(x + r, y);
    pen.arc(x, y, r, 0, 7);
  } else if (shape === 1) pen.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r);
  else if (shape === 4) {
    const [a, b] = [1.15 * r, 0.4 * r];
    for (const [i, [p, q]] of [[-b, -a], [b, -a], [b, -b], [a, -b], [a, b], [b, b], [b, a], [-b, a],
      [-b, b], [-a, b], [-a, -b], [-b, -b]].entries())
      pen[i ? "lineTo" : "moveTo"](x + p, y + q);
    pen.closePath();
  } else {
    const corners = shape === 2 ? [[0, -1.25], [1.1, 0.8], [-1.1, 0.8]]
      : [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]];
    corners.forEach(([p, q], i) => pen[i ? "lineTo" : "moveTo"](x + p * r, y + q * r));
    pen.closePath();
  }
}

const onScreen = (/** @type {number} */ x, /** @type {number} */ y) =>
  x > -40 && y > -40 && x < width + 40 && y < height + 40;

/** One group's points. @param {number[]} rows @param {number} c */
function drawPoints(rows, c) {
  const apart = c === data.k;
  const { hue, shape } = look(c);
  const r = Math.min(7, (data.n > MANY ? 1 : data.n > 2000 ? 2.2 : 4) * Math.sqrt(view.k) ** 0.7);
  for (const shown of [false, true]) {
    pen.beginPath();
    for (const row of rows) {
      if (isBright(row) !== shown) continue;
      const x = screenX(row);
      const y = screenY(row);
      if (!onScreen(x, y)) continue;
      if (data.n > MANY && r < 3) pen.rect(x - r, y - r, 2 * r, 2 * r);
      else mark(apart ? 4 : shape, x, y, r);
    }
    pen.globalAlpha = shown ? 0.9 : 0.13;
    pen.fillStyle = apart ? colours.soft : colours["h" + hue];
    pen.fill();
    if (shown && (data.n <= MANY || r >= 3)) {
      pen.strokeStyle = colours.card;
      pen.lineWidth = 0.8;
      pen.stroke();
    }
  }
  pen.globalAlpha = 1;
}

/** A picture once it is there. @param {number} row */
function imageOf(row) {
  let image = images.get(row);
  if (!image) {
    image = new Image();
    image.onload = redraw;
    image.src = source(row);
    images.set(row, image);
  }
  return image.complete && image.naturalWidth ? image : null;
}

function drawPictures() {
  if (!source(0) && !source(data.n - 1)) return;
  const size = Math.min(92, 42 * Math.sqrt(view.k));
  const reach = view.k < 1.6 ? 0 : Infinity; /* covers alone, seen from afar */
  const rows = [];
  for (const group of members[loss].slice(0, data.k))
    for (const [rank, row] of group.entries()) {
      if (rank > reach) break;
      if (isBright(row) && onScreen(screenX(row), screenY(row)) && source(row)) rows.push(row);
    }
  rows.sort((a, b) => data.losses[loss].rank[a] - data.losses[loss].rank[b] || a - b);
  for (const row of withRoom(rows, (r) => [screenX(r), screenY(r)], size + 6, 160)) {
    const image = imageOf(row);
    if (!image) continue;
    const side = Math.min(image.naturalWidth, image.naturalHeight);
    const [x, y] = [screenX(row) - size / 2, screenY(row) - size / 2];
    pen.drawImage(image, (image.naturalWidth - side) / 2, (image.naturalHeight - side) / 2, side,
      side, x, y, size, size);
    pen.lineWidth = 2.5;
    pen.strokeStyle = colours["h" + look(data.losses[loss].label[row]).hue];
    pen.strokeRect(x, y, size, size);
  }
}

/** @param {string} text @param {number} x @param {number} y @param {string} font */
function write(text, x, y, font) {
  pen.font = font;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineWidth = 4;
  pen.lineJoin = "round";
  pen.strokeStyle = colours.card;
  pen.strokeText(text, x, y);
  pen.fillStyle = colours.ink;
  pen.fillText(text, x, y);
}

function drawNumbers() {
  const gap = source(0) ? 21 * Math.sqrt(view.k) + 10 : 0;
  for (let c = 0; c < data.k; ++c) {
    const rows = members[loss][c];
    if (!rows.length || (bright !== "" && bright !== "u" && Number(bright) !== c)) continue;
    const row = source(0) ? rows[0] : middle(rows, places.x, places.y);
    const [x, y] = [screenX(row), screenY(row)];
    if (onScreen(x, y)) write(String(c), x, y - Math.min(gap, 57), "700 14px system-ui,sans-serif");
  }
}

/** @param {number} row @returns {{row: number, away: number}[]} */
function nearest(row) {
  const list = [];
  for (let j = 0; j < Math.min(NEAR_SHOWN, data.nearCount); ++j) {
    const other = data.near[row * data.nearCount + j];
    if (other !== undefined && other >= 0)
      list.push({ row: other, away: chord(data.nearness[row * data.nearCount + j]) });
  }
  return list;
}

function drawSeen() {
  if (seen < 0) return;
  const [x, y] = [screenX(seen), screenY(seen)];
  for (const { row, away } of nearest(seen)) {
    const [px, py] = [screenX(row), screenY(row)];
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(px, py);
    pen.lineWidth = 3.5;
    pen.strokeStyle = colours.card;
    pen.stroke();
    pen.lineWidth = 1.6;
    pen.strokeStyle = colours.warm;
    pen.stroke();
    pen.beginPath();
    pen.arc(px, py, 6, 0, 7);
    pen.stroke();
    if (Math.hypot(px - x, py - y) > 46)
      write(fixed(away), (x + 2 * px) / 3, (y + 2 * py) / 3, "600 12px system-ui,sans-serif");
  }
  pen.beginPath();
  pen.arc(x, y, 9, 0, 7);
  pen.lineWidth = 3;
  pen.strokeStyle = colours.ink;
  pen.stroke();
}

function draw() {
  const ratio = devicePixelRatio || 1;
  if (!colours.ink) readColours();
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  members[loss].forEach(drawPoints);
  drawPictures();
  drawNumbers();
  drawSeen();
}

/** Shows in words what the ring on the map is around. @param {number} row */
function lookAt(row) {
  if (row === seen) return;
  seen = row;
  info.textContent = "";
  redraw();
  if (row < 0) {
    info.append(make("p", "soft", say.mapHint));
    return;
  }
  const one = data.losses[loss];
  if (source(row)) info.append(picture(row, "big"));
  const title = make("strong", "", name(row));
  title.dir = "auto";
  info.append(title, make("div", "soft", [groupName(one.label[row]),
    fill(say.mapFar, plain(one.distance[row]))].join(say.comma)));
  const list = make("ol");
  for (const { row: other, away } of nearest(row)) {
    const item = make("li");
    if (source(other)) item.append(picture(other));
    item.append(make("span", "", name(other)), make("b", "data", fixed(away)));
    list.append(item);
  }
  if (list.children.length) info.append(make("h4", "", say.mapNear), list);
}

function note() {
  byId("map-note").textContent = [places.name === "pca" ? fill(say.mapPca, data.mapShare) : say.mapTsne,
    places.trust ? fill(say.mapTrust, places.trust) : ""].join(" ");
}

function take() {
  spanX = places.x.reduce((a, b) => Math.max(a, b), 1);
  spanY = places.y.reduce((a, b) => Math.max(a, b), 1);
  tree = quadtree().x((/** @type {any} */ row) => places.x[row]).y((/** @type {any} */ row) => places.y[row])
    .addAll(/** @type {any} */ (Array.from({ length: data.n }, (_, i) => i)));
  note();
}

function fit() {
  const box = canvas.parentElement.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  width = box.width;
  height = box.height;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  base = Math.max(0.001, Math.min((width - 72) / spanX, (height - 72) / spanY));
  redraw();
}

/** The row under the pointer, -1 for none. @param {number} x @param {number} y */
function rowAt(x, y) {
  const scale = base * view.k;
  const [px, py] = view.invert([x, y]);
  const found = tree.find((px - left()) / base, (py - top()) / base, Math.max(16, EDGE * base * 0.004) / scale);
  return found === undefined ? -1 : found;
}

function setUp() {
  const surface = select(canvas);
  const behaviour = zoom().scaleExtent([0.7, 60])
    /* The wheel scrolls the page, unless Ctrl is held (or a trackpad is pinched); one finger too. */
    .filter((event) => event.type === "wheel" ? event.ctrlKey
      : event.type.startsWith("touch") ? event.touches.length > 1 || view.k > 1.01 : !event.button)
    .on("zoom", (event) => {
      view = event.transform;
      canvas.style.touchAction = view.k > 1.01 ? "none" : "pan-y";
      redraw();
    });
  surface.call(behaviour).on("dblclick.zoom", null);
  const by = (/** @type {number} */ factor) => surface.call(behaviour.scaleBy, factor);
  byId("map-in").addEventListener("click", () => by(1.6));
  byId("map-out").addEventListener("click", () => by(1 / 1.6));
  const reset = () => surface.call(behaviour.transform, zoomIdentity);
  byId("map-reset").addEventListener("click", reset);
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons) return;
    const box = canvas.getBoundingClientRect();
    const row = rowAt(event.clientX - box.left, event.clientY - box.top);
    if (row >= 0) lookAt(row);
  });
  /** @type {[number, number]} */
  let pressed = [0, 0];
  canvas.addEventListener("pointerdown", (event) => {
    pressed = [event.clientX, event.clientY];
  });
  canvas.addEventListener("click", (event) => {
    if (Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) > 4) return;
    const box = canvas.getBoundingClientRect();
    const row = rowAt(event.clientX - box.left, event.clientY - box.top);
    if (row < 0) return;
    const again = row === seen;
    lookAt(row);
    /* A finger looks first and opens with the second tap; a mouse has looked already. */
    if (again) openPhoto(row);
  });
  canvas.addEventListener("keydown", (event) => {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[/** @type {keyof typeof ways} */ (event.key)];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (way) {
      const next = seen < 0 ? Math.max(0, members[loss].flat()[0])
        : ahead(seen, way[0], way[1], places.x, places.y);
      if (next >= 0) {
        lookAt(next);
        const inside = screenX(next) > 20 && screenX(next) < width - 20 && screenY(next) > 20 && screenY(next) < height - 20;
        if (!inside) surface.call(behaviour.translateTo, places.x[next] * base + left(), places.y[next] * base + top());
      }
    } else if (event.key === "Enter" && seen >= 0) openPhoto(seen);
    else if (event.key === "+" || event.key === "=") by(1.6);
    else if (event.key === "-") by(1 / 1.6);
    else if (event.key === "0") reset();
    else return;
    event.preventDefault();
  });
  const choose = (/** @type {string} */ id, /** @type {(value: string) => void} */ does) => {
    const control = byId(id);
    if (!control) return;
    control.selectedIndex = 0;
    control.addEventListener("change", () => {
      does(control.value);
      redraw();
    });
  };
  choose("map-which", (value) => {
    places = data.maps[Number(value)];
    take();
    fit();
    reset();
  });
  choose("map-loss", (value) => {
    loss = Number(value);
    const row = seen;
    seen = -2;
    lookAt(row);
  });
  choose("map-group", (value) => {
    bright = value;
  });
}

if (canvas && data.maps.length) {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    take();
    setUp();
    seen = -2;
    lookAt(-1);
    new ResizeObserver(fit).observe(canvas.parentElement);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      colours = {};
      redraw();
    });
  }, { rootMargin: "600px" });
  watcher.observe(canvas);
}
