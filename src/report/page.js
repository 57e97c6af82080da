/* SPDX-License-Identifier: MIT */
/* Shows the groups of the other losses, the runners-up, one photo's numbers; finds by file name.
   Without it the page shows the first loss whole. Text goes in by textContent, never as HTML. */
"use strict";
(function () {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  const say = data.say;
  const byId = (id) => document.getElementById(id);
  const all = (selector, from) => Array.from((from || document).querySelectorAll(selector));
  root.classList.add("on");

  const fill = (text, ...args) => text.replace(/\{(\d)\}/g, (_, i) => args[i]);
  const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
  const plural = (n) => fill(n === 1 ? say.one : say.many, count(n));
  const fixed = (v) => (v === null ? "\u2013" : v.toFixed(2));
  const plain = (v) =>
    v === null ? "\u2013" : Math.abs(v) >= 1000 || v === 0 ? String(v) : v.toPrecision(3);

  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  /* ---- photos: each picture's bytes are in the page once, in the gallery ---- */
  const figures = new Map();
  for (const figure of all("figure.ph")) figures.set(Number(figure.id.slice(1)), figure);
  const source = (row) => {
    const image = figures.has(row) && figures.get(row).querySelector("img");
    return image ? image.src : "";
  };
  const name = (row) => {
    const figure = figures.get(row);
    return figure ? figure.querySelector(".nm").textContent : fill(say.row, count(row));
  };
  const path = (row) => (figures.has(row) ? figures.get(row).querySelector(".nm").title : "");
  function picture(row, className) {
    const image = make("img", className);
    image.alt = "";
    image.src = source(row);
    return image;
  }
  for (const image of all("img[data-of]")) {
    const src = source(Number(image.dataset.of));
    if (src) image.src = src;
  }

  /* ---- members of each cluster under each loss, nearest first ---- */
  const members = data.losses.map((loss) => {
    const groups = Array.from({ length: data.k + 1 }, () => []);
    loss.label.forEach((label, row) => groups[label < 0 ? data.k : label].push(row));
    for (const rows of groups.slice(0, data.k))
      rows.sort((a, b) => loss.rank[a] - loss.rank[b]);
    return groups;
  });
  const groupName = (c) => {
    if (c < 0 || c === data.k) return say.trimmed;
    return byId("g" + c).querySelector("h3").textContent;
  };

  /* ---- the gallery ---- */
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

  /* ---- pointing at a cover: its numbers and its runners-up ---- */
  const peek = make("div", "peek");
  peek.id = "peek";
  peek.setAttribute("role", "tooltip");
  peek.hidden = true;
  document.body.append(peek);
  let peeking = null;
  let leaving = 0;

  function numbers(loss, row) {
    return say.distance + " " + plain(loss.distance[row]) + ", " + say.weight + " " +
      fixed(loss.weight[row]) + ", " + say.margin + " " + fixed(loss.margin[row]);
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
    peek.append(make("div", "soft", loss.title + ", " + groupName(c) + ", " + plural(rows.length)));
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

  function hidePeek() {
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

  /* ---- one photo under every loss ---- */
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

  function openPhoto(row) {
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
    dialog.textContent = "";
    dialog.append(sheet);
    dialog.setAttribute("aria-labelledby", "sheet-h");
    dialog.showModal();
  }

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest("a.pic, a.cv, a.thumb");
    if (!link) return;
    event.preventDefault();
    openPhoto(Number(link.dataset.p || link.hash.slice(2)));
  });

  /* ---- two losses side by side: what moves from group to group ---- */
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

  /* A link to a group opens it, and shows it although it is empty under this loss. */
  function follow() {
    const group = /^#g\d+$/.test(location.hash) && byId(location.hash.slice(1));
    if (!group) return;
    group.classList.add("shown");
    group.open = true;
    group.scrollIntoView();
  }
  addEventListener("hashchange", follow);
  follow();
})();
