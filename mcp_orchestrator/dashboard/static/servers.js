/** All servers as cards: found, sorted, and acted on. */

import { askJson, ofServer } from "./api.js";
import { Card } from "./card.js";
import { askForMaintenance, confirm } from "./dialogs.js";
import { arrange, element, setAttribute, setText } from "./dom.js";
import { isInMaintenance, isInTrouble, troubledFirst } from "./standing.js";
import { count } from "./words.js";

const MANY = 12; // From so many on, cards start as short ones.
const ORDERS = {
  "trouble first": troubledFirst,
  "by name": (servers) => servers.toSorted((one, other) => one.server.localeCompare(other.server)),
  "most calls first": (servers) => servers.toSorted((one, other) => other.calls - one.calls),
  "slowest first": (servers) => servers.toSorted((one, other) => (other.latency.p95 ?? 0) - (one.latency.p95 ?? 0)),
};

export class Servers {
  /** `onExplain(name)`: somebody wants to know more; `onChange`: what is to be shown is another now. */
  constructor(list, nothing, filter, { onExplain, onChange }) {
    this.list = list;
    this.nothing = nothing;
    this.onExplain = onExplain;
    this.cards = new Map();
    this.servers = new Map();
    this.find = element("input", {
      type: "search",
      placeholder: "Find",
      "aria-label": "Find servers by name, state or reason",
      input: onChange,
    });
    this.trouble = element("button", {
      type: "button",
      "aria-pressed": "false",
      click: () => this.#toggle(this.trouble, onChange),
    });
    this.short = element(
      "button",
      { type: "button", "aria-pressed": "false", click: () => this.#toggle(this.short, onChange) },
      "Short",
    );
    this.order = element(
      "select",
      { "aria-label": "Order of servers", change: onChange },
      ...Object.keys(ORDERS).map((name) => element("option", {}, name)),
    );
    filter.append(this.find, this.trouble, this.short, this.order);
    list.addEventListener("pointerleave", onChange);
  }

  update(model) {
    const isFirst = this.servers.size === 0;
    this.servers = model.servers;
    if (isFirst && model.servers.size > MANY) setAttribute(this.short, "aria-pressed", "true");
    const all = [...model.servers.values()];
    const troubled = all.filter(isInTrouble).length;
    setText(this.trouble, `In trouble: ${troubled}`);
    setAttribute(this.list, "data-short", isPressed(this.short));
    this.#arrange(all);
    this.#updateCards(model);
  }

  /** What a button of a card asks for. */
  async act(name, action) {
    const server = this.servers.get(name);
    const actions = {
      explain: () => this.onExplain(name),
      maintain: () => this.#maintain(server),
      enable: () => this.#do(name, "Enabled.", () => post(name, "enable")),
      disable: () => this.#disable(server),
      reconnect: () => this.#reconnect(server),
    };
    await actions[action]();
  }

  #maintain(server) {
    const breaker = ofServer(server.server, "/breaker");
    if (isInMaintenance(server))
      return this.#do(server.server, "Maintenance is over.", () => askJson("DELETE", breaker));
    return askForMaintenance(server.server, (asked) => askJson("PUT", breaker, { state: "open", ...asked }));
  }

  #disable(server) {
    const then = "Its calls are refused until it is enabled again, here or by a restart of the daemon.";
    confirm(`Disable ${server.server}?`, [then, underWay(server)], "Disable", () => post(server.server, "disable"));
  }

  #reconnect(server) {
    const reconnect = () => post(server.server, "reconnect");
    if (!server.connected) return this.#do(server.server, "Connected.", reconnect);
    const then = "Its connection is closed, its process ended, and both are made anew.";
    return confirm(`Reconnect ${server.server}?`, [then, underWay(server)], "Reconnect", reconnect);
  }

  async #do(name, done, act) {
    const card = this.cards.get(name);
    card.say("Asking …");
    try {
      const { done: isDone } = await act();
      card.say(isDone ? done : "It did not come up; it is tried again by itself.");
    } catch (error) {
      card.say(error.message, true);
    }
  }

  #arrange(all) {
    const words = this.find.value.trim().toLowerCase().split(/\s+/);
    const isFound = ({ server, state, reason }) =>
      words.every((word) => `${server} ${state} ${reason}`.toLowerCase().includes(word));
    const found = all.filter((server) => isFound(server) && (!isPressed(this.trouble) || isInTrouble(server)));
    const ordered = ORDERS[this.order.value](found);
    for (const name of this.cards.keys()) if (!this.servers.has(name)) this.cards.delete(name);
    const nodes = ordered.map(({ server }) => this.#card(server).node);
    const areSame = nodes.length === this.list.children.length && nodes.every((node) => node.parentNode === this.list);
    // Nothing moves away from under a pointer.
    if (!areSame || !this.list.matches(":hover")) arrange(this.list, nodes);
    setAttribute(this.nothing, "hidden", found.length > 0 || all.length === 0);
    setText(
      this.nothing,
      isPressed(this.trouble) && words.join("") === "" ? "No server is in trouble." : "No server is like that.",
    );
  }

  #card(name) {
    if (!this.cards.has(name)) this.cards.set(name, new Card(name, (...asked) => this.act(...asked)));
    return this.cards.get(name);
  }

  #updateCards(model) {
    const samples = model.recentSamples();
    for (const [name, card] of this.cards)
      card.update(model.servers.get(name), samples, model.clock(), model.wallClock());
  }

  #toggle(button, onChange) {
    setAttribute(button, "aria-pressed", String(!isPressed(button)));
    onChange();
  }
}

const post = (name, what) => askJson("POST", ofServer(name, `/${what}`));

function underWay({ in_flight: inFlight, waiting }) {
  if (inFlight + waiting === 0) return "No calls are under way.";
  return `${count(inFlight, "call")} under way, ${waiting} waiting.`;
}

const isPressed = (button) => button.getAttribute("aria-pressed") === "true";
