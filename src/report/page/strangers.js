/* SPDX-License-Identifier: MIT */
/* The breakdown curve: how far strangers carry the centres of each loss. */
import { addDot, addLine, frame, svg } from "./charts.js";
import { data, say } from "./data.js";
import { byId } from "./dom.js";
import { apart, fill, fixed } from "./text.js";

function drawOne(title, column) {
  const lines = data.losses.map((_, l) => data.strangers.filter((row) => row[0] === l)
    .map((row) => /** @type {[number, number]} */ ([100 * row[1], row[column]]))).filter((line) => line.length);
  const every = lines.flat();
  const end = Math.max(...every.map((p) => p[0]));
  const f = frame({ title, alt: fill(say.strangersAlt, title, lines.map((line, l) =>
    `${data.losses[l].title} ${fixed(line[line.length - 1][1])}`).join(say.comma)), x: [0, end * 1.42],
  y: [0, Math.max(...every.map((p) => p[1]), 0.01)], xTitle: say.strangersShare, yTitle: say.strangersUnit });
  for (const tick of f.box.querySelectorAll(".axes text[text-anchor=middle]:not(.name)"))
    if (Number(tick.textContent) > end) tick.remove();
  const ends = apart(lines.map((line) => f.y(line[line.length - 1][1])), 13, f.bottom - 4);
  lines.forEach((line, l) => {
    addLine(f, line, "kin k" + (l % 6));
    for (const [x, y] of line) addDot(f, x, y, "dot", `${data.losses[l].title}: ${fixed(y)}`);
    f.plot.append(svg("text", { x: f.x(end) + 6, y: ends[l], dy: "0.32em" }, data.losses[l].title));
  });
  return f.box;
}

const box = byId("strangers-charts");
if (box && data.strangers.length)
  box.append(drawOne(say.strangersMean, 2), drawOne(say.strangersMost, 3), drawOne(say.strangersCovers, 4));
