/** The incidents, newest first; those of one server that follow each other closely are told together. */

import { arrange, element, icon, setAttribute, setMoment, setText } from "./dom.js";
import { ago, clockTime, fullTime, kindInWords, levelOfKind } from "./words.js";

const TOGETHER_S = 60;
const SHOWN = 3; // Of a group; the others on demand.
const GROUPS = 40;

/** Returns [{server, incidents}], newest first in both: those of one server within a minute of each other. */
export function grouped(incidents) {
  const groups = [];
  const newest = new Map();
  for (const incident of incidents.toReversed()) {
    const group = newest.get(incident.server);
    if (group && group.incidents.at(-1).at - incident.at <= TOGETHER_S) {
      group.incidents.push(incident);
      continue;
    }
    const begun = { server: incident.server, incidents: [incident] };
    newest.set(incident.server, begun);
    groups.push(begun);
  }
  return groups;
}

export class Timeline {
  constructor(section, filter, onChange) {
    this.list = element("ol", { class: "timeline" });
    this.nothing = element("p", { class: "nothing" }, "Nothing has happened yet.");
    this.groups = new Map();
    this.select = element(
      "select",
      { "aria-label": "Incidents to show", change: onChange },
      element("option", { value: "" }, "all"),
      element("option", { value: "bad" }, "only bad ones"),
    );
    filter.append(this.select);
    section.append(this.list, this.nothing);
  }

  update(model) {
    const wanted = this.select.value === "bad" ? ({ kind }) => levelOfKind(kind) === "down" : () => true;
    const groups = grouped(model.incidents.filter(wanted)).slice(0, GROUPS);
    const wall = model.wallClock();
    const shown = new Map(groups.map((group) => [keyOf(group), group]));
    for (const key of this.groups.keys()) if (!shown.has(key)) this.groups.delete(key);
    const nodes = [...shown].map(([key, group]) => this.#node(key, group, wall));
    arrange(this.list, nodes);
    setAttribute(this.nothing, "hidden", groups.length > 0);
  }

  #node(key, group, wall) {
    if (!this.groups.has(key)) this.groups.set(key, new Group(group.server));
    const view = this.groups.get(key);
    view.update(group.incidents, wall);
    return view.node;
  }
}

/** A group grows at its new end: its oldest incident tells which it is. */
const keyOf = ({ server, incidents }) => `${incidents.at(-1).at} ${server}`;

class Group {
  constructor(server) {
    this.moment = element("time");
    this.lines = element("ul");
    this.more = element("summary");
    this.older = element("ul");
    this.rest = element("details", {}, this.more, this.older);
    this.shown = 0;
    this.node = element(
      "li",
      {},
      element("div", { class: "who" }, element("span", { class: "name" }, server), this.moment),
      this.lines,
      this.rest,
    );
  }

  update(incidents, wall) {
    setMoment(this.moment, incidents[0].at, ago(wall - incidents[0].at), fullTime(incidents[0].at));
    if (incidents.length === this.shown) return;
    this.shown = incidents.length;
    const lines = told(incidents);
    const rest = lines.length <= SHOWN + 1 ? [] : lines.slice(SHOWN); // One more takes no more room than its hint.
    this.lines.replaceChildren(...lines.slice(0, lines.length - rest.length).map(line));
    this.older.replaceChildren(...rest.map(line));
    setText(this.more, `${rest.length} earlier, since ${clockTime(incidents.at(-1).at)}`);
    setAttribute(this.rest, "hidden", rest.length === 0);
  }
}

/** Returns incidents with `times`: the same one after the other is told once, with the time of the newest. */
export function told(incidents) {
  const lines = [];
  for (const incident of incidents) {
    const last = lines.at(-1);
    if (last && last.kind === incident.kind && last.text === incident.text) last.times += 1;
    else lines.push({ ...incident, times: 1 });
  }
  return lines;
}

/** One incident: a sign, its kind, how many times, and why. */
export function line({ at, kind, text, times }) {
  const why = (times > 1 ? `, ${times} times` : "") + (text && text !== kind ? `: ${text}` : "");
  const moment = element("time", { datetime: new Date(at * 1000).toISOString(), title: fullTime(at) }, clockTime(at));
  return element(
    "li",
    {},
    icon(levelOfKind(kind)),
    element("span", { class: "what" }, element("b", {}, kindInWords(kind)), why),
    moment,
  );
}
