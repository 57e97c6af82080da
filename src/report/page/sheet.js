/* SPDX-License-Identifier: MIT */
/* One photo under every loss. */
import { data, groupName, say } from "./data.js";
import { make } from "./dom.js";
import { hidePeek } from "./peek.js";
import { name, original, path, picture, source } from "./photos.js";
import { count, fixed, plain } from "./text.js";

const dialog = make("dialog");
document.body.append(dialog);
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});

function lossTable(row) {
  const table = make("table");
  const head = table.createTHead().insertRow();
  for (const title of [say.loss, say.group, say.rank, say.weight, say.margin, say.distance]) {
    const cell = make("th", "", title);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  data.losses.forEach((loss) => {
    const line = body.insertRow();
    const title = make("th", "", loss.title);
    title.scope = "row";
    line.append(title);
    for (const value of [groupName(loss.label[row]),
      loss.rank[row] < 0 ? "\u2013" : loss.rank[row] === 0 ? say.cover : count(loss.rank[row]),
      fixed(loss.weight[row]), fixed(loss.margin[row]), plain(loss.distance[row])])
      line.append(make("td", "", value));
  });
  return table;
}

function addNear(sheet, row) {
  const list = make("ol", "near");
  for (let j = 0; j < data.nearCount; ++j) {
    const other = data.near[row * data.nearCount + j];
    if (other === undefined || other < 0) break;
    const item = make("li");
    const link = make("a", "thumb");
    link.href = "#p" + other;
    link.dataset.p = other;
    link.title = name(other);
    if (source(other)) link.append(picture(other));
    link.append(make("span", "nm", name(other)));
    item.append(link, make("span", "num", fixed(data.nearness[row * data.nearCount + j])));
    list.append(item);
  }
  if (!list.children.length) return;
  sheet.append(make("h3", "", say.nearest), list, make("p", "note", say.nearestNote));
}

/** @param {number} row */
export function openPhoto(row) {
  hidePeek();
  const sheet = make("div", "sheet");
  const top = make("div", "top");
  const title = make("h2", "", name(row));
  title.dir = "auto";
  title.id = "sheet-h";
  const close = make("button", "", say.close);
  close.type = "button";
  close.addEventListener("click", () => dialog.close());
  top.append(title, close);
  sheet.append(top);
  if (source(row)) sheet.append(picture(row, "big"));
  if (path(row)) {
    const where = make("div", "where");
    const code = make("code", "", path(row));
    code.dir = "auto";
    where.append(code);
    if (original(row)) {
      const link = make("a", "", say.original);
      link.href = original(row);
      link.target = "_blank";
      link.rel = "noopener";
      where.append(link);
    }
    if (navigator.clipboard) {
      const copy = make("button", "", say.copy);
      copy.type = "button";
      copy.addEventListener("click", () =>
        navigator.clipboard.writeText(path(row)).then(() => {
          copy.textContent = say.copied;
        }, () => getSelection().selectAllChildren(code)));
      where.append(copy);
    }
    sheet.append(where);
  }
  if (data.losses.length) sheet.append(lossTable(row));
  addNear(sheet, row);
  dialog.textContent = "";
  dialog.append(sheet);
  dialog.setAttribute("aria-labelledby", "sheet-h");
  dialog.scrollTop = 0;
  if (!dialog.open) dialog.showModal();
}

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  /** @type {HTMLAnchorElement} */
  const link = /** @type {Element} */ (event.target).closest("a.pic, a.cv, a.thumb");
  if (!link) return;
  event.preventDefault();
  openPhoto(Number(link.dataset.p || link.hash.slice(2)));
});
