/** A line without axes: how a number has moved. A gap is a time without any. */

import { drawn, setAttribute } from "./dom.js";

const WIDTH = 150; // One step a sample.
const HEIGHT = 24;
const EDGE = 2;

/** Draws `values`, oldest first, null for none; the newest is at the right edge. */
export function drawSparkline(svg, values) {
  const recent = values.slice(-WIDTH);
  const known = recent.filter((value) => value !== null);
  const top = Math.max(...known, 1e-9);
  const first = WIDTH - recent.length;
  let path = "";
  recent.forEach((value, at) => {
    if (value === null) return;
    const isContinued = at > 0 && recent[at - 1] !== null;
    const y = HEIGHT - EDGE - (value / top) * (HEIGHT - 2 * EDGE);
    path += `${isContinued ? "L" : "M"}${first + at} ${y.toFixed(1)}${isContinued ? "" : "h.01"}`; // A dot, if alone.
  });
  setAttribute(svg, "viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  setAttribute(svg, "preserveAspectRatio", "none");
  if (!svg.firstChild) {
    svg.append(drawn("path", { class: "ground", d: `M0 ${HEIGHT - 1}H${WIDTH}` }), drawn("path", { class: "line" }));
  }
  setAttribute(svg.lastChild, "d", path || "M0 0");
}
