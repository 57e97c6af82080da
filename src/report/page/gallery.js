/* SPDX-License-Identifier: MIT */
/* The gallery: under which loss, which photos, in which order. */
import { data, members, plural, say } from "./data.js";
import { all, byId } from "./dom.js";
import { outliers, sorted } from "./order.js";
import { figures, name } from "./photos.js";
import { addBox, onPick, pick, picked, setUp } from "./pick.js";
import { count, fill, fixed, plain } from "./text.js";

let current = 0;
const order = byId("sort");
const find = byId("find");
const show = byId("show");
const only = byId("only");
const undecided = new Set(data.undecided);
/** @type {Set<number>[]} */
const far = [];

function figureOf(row) {
  let figure = figures.get(row);
  if (figure || !figures.size) return figure;
  figure = figures.values().next().value.cloneNode(true);
  figure.id = "p" + row;
  figure.querySelector(".nm").firstChild.textContent = fill(say.row, count(row));
  figures.set(row, figure);
  addBox(figure, row);
  return figure;
}

function dress(figure, row, loss) {
  figure.classList.toggle("is-cover", loss.label[row] >= 0 && loss.rank[row] === 0);
  figure.classList.toggle("is-picked", picked.has(row));
  const weight = loss.weight[row] || 0;
  figure.querySelector(".bf").setAttribute("width", Math.round(100 * weight));
  figure.querySelector(".w").textContent = fixed(loss.weight[row]);
  figure.querySelector(".m").textContent = fixed(loss.margin[row]);
  figure.querySelector(".d").textContent = plain(loss.distance[row]);
}

function arrange() {
  const loss = data.losses[current];
  for (const group of all("details.group")) {
    const rows = sorted(members[current][Number(group.dataset.c)], order.value, loss, name);
    const shown = data.cap ? rows.slice(0, data.cap) : rows;
    const fragment = document.createDocumentFragment();
    for (const row of shown) {
      const figure = figureOf(row);
      dress(figure, row, loss);
      fragment.append(figure);
    }
    const photos = group.querySelector(".photos");
    photos.textContent = "";
    photos.append(fragment);
    group.classList.toggle("by-distance", order.value === "distance");
    group.querySelector(".size").textContent = plural(rows.length);
    group.querySelector(".more").textContent =
      shown.length < rows.length ? fill(say.more, count(rows.length - shown.length)) : "";
    group.toggleAttribute("data-empty", rows.length === 0);
  }
  filter();
}

/** The rows that a choice of "Show" lets through; null: all. */
function chosen() {
  const value = show ? show.value : "";
  if (value === "undecided") return undecided;
  if (value === "picked") return picked;
  if (value !== "outliers") return null;
  if (!far[current]) far[current] = outliers(data.losses[current], members[current]);
  return far[current];
}

function filter() {
  const words = find.value.trim().toLocaleLowerCase();
  const among = chosen();
  const group = only ? only.value : "";
  const narrowed = !!words || !!among || group !== "";
  let shown = 0;
  let total = 0;
  for (const figure of all("#groups figure.ph")) {
    const label = figure.querySelector(".nm");
    const row = Number(figure.id.slice(1));
    const hit = (!among || among.has(row)) &&
      (!words || (label.title || label.textContent).toLocaleLowerCase().includes(words));
    figure.classList.toggle("hidden", !hit);
    const inside = group === "" || data.losses[current].label[row] === Number(group);
    total += 1;
    shown += hit && inside ? 1 : 0;
  }
  for (const one of all("details.group"))
    one.classList.toggle("hidden", (group !== "" && one.dataset.c !== group) ||
      ((!!words || !!among) && !one.querySelector("figure.ph:not(.hidden)")));
  byId("found").textContent = narrowed ? fill(say.found, count(shown), count(total)) : "";
  byId("outliers-note").hidden = !show || show.value !== "outliers";
}

if (order) {
  for (const radio of all("input[name=loss]")) {
    radio.checked = radio.value === "0";
    radio.addEventListener("change", () => {
      current = Number(radio.value);
      arrange();
    });
  }
  for (const [control, does] of [[order, arrange], [show, filter], [only, filter]]) {
    control.selectedIndex = 0;
    control.addEventListener("change", does);
  }
  const fold = byId("fold");
  fold.addEventListener("click", () => {
    const groups = all("details.group");
    const open = !groups.some((group) => group.open);
    for (const group of groups) group.open = open;
    fold.textContent = open ? say.fold : say.unfold;
  });
}
if (find) {
  find.value = "";
  find.addEventListener("input", filter);
  if (data.losses.length) {
    setUp(() => data.losses[current]);
    onPick(() => show.value === "picked" && filter());
    byId("pick-shown").addEventListener("click", () =>
      pick(all("#groups .group:not(.hidden) figure.ph:not(.hidden)")
        .map((figure) => Number(figure.id.slice(1))), true));
  } else byId("pick-shown").hidden = true;
}
