/* SPDX-License-Identifier: MIT */
/* A link to a group opens it, and shows it although it is empty under this loss. */
import { byId } from "./dom.js";

function follow() {
  const group = /^#g\d+$/.test(location.hash) && byId(location.hash.slice(1));
  if (!group) return;
  group.classList.add("shown");
  group.open = true;
  group.scrollIntoView();
}
addEventListener("hashchange", follow);
follow();
