/** A line chart of the last five minutes, with axes, units, and a reading under the pointer. Inline SVG. */

import { drawn, element, setAttribute, setText } from "./dom.js";
import { clockTime } from "./words.js";

const HEIGHT = 150;
const EDGE = { left: 52, right: 8, top: 10, bottom: 22 };
const WINDOW_S = 300;
const MINUTES = [5, 4, 3, 2, 1, 0];
const FEW_MINUTES = [4, 2, 0]; // Where there is room for no more.
const NARROW = 420;
const LINES = 3; // Across, besides the ground.

export class Chart {
  /**
   * `title` and `unit` in words; `lines`: the names of what is drawn; `write(value)`: a value for the axis and for
   * reading; `least`: the top of the axis is never lower.
   */
  constructor({ title, lines, write, least }) {
    this.write = write;
    this.title = title;
    this.least = least;
    this.names = lines;
    this.samples = [];
    this.reading = null; // Where the pointer is, as a share of the width.
    this.axis = drawn("g", { class: "axis" });
    this.paths = lines.map((_, at) => drawn("path", { class: `line line-${at}` }));
    this.mark = drawn("path", { class: "mark" });
    this.svg = drawn("svg", { class: "chart", role: "img" }, this.axis, ...this.paths, this.mark);
    this.values = lines.map(() => element("span", { class: "value" }));
    this.moment = element("span", { class: "moment" });
    this.node = element("figure", {}, this.#caption(), this.svg);
    this.svg.addEventListener("pointermove", (event) => this.#read(event));
    this.svg.addEventListener("pointerleave", () => this.#readNewest());
    new ResizeObserver(() => this.draw()).observe(this.svg);
  }

  /** Shows samples: [{at, values}], a value for each line, null for none; `now`: on the clock of `at`. */
  update(samples, now) {
    this.samples = samples;
    this.now = now;
    this.draw();
  }

  draw() {
    const width = this.svg.clientWidth;
    if (width === 0 || this.now === undefined) return;
    setAttribute(this.svg, "viewBox", `0 0 ${width} ${HEIGHT}`);
    const top = niceTop(Math.max(this.least, ...this.samples.flatMap(({ values }) => values)));
    this.x = (at) => EDGE.left + (1 - (this.now - at) / WINDOW_S) * (width - EDGE.left - EDGE.right);
    this.y = (value) => HEIGHT - EDGE.bottom - (value / top) * (HEIGHT - EDGE.top - EDGE.bottom);
    this.#drawAxis(width, top);
    this.paths.forEach((path, line) => setAttribute(path, "d", this.#line(line)));
    this.#describe();
    this.#showReading();
  }

  #caption() {
    const keys = this.names.map((name, at) =>
      element("span", { class: "key" }, keySign(at), `${name} `, this.values[at]),
    );
    return element("figcaption", {}, element("span", { class: "chart-title" }, this.title), ...keys, this.moment);
  }

  #drawAxis(width, top) {
    const parts = [];
    for (let line = 0; line <= LINES; line += 1) {
      const value = (top * line) / LINES;
      const y = this.y(value);
      parts.push(
        drawn("path", { class: line === 0 ? "ground" : "grid", d: `M${EDGE.left} ${y}H${width - EDGE.right}` }),
      );
      parts.push(drawn("text", { x: EDGE.left - 6, y: y + 3.5, class: "end" }, tick(this.write(value))));
    }
    for (const minutes of width < NARROW ? FEW_MINUTES : MINUTES) {
      const label = minutes === 0 ? "now" : `${minutes} min ago`;
      const at = minutes === 5 ? "" : minutes === 0 ? "end" : "middle";
      parts.push(drawn("text", { x: this.x(this.now - minutes * 60), y: HEIGHT - 6, class: at }, label));
    }
    this.axis.replaceChildren(...parts);
  }

  #line(line) {
    let path = "";
    let isOpen = false;
    for (const { at, values } of this.samples) {
      const value = values[line];
      if (value === null) {
        isOpen = false;
        continue;
      }
      path += `${isOpen ? "L" : "M"}${this.x(at).toFixed(1)} ${this.y(value).toFixed(1)}${isOpen ? "" : "h.01"}`;
      isOpen = true;
    }
    return path || "M0 0";
  }

  #describe() {
    const said = this.names.map((name, line) => {
      const values = this.samples.map(({ values }) => values[line]).filter((value) => value !== null);
      return values.length === 0
        ? `${name}: nothing yet`
        : `${name}: now ${this.write(values.at(-1))}, highest ${this.write(Math.max(...values))}`;
    });
    setAttribute(this.svg, "aria-label", `${this.title} over the last 5 minutes. ${said.join("; ")}.`);
  }

  #read(event) {
    const box = this.svg.getBoundingClientRect();
    this.reading = event.clientX - box.left;
    this.#showReading();
  }

  #readNewest() {
    this.reading = null;
    this.#showReading();
  }

  #showReading() {
    const sample = this.reading === null ? this.samples.at(-1) : this.#nearest();
    const isPast = this.reading !== null && sample !== undefined;
    this.values.forEach((node, line) =>
      setText(node, sample && sample.values[line] !== null ? this.write(sample.values[line]) : "–"),
    );
    setText(this.moment, isPast ? clockTime(sample.at) : "");
    setAttribute(
      this.mark,
      "d",
      isPast ? `M${this.x(sample.at).toFixed(1)} ${EDGE.top}V${HEIGHT - EDGE.bottom}` : "M0 0",
    );
  }

  #nearest() {
    const distance = ({ at }) => Math.abs(this.x(at) - this.reading);
    return this.samples.reduce(
      (best, sample) => (best && distance(best) <= distance(sample) ? best : sample),
      undefined,
    );
  }
}

function keySign(at) {
  return drawn(
    "svg",
    { class: "sign", viewBox: "0 0 18 8", "aria-hidden": "true" },
    drawn("path", { class: `line line-${at}`, d: "M1 4H17" }),
  );
}

/** A value as the axis has it: "15", where a reading says "15.0". */
const tick = (written) => written.replace(/\.0(?!\d)/, "");

/** Returns the next number that divides well by three: 3, 6, 15, 30, 60, 150 … times a power of ten. */
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value / 3));
  const step = [1, 2, 5, 10].find((step) => step * power * LINES >= value * 0.999);
  return step * power * LINES;
}
