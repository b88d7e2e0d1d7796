/** The top of the page: the verdict in words, the figures of all servers, and what daemon this is. */

import { element, icon, setAttribute, setIcon, setText } from "./dom.js";
import { standing, titleSign, verdict } from "./standing.js";
import { ago, count, digits, fullTime, rate, sentence, span } from "./words.js";

const FIGURES = ["Unaccounted calls", "Calls per second", "Failed calls", "Under way", "Up for"];
const FAVICONS = { up: "calm", off: "calm", trying: "calm", down: "trouble", unknown: "unknown" };
const NAME = "MCP Orchestrator";

export class Summary {
  constructor() {
    const at = (id) => document.getElementById(id);
    this.icon = icon("off");
    this.head = element("strong");
    this.rest = element("span");
    this.verdict = at("verdict");
    this.verdict.append(this.icon, element("p", {}, this.head, this.rest));
    this.announced = at("announced");
    this.favicon = at("favicon");
    this.figures = new Map(FIGURES.map((name) => [name, figure(name, at("figures"))]));
    this.about = new Map(["configuration", "endpoint", "version"].map((name) => [name, fact(name, at("about"))]));
  }

  /** Shows what the model knows; what is not `isLive` is not announced as news. */
  update(model, isLive) {
    const servers = [...model.servers.values()];
    const { level, head, rest } = verdict(servers, model.daemon, model.clock());
    setAttribute(this.verdict, "data-level", level);
    setIcon(this.icon, level);
    setText(this.head, head + (rest ? "; " : "."));
    setText(this.rest, rest && sentence(rest));
    if (isLive) this.#announce(model, servers, level);
    this.#showFigures(model, servers);
    this.#showAbout(model);
  }

  /** The tab while nothing is known for sure; `why` is said once to those who listen. */
  showUnknown(why) {
    setText(this.announced, why);
    this.told = "";
    document.title = `? ${NAME}`;
    setAttribute(this.favicon, "href", "dashboard/icon-unknown.svg");
  }

  #announce(model, servers, level) {
    const sign = titleSign(servers, model.daemon);
    const title = sign ? `${sign} · ${NAME}` : NAME;
    if (document.title !== title) document.title = title;
    setAttribute(this.favicon, "href", `dashboard/icon-${FAVICONS[level]}.svg`);
    this.#tell(model, servers);
  }

  /** For those who listen: when a server is better or worse off than before, and without the times that tick. */
  #tell(model, servers) {
    const levels = JSON.stringify([
      model.daemon.state,
      ...servers.map((server) => [server.server, standing(server).level]),
    ]);
    if (levels === this.told) return;
    this.told = levels;
    const still = servers.map((server) => ({
      ...server,
      retry_after: null,
      circuit_breaker: { ...server.circuit_breaker, retry_after: null, forced_for: null },
    }));
    const { head, rest } = verdict(still, model.daemon, model.clock());
    setText(this.announced, sentence(rest ? `${head}; ${rest}` : head));
  }

  #showFigures(model, servers) {
    const { statistics, samples, intervalS, daemon } = model;
    const sum = (key) => servers.reduce((total, server) => total + server[key], 0);
    const show = (name, value, note, isBad = false) => {
      const { box, valueNode, noteNode } = this.figures.get(name);
      setText(valueNode, value);
      setText(noteNode, note);
      setAttribute(box, "data-bad", isBad);
    };
    const lost = statistics.unaccounted_calls;
    show(
      "Unaccounted calls",
      digits(lost),
      lost === 0 ? "as it must be" : "a bug: every call must have one outcome",
      lost !== 0,
    );
    const newest = samples.at(-1);
    show(
      "Calls per second",
      newest ? rate(newest.calls / intervalS) : "–",
      `${count(statistics.total_calls, "call")} so far`,
    );
    show("Failed calls", digits(statistics.failures), `${digits(statistics.retries)} retried`);
    show("Under way", digits(sum("in_flight")), `${digits(sum("waiting"))} waiting`);
    show("Up for", span(Math.floor(model.wallClock() - daemon.started_at)), `process ${daemon.pid}`);
    this.figures.get("Up for").valueNode.title = `since ${fullTime(daemon.started_at)}`;
  }

  #showAbout(model) {
    const { path, loaded_at: loadedAt } = model.configuration;
    setText(this.about.get("configuration"), path ?? "none");
    setAttribute(
      this.about.get("configuration"),
      "title",
      `read ${fullTime(loadedAt)}, ${ago(model.wallClock() - loadedAt)}`,
    );
    setText(this.about.get("endpoint"), address(model.daemon.endpoint));
    setText(this.about.get("version"), model.daemon.version);
  }
}

/** The gateway's address, as this page was reached; it may be mounted without one. */
const address = (path) => (path === null ? "none" : new URL(path.replace(/^\//, ""), document.baseURI).href);

function figure(name, list) {
  const valueNode = element("span", { class: "number" });
  const noteNode = element("span", { class: "note" });
  const box = element("div", {}, element("dt", {}, name), element("dd", {}, valueNode, noteNode));
  list.append(box);
  return { box, valueNode, noteNode };
}

function fact(name, list) {
  const value = element("dd");
  list.append(element("div", {}, element("dt", {}, name), value));
  return value;
}
