/* SPDX-License-Identifier: MIT */
/* Pointing at a cover: its numbers and its runners-up. */
import { data, groupName, members, plural, say } from "./data.js";
import { all, make } from "./dom.js";
import { name, picture, source } from "./photos.js";
import { fill, fixed, plain } from "./text.js";

const peek = make("div", "peek");
peek.id = "peek";
peek.setAttribute("role", "tooltip");
peek.hidden = true;
document.body.append(peek);
let peeking = null;
let leaving = 0;

function numbers(loss, row) {
  return [say.distance + " " + plain(loss.distance[row]),
    say.weight + " " + fixed(loss.weight[row]),
    say.margin + " " + fixed(loss.margin[row])].join(say.comma);
}

function fillPeek(cell) {
  const row = Number(cell.dataset.p);
  const l = Number(cell.dataset.l);
  const c = Number(cell.dataset.c);
  const loss = data.losses[l];
  const rows = members[l][c];
  peek.textContent = "";
  if (source(row)) peek.append(picture(row, "big"));
  peek.append(make("strong", "", name(row)));
  peek.append(make("div", "soft",
    [loss.title, groupName(c), plural(rows.length)].join(say.comma)));
  peek.append(make("div", "soft", numbers(loss, row)));
  if (cell.dataset.note) peek.append(make("div", "", cell.dataset.note));
  const medoid = loss.medoid[c];
  if (medoid >= 0 && rows.length > 2)
    peek.append(make("div", "soft",
      medoid === row ? say.medoidSame : fill(say.medoid, name(medoid))));
  const runners = rows.slice(1, 4);
  peek.append(make("h4", "", runners.length ? say.runners : say.alone));
  const list = make("ol");
  for (const runner of runners) {
    const item = make("li");
    if (source(runner)) item.append(picture(runner));
    item.append(make("span", "nm", name(runner)));
    item.append(make("span", "num", plain(loss.distance[runner])));
    list.append(item);
  }
  peek.append(list);
}

function showPeek(cell) {
  clearTimeout(leaving);
  if (peeking === cell) return;
  hidePeek();
  peeking = cell;
  cell.setAttribute("aria-describedby", "peek");
  fillPeek(cell);
  peek.hidden = false;
  const box = cell.getBoundingClientRect();
  const width = peek.offsetWidth;
  const height = peek.offsetHeight;
  let left = box.right + 10;
  if (left + width > innerWidth - 8) left = box.left - width - 10;
  left = Math.max(8, Math.min(left, innerWidth - width - 8));
  const top = Math.max(8, Math.min(box.top - 20, innerHeight - height - 8));
  peek.style.left = left + "px";
  peek.style.top = top + "px";
}

export function hidePeek() {
  clearTimeout(leaving);
  if (peeking) peeking.removeAttribute("aria-describedby");
  peeking = null;
  peek.hidden = true;
}
const hideSoon = () => {
  clearTimeout(leaving);
  leaving = setTimeout(hidePeek, 180);
};

for (const cell of all("a.cv")) {
  cell.addEventListener("mouseenter", () => showPeek(cell));
  cell.addEventListener("mouseleave", hideSoon);
  cell.addEventListener("focus", () => cell.matches(":focus-visible") && showPeek(cell));
  cell.addEventListener("blur", hideSoon);
}
peek.addEventListener("mouseenter", () => clearTimeout(leaving));
peek.addEventListener("mouseleave", hideSoon);
addEventListener("scroll", () => peeking && hidePeek(), { passive: true });
addEventListener("keydown", (event) => {
  if (event.key === "Escape") hidePeek();
});
