/* SPDX-License-Identifier: MIT */
/* Two losses side by side: what moves from group to group. */
import { data, groupName, members, plural, say } from "./data.js";
import { all, byId, make } from "./dom.js";
import { name, picture, source } from "./photos.js";
import { count, fill } from "./text.js";

const DUEL_SHOWN = 24;

function groupEnd(l, c) {
  const end = make("div", "end");
  const cover = c >= 0 ? members[l][c][0] : undefined;
  if (cover !== undefined && source(cover)) end.append(picture(cover));
  if (c >= 0) {
    const link = make("a", "", groupName(c));
    link.href = "#g" + c;
    end.append(link);
  } else end.append(make("span", "", groupName(c)));
  end.append(make("span", "sub", plural(members[l][c < 0 ? data.k : c].length)));
  return end;
}

function mover(row) {
  const item = make("li");
  const link = make("a", "thumb");
  link.href = "#p" + row;
  link.dataset.p = row;
  link.title = name(row);
  link.setAttribute("aria-label", name(row));
  if (source(row)) {
    const image = picture(row);
    image.loading = "lazy";
    link.append(image);
  } else link.append(make("span", "nm", name(row)));
  item.append(link);
  return item;
}

function flowOf(a, b, flow) {
  const box = make("div", "flow");
  const middle = make("div", "mid");
  const list = make("ul");
  const arrow = byId("duel-arrow").content.firstChild.cloneNode(true);
  const show = (rows) => list.append(...rows.map(mover));
  show(flow.rows.slice(0, DUEL_SHOWN));
  middle.append(make("b", "", plural(flow.rows.length)), arrow, list);
  if (flow.rows.length > DUEL_SHOWN) {
    const more = make("button", "", fill(say.duelAll, count(flow.rows.length)));
    more.type = "button";
    more.addEventListener("click", () => {
      show(flow.rows.slice(DUEL_SHOWN));
      more.remove();
    });
    middle.append(more);
  }
  box.append(groupEnd(a, flow.from), middle, groupEnd(b, flow.to));
  return box;
}

function flowsBetween(a, b) {
  const flows = new Map();
  data.losses[a].label.forEach((from, row) => {
    const to = data.losses[b].label[row];
    if (from === to) return;
    const key = from + ">" + to;
    if (!flows.has(key)) flows.set(key, { from, to, rows: [] });
    flows.get(key).rows.push(row);
  });
  return Array.from(flows.values()).sort((x, y) => y.rows.length - x.rows.length ||
    x.from - y.from || x.to - y.to);
}

function duel() {
  const a = Number(byId("duel-a").value);
  const b = Number(byId("duel-b").value);
  const titles = [data.losses[a].title, data.losses[b].title];
  const flows = flowsBetween(a, b);
  const moved = flows.reduce((sum, flow) => sum + flow.rows.length, 0);
  const box = byId("duel-flows");
  box.textContent = "";
  byId("duel-sum").textContent = a === b ? say.duelItself
    : moved ? fill(say.duelSummary, plural(moved), count(data.n), ...titles, count(flows.length))
      : fill(say.duelSame, ...titles);
  box.append(...flows.map((flow) => flowOf(a, b, flow)));
  for (const cell of all(".heat td[data-a]"))
    cell.classList.toggle("chosen", Number(cell.dataset.a) === a && Number(cell.dataset.b) === b);
}

if (byId("duel")) {
  for (const cell of all(".heat td[data-a]")) {
    const { a, b } = cell.dataset;
    if (a === b) continue;
    const value = cell.textContent;
    const button = make("button", "", value);
    button.type = "button";
    button.setAttribute("aria-label",
      fill(say.duelCell, value, data.losses[a].title, data.losses[b].title));
    button.addEventListener("click", () => {
      byId("duel-a").value = a;
      byId("duel-b").value = b;
      duel();
      byId("duel").scrollIntoView();
      byId("duel-h").focus({ preventScroll: true });
    });
    cell.textContent = "";
    cell.append(button);
  }
  for (const id of ["duel-a", "duel-b"]) byId(id).addEventListener("change", duel);
  byId("duel-a").value = "0";
  byId("duel-b").value = "1";
  duel();
}
