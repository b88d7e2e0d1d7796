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
    this.find = element("input", { type: "search", placeholder: "Find", "aria-label": "Find servers by name, state or reason", input: onChange });
    this.trouble = element("button", { type: "button", "aria-pressed": "false", click: () => this.#toggle(this.trouble, onChange) });
    this.short = element("button", { type: "button", "aria-pressed": "false", click: () => this.#toggle(this.short, onChange) }, "Short");
    this.order = element("select", { "aria-label": "Order of servers", change: onChange },
      ...Object.keys(ORDERS).map((name) => element("option", {}, name)));
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
    const post = (what) => () => askJson("POST", ofServer(name, `/${what}`));
    const under = server.in_flight + server.waiting > 0 ? `${count(server.in_flight, "call")} under way, ${server.waiting} waiting.` : "No calls are under way.";
    const actions = {
      explain: () => this.onExplain(name),
      maintain: () => (isInMaintenance(server) ? this.#do(name, "Maintenance is over.", () => askJson("DELETE", ofServer(name, "/breaker"))) : this.#maintain(name)),
      enable: () => this.#do(name, "Enabled.", post("enable")),
      disable: () => confirm(`Disable ${name}?`, [`Its calls are refused until it is enabled again, here or by a restart of the daemon. ${under}`], "Disable", post("disable")),
      reconnect: () => {
        if (!server.connected) return this.#do(name, "Connected.", post("reconnect"));
        return confirm(`Reconnect ${name}?`, [`Its connection is closed, its process ended, and both are made anew. ${under}`], "Reconnect", post("reconnect"));
      },
    };
    await actions[action]();
  }

  #maintain(name) {
    askForMaintenance(name, (asked) => askJson("PUT", ofServer(name, "/breaker"), { state: "open", ...asked }));
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
    const isFound = ({ server, state, reason }) => words.every((word) => `${server} ${state} ${reason}`.toLowerCase().includes(word));
    const found = all.filter((server) => isFound(server) && (!isPressed(this.trouble) || isInTrouble(server)));
    const ordered = ORDERS[this.order.value](found);
    for (const name of this.cards.keys()) if (!this.servers.has(name)) this.cards.delete(name);
    const nodes = ordered.map(({ server }) => this.#card(server).node);
    // Nothing moves away from under a pointer.
    if (!this.list.matches(":hover") || nodes.length !== this.list.children.length) arrange(this.list, nodes);
    setAttribute(this.nothing, "hidden", found.length > 0 || all.length === 0);
    setText(this.nothing, isPressed(this.trouble) && words.join("") === "" ? "No server is in trouble." : "No server is like that.");
  }

  #card(name) {
    if (!this.cards.has(name)) this.cards.set(name, new Card(name, (...asked) => this.act(...asked)));
    return this.cards.get(name);
  }

  #updateCards(model) {
    const samples = model.recentSamples();
    for (const [name, card] of this.cards) card.update(model.servers.get(name), samples, model.clock(), model.wallClock());
  }

  #toggle(button, onChange) {
    setAttribute(button, "aria-pressed", String(!isPressed(button)));
    onChange();
  }
}

const isPressed = (button) => button.getAttribute("aria-pressed") === "true";
