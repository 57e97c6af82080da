/* SPDX-License-Identifier: MIT */
/* Short names for what every part does with the document. Text goes in by textContent, never as
   HTML. */

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** @param {string} selector @param {ParentNode} [from] @returns {any[]} */
export const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));

/** @param {string} tag @param {string} [className] @param {string} [text] @returns {any} */
export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}
