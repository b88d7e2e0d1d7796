/** Calls per second and latency: of all servers, or of the one that is chosen. */

import { Chart } from "./chart.js";
import { element, setAttribute } from "./dom.js";
import { latency, rate } from "./words.js";

export class Charts {
  constructor(section, filter, onChange) {
    this.calls = new Chart({ title: "Calls per second", lines: ["begun", "failed"], write: rate, least: 0.3 });
    this.latency = new Chart({
      title: "Latency",
      lines: ["half of calls within (p50)", "95 of 100 within (p95)"],
      write: latency,
      least: 0.003,
    });
    this.select = element(
      "select",
      { "aria-label": "Charts of", change: onChange },
      element("option", { value: "" }, "all servers"),
    );
    this.names = "";
    filter.append(this.select);
    this.note = element("p", { class: "note" });
    section.append(this.calls.node, this.latency.node, this.note);
  }

  update(model) {
    this.#offer([...model.servers.keys()]);
    const chosen = this.select.value;
    const samples = model.recentSamples();
    const now = model.wallClock();
    const numbers = (sample) => (chosen ? (sample.servers[chosen] ?? { calls: 0, failures: 0 }) : sample);
    this.calls.update(
      samples.map((sample) => {
        const { calls, failures } = numbers(sample);
        return { at: sample.at, values: [calls / model.intervalS, failures / model.intervalS] };
      }),
      now,
    );
    this.latency.update(
      samples.map((sample) => ({ at: sample.at, values: latencies(sample, chosen) })),
      now,
    );
    this.note.textContent = chosen ? "" : "Latency of all servers: at each moment, that of the slowest.";
    setAttribute(this.note, "hidden", chosen !== "");
  }

  #offer(names) {
    const joined = JSON.stringify(names);
    if (joined === this.names) return; // A list that is open would close.
    this.names = joined;
    const chosen = this.select.value;
    const options = names.map((name) => element("option", { value: name }, name));
    this.select.replaceChildren(this.select.options[0], ...options);
    this.select.value = names.includes(chosen) ? chosen : "";
  }
}

/** Returns [p50, p95] of one server; of all, those of the slowest: percentiles do not add up, but have a maximum. */
function latencies(sample, chosen) {
  const those = chosen ? [sample.servers[chosen]] : Object.values(sample.servers);
  return ["p50", "p95"].map((percentile) => {
    const known = those.map((server) => server?.[percentile] ?? null).filter((value) => value !== null);
    return known.length > 0 ? Math.max(...known) : null;
  });
}
