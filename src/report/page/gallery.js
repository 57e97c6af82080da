/* SPDX-License-Identifier: MIT */
/* The gallery: which loss, which order, which names. */
import { data, members, plural, say } from "./data.js";
import { all, byId } from "./dom.js";
import { figures } from "./photos.js";
import { count, fill, fixed, plain } from "./text.js";

let current = 0;
const order = byId("sort");
const find = byId("find");

function figureOf(row) {
  let figure = figures.get(row);
  if (figure || !figures.size) return figure;
  figure = figures.values().next().value.cloneNode(true);
  figure.id = "p" + row;
  figure.querySelector(".nm").firstChild.textContent = fill(say.row, count(row));
  figures.set(row, figure);
  return figure;
}

function dress(figure, row, loss) {
  figure.classList.toggle("is-cover", loss.label[row] >= 0 && loss.rank[row] === 0);
  const weight = loss.weight[row] || 0;
  figure.querySelector(".bf").setAttribute("width", Math.round(100 * weight));
  figure.querySelector(".w").textContent = fixed(loss.weight[row]);
  figure.querySelector(".m").textContent = fixed(loss.margin[row]);
  figure.querySelector(".d").textContent = plain(loss.distance[row]);
}

function arrange() {
  const loss = data.losses[current];
  const key = { w: loss.weight, m: loss.margin }[order.value];
  for (const group of all("details.group")) {
    const c = Number(group.dataset.c);
    let rows = members[current][c];
    if (key) rows = rows.slice().sort((a, b) => key[a] - key[b] || a - b);
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
    group.querySelector(".size").textContent = plural(rows.length);
    group.querySelector(".more").textContent =
      shown.length < rows.length ? fill(say.more, count(rows.length - shown.length)) : "";
    group.toggleAttribute("data-empty", rows.length === 0);
  }
  filter();
}

function filter() {
  const words = find.value.trim().toLocaleLowerCase();
  let shown = 0;
  let total = 0;
  for (const figure of all("#groups figure.ph")) {
    const label = figure.querySelector(".nm");
    const text = (label.title || label.textContent).toLocaleLowerCase();
    const hit = !words || text.includes(words);
    figure.classList.toggle("hidden", !hit);
    total += 1;
    shown += hit ? 1 : 0;
  }
  for (const group of all("details.group"))
    group.classList.toggle("hidden", !!words && !group.querySelector("figure.ph:not(.hidden)"));
  byId("found").textContent = words ? fill(say.found, count(shown), count(total)) : "";
}

if (order) {
  for (const radio of all("input[name=loss]")) {
    radio.checked = radio.value === "0";
    radio.addEventListener("change", () => {
      current = Number(radio.value);
      arrange();
    });
  }
  order.value = "r";
  order.addEventListener("change", arrange);
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
}
