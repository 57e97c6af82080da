/* SPDX-License-Identifier: MIT */
/* Selecting photos: a box at each, and what is done with the selected ones. */
import { say } from "./data.js";
import { byId, make } from "./dom.js";
import { table } from "./order.js";
import { figures, name, path } from "./photos.js";
import { count, fill } from "./text.js";

/** Selected rows. @type {Set<number>} */
export const picked = new Set();
/** @type {() => void} */
let whenChanged = () => {};

/** Has `fn` called when the selection changes. @param {() => void} fn */
export const onPick = (fn) => {
  whenChanged = fn;
};

function show() {
  byId("picked").hidden = picked.size === 0;
  byId("picked-count").textContent = fill(say.picked, count(picked.size));
  whenChanged();
}

/** @param {number[]} rows @param {boolean} on */
export function pick(rows, on) {
  for (const row of rows) {
    if (on) picked.add(row);
    else picked.delete(row);
    const figure = figures.get(row);
    if (!figure) continue;
    figure.classList.toggle("is-picked", on);
    figure.querySelector(".mark").checked = on;
  }
  show();
}

/** Gives a figure its box. @param {HTMLElement} figure @param {number} row */
export function addBox(figure, row) {
  let box = /** @type {HTMLInputElement|null} */ (figure.querySelector(".mark"));
  if (!box) {
    box = make("input", "mark");
    box.type = "checkbox";
    figure.prepend(box);
  }
  box.checked = picked.has(row);
  box.setAttribute("aria-label", fill(say.pick, name(row)));
}

const rowOf = (/** @type {Element} */ element) => Number(element.closest("figure").id.slice(1));
const inOrder = () => Array.from(picked).sort((a, b) => a - b);

/** @param {() => import("./data.js").Loss} loss the one shown */
export function setUp(loss) {
  for (const [row, figure] of figures) addBox(figure, row);
  let last = -1;
  document.addEventListener("click", (event) => {
    const box = /** @type {HTMLInputElement} */ (event.target);
    if (!box.classList || !box.classList.contains("mark")) return;
    const row = rowOf(box);
    const shown = Array.from(box.closest("section").querySelectorAll("figure.ph:not(.hidden)"),
      (figure) => Number(figure.id.slice(1)));
    const from = shown.indexOf(last);
    const to = shown.indexOf(row);
    /* With Shift, all between the box before and this one. */
    if (event.shiftKey && from >= 0) pick(shown.slice(Math.min(from, to), Math.max(from, to) + 1), box.checked);
    else pick([row], box.checked);
    last = row;
  });
  byId("picked-clear").addEventListener("click", () => {
    pick(inOrder(), false);
    byId("pick-shown").focus();
  });
  const copy = byId("picked-copy");
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", () => {
    const before = copy.textContent;
    navigator.clipboard.writeText(inOrder().map((row) => path(row) || name(row)).join("\n") + "\n")
      .then(() => {
        copy.textContent = say.copied;
        setTimeout(() => (copy.textContent = before), 2000);
      }, () => {});
  });
  byId("picked-save").addEventListener("click", () => {
    const link = make("a");
    const blob = new Blob([table(inOrder(), loss(), (row) => path(row) || name(row))],
      { type: "text/csv" });
    link.href = URL.createObjectURL(blob);
    link.download = "selection.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}
