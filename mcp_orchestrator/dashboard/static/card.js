/** One server at a glance. The nodes are made once, and changed in place. */

import { drawn, element, icon, setAttribute, setIcon, setMoment, setText } from "./dom.js";
import { drawSparkline } from "./sparkline.js";
import { isInMaintenance, left, nextInWords, standing } from "./standing.js";
import { ago, count, digits, fullTime, kindInWords, latency, span } from "./words.js";

// What a card tells, each as a term and its value: lines, and then small numbers.
const LINES = ["breaker", "speaks", "through", "last"];
const NUMBERS = ["calls", "failed", "retries", "in flight", "waiting", "tools", "connects", "restarts"];

const SAID_MS = 8_000;

export class Card {
  /** `onAction(name, action)`: a button was pressed: "explain", "maintain", "reconnect", "enable" or "disable". */
  constructor(name, onAction) {
    this.name = name;
    const button = (action, label) =>
      element(
        "button",
        { type: "button", class: "quiet", "aria-label": `${label} ${name}`, click: () => onAction(name, action) },
        label,
      );
    this.icon = icon("off");
    this.state = element("span", { class: "state" });
    this.why = element("p", { class: "why" });
    this.next = element("span", { class: "next" });
    this.reason = element("span", { class: "reason" });
    this.why.append(this.reason, this.next);
    this.facts = new Map([...LINES, ...NUMBERS].map((term) => [term, element("dd")]));
    this.moment = element("time");
    this.incident = element("span");
    this.facts.get("last").append(this.incident, this.moment);
    this.spark = drawn("svg", { class: "spark", role: "img" });
    this.latency = element("span", { class: "latency-words" });
    this.explain = button("explain", "Explain");
    this.maintain = button("maintain", "Maintenance");
    this.reconnect = button("reconnect", "Reconnect");
    this.able = element("button", {
      type: "button",
      class: "quiet",
      click: () => onAction(name, this.isEnabled ? "disable" : "enable"),
    });
    this.answer = element("p", { class: "answer", role: "status" });
    this.node = this.#compose();
  }

  #compose() {
    const title = element("h3", { id: `server-${this.name}` }, element("span", { class: "name" }, this.name));
    const facts = [...this.facts].map(([term, value]) =>
      element("div", { class: LINES.includes(term) ? "line-fact" : "number-fact" }, element("dt", {}, term), value),
    );
    return element(
      "li",
      { class: "card", "aria-labelledby": `server-${this.name}` },
      element("div", { class: "head" }, title, element("span", { class: "standing" }, this.icon, this.state)),
      this.why,
      element("div", { class: "latency" }, this.spark, this.latency),
      element("dl", { class: "facts" }, ...facts),
      element("div", { class: "actions" }, this.explain, this.maintain, this.reconnect, this.able),
      this.answer,
    );
  }

  /** Shows a server as it is. `samples`: of the last five minutes; `now`: page's clock; `wall`: the daemon's. */
  update(server, samples, now, wall) {
    const { level, label } = standing(server);
    this.isEnabled = server.enabled !== false;
    setAttribute(this.node, "data-level", level);
    setIcon(this.icon, level);
    setText(this.state, label);
    this.#updateWhy(server, now);
    this.#updateFacts(server, now, wall);
    this.#updateLatency(server, samples);
    this.#updateActions(server);
  }

  /** Says what became of an action; what went well, not for long. */
  say(text, isBad = false) {
    clearTimeout(this.fading);
    if (!isBad) this.fading = setTimeout(() => setText(this.answer, ""), SAID_MS);
    setText(this.answer, text);
    setAttribute(this.answer, "data-bad", isBad);
  }

  #updateWhy(server, now) {
    const { why } = standing(server);
    const next = nextInWords(server, now);
    setAttribute(this.why, "hidden", !why && !next);
    setText(this.reason, why);
    setAttribute(this.reason, "title", why);
    setText(this.next, next);
  }

  #updateFacts(server, now, wall) {
    const fact = (term, text) => setText(this.facts.get(term), text);
    fact("breaker", breakerInWords(server, now));
    fact("speaks", `${server.era} ${server.protocol}`.trim() || "not known yet");
    fact("through", server.transport + (server.pid === null ? "" : `, pid ${server.pid}`));
    fact("calls", digits(server.calls));
    fact("failed", digits(server.failures));
    fact("retries", digits(server.retries));
    fact("connects", digits(server.connects));
    fact("restarts", digits(server.generation));
    fact("in flight", `${server.in_flight}/${server.max_concurrent}`);
    fact("waiting", digits(server.waiting));
    fact("tools", digits(server.tools));
    setAttribute(this.facts.get("failed"), "data-bad", server.failures > 0);
    setAttribute(this.facts.get("restarts"), "data-bad", server.generation > 0);
    const last = server.last_incident;
    setText(
      this.incident,
      last ? `${kindInWords(last.kind)}${last.text && last.text !== last.kind ? `: ${last.text}` : ""}` : "no incident",
    );
    if (last) setMoment(this.moment, last.at, ago(wall - last.at), fullTime(last.at));
    setAttribute(this.incident, "title", last?.text || false);
  }

  #updateLatency(server, samples) {
    const { p50, p95 } = server.latency;
    const words = p50 === null ? "no calls yet" : `p50 ${latency(p50)}, p95 ${latency(p95)}`;
    setText(this.latency, words);
    setAttribute(this.spark, "aria-label", `Latency over the last 5 minutes: ${words}`);
    drawSparkline(
      this.spark,
      samples.map((sample) => sample.servers[server.server]?.p50 ?? null),
    );
  }

  #updateActions(server) {
    const relabel = (button, label) => {
      setText(button, label);
      setAttribute(button, "aria-label", `${label} ${this.name}`);
    };
    relabel(this.maintain, isInMaintenance(server) ? "End maintenance" : "Maintenance");
    relabel(this.able, this.isEnabled ? "Disable" : "Enable");
    setAttribute(this.reconnect, "hidden", !this.isEnabled);
    setAttribute(this.maintain, "hidden", !this.isEnabled);
  }
}

function breakerInWords(server, now) {
  const breaker = server.circuit_breaker;
  const state = breaker.state.replace("_", "-");
  if (breaker.forced) {
    const until = breaker.forced_for === null ? "" : ` for ${span(left(server, breaker.forced_for, now))}`;
    return `forced ${state}${until}`;
  }
  if (breaker.state === "open")
    return breaker.retry_after === null ? state : `open for ${span(left(server, breaker.retry_after, now))}`;
  if (breaker.state === "half_open") return `${state}, ${breaker.success_count} of ${breaker.success_threshold} tries`;
  const tools = breaker.tools_open.length > 0 ? `; open for ${count(breaker.tools_open.length, "tool")}` : "";
  const failures = breaker.failure_count > 0 ? `, ${breaker.failure_count} of ${breaker.threshold} failures` : "";
  return state + failures + tools;
}
