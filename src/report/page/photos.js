/* SPDX-License-Identifier: MIT */
/* Pictures and names of rows. Each picture's bytes are in the page once, in the gallery. */
import { data, say } from "./data.js";
import { all, make } from "./dom.js";
import { count, fill } from "./text.js";

export const figures = new Map();
for (const figure of all("figure.ph")) figures.set(Number(figure.id.slice(1)), figure);
export const source = (row) => {
  const image = figures.has(row) && figures.get(row).querySelector("img");
  return image ? image.src : "";
};
export const name = (row) => {
  const figure = figures.get(row);
  return figure ? figure.querySelector(".nm").textContent : fill(say.row, count(row));
};
export const path = (row) => (figures.has(row) ? figures.get(row).querySelector(".nm").title : "");
export function picture(row, className) {
  const image = make("img", className);
  image.alt = "";
  image.src = source(row);
  return image;
}
for (const image of all("img[data-of]")) {
  const src = source(Number(image.dataset.of));
  if (src) image.src = src;
}

/** A link to the photo itself, "" where the page knows no way.
 * @param {number} row */
export function original(row) {
  const way = data.ways[data.root.length ? data.root[row] : 0];
  const inside = path(row);
  if (!way || !inside) return "";
  return way + (data.odd[row] || inside.split("/").map(encodeURIComponent).join("/"));
}
