/**
 * What a person wants to know of one server, and of all: is it up, if not why, and what happens next. Pure.
 *
 * Levels: "up"; "trying", on its way; "down"; "off", because somebody wants it so.
 */

import { count, span } from "./words.js";

// By state: level, what a card says, and how the verdict goes on after the server's name.
const STATES = {
  ready: ["up", "Ready", "is ready"],
  connecting: ["trying", "Connecting", "is connecting"],
  reconnecting: ["down", "Reconnecting", "is not connected"],
  throttled: ["trying", "Throttled", "asked to be left alone"],
  draining: ["trying", "Draining", "is finishing its calls"],
  crash_loop: ["down", "Crash loop", "is in a crash loop"],
  auth_required: ["down", "Refuses us", "refuses our credentials"],
  config: ["down", "Misconfigured", "is configured wrongly"],
  parked: ["down", "Parked", "is parked: its actor failed too often"],
  disabled: ["off", "Disabled", "is disabled"],
  disconnected: ["off", "Disconnected", "is disconnected"],
  stopped: ["off", "Stopped", "is stopped"],
};
const ORDER = { down: 0, trying: 1, off: 2, up: 3 };
const NAMED = 3; // Servers in trouble that the verdict names; more would be no glance.

/**
 * Returns {level, label, phrase, why, nextIn} of a server: how it is, in a word and in a verdict, why, and the seconds
 * from `server.seenAt` to the next try, null if nobody knows. In maintenance there is `endsIn` besides: null, never.
 */
export function standing(server) {
  if (server.enabled === false) return says("disabled", server.reason, null);
  if (isInMaintenance(server)) return inMaintenance(server.circuit_breaker);
  return server.state === "ready" ? whenReady(server) : whenNotReady(server);
}

/** Says if somebody has opened the breaker on purpose. */
export const isInMaintenance = ({ circuit_breaker: breaker }) => breaker.state === "open" && breaker.forced !== "";

/** Says if a person should look at it: it is not up, and nobody wants it so. */
export const isInTrouble = (server) => ["down", "trying"].includes(standing(server).level);

/** Returns the servers, those in trouble first, else as configured. */
export const troubledFirst = (servers) =>
  servers.toSorted((one, other) => ORDER[standing(one).level] - ORDER[standing(other).level]);

/** Returns what is left of a time that a server told, by now; at least 0. */
export const left = (server, seconds, now) => Math.max(seconds - (now - server.seenAt), 0);

/** Writes a time to come: ", next try in 12 s". */
export function nextInWords(server, now) {
  const { nextIn, endsIn } = standing(server);
  if (endsIn === null) return "until somebody ends it";
  if (endsIn !== undefined) return `for another ${span(left(server, endsIn, now))}`;
  if (nextIn === null) return "";
  const seconds = left(server, nextIn, now);
  return seconds === 0 ? "trying now" : `next try in ${span(seconds)}`;
}

/** Returns the verdict on all servers: {level, head, rest}: how many are ready, and what is wrong with the others. */
export function verdict(servers, daemon, now) {
  if (daemon.state === "broken") return { level: "down", head: "The orchestrator is broken", rest: daemon.reason };
  if (daemon.state === "draining") {
    return {
      level: "trying",
      head: "The daemon is draining",
      rest: daemon.reason || "calls under way may finish, new ones are refused",
    };
  }
  if (servers.length === 0) return { level: "off", head: "No servers are configured", rest: "" };
  const wanted = servers.filter((server) => standing(server).label !== "Disabled");
  const ready = wanted.filter(
    (server) => server.state === "ready" && !["off", "down"].includes(standing(server).level),
  );
  const others = troubledFirst(wanted).filter((server) => standing(server).level !== "up");
  const named = others.slice(0, NAMED).map((server) => troubleInWords(server, now));
  if (others.length > NAMED) named.push(`and ${others.length - NAMED} more`);
  if (wanted.length < servers.length) named.push(`${count(servers.length - wanted.length, "server")} disabled`);
  const level = others.length > 0 ? standing(others[0]).level : wanted.length > 0 ? "up" : "off";
  return { level, head: readyInWords(ready.length, wanted.length), rest: named.join("; ") };
}

/** Returns what the tab's title says before the name: "! 1 down"; "" when all is well. */
export function titleSign(servers, daemon) {
  if (daemon.state !== "serving") return `! ${daemon.state}`;
  const down = servers.filter((server) => standing(server).level === "down").length;
  return down > 0 ? `! ${down} down` : "";
}

function inMaintenance({ forced, forced_for: endsIn }) {
  return { level: "off", label: "Maintenance", phrase: "is in maintenance", why: forced, nextIn: null, endsIn };
}

function whenReady({ circuit_breaker: breaker, reason }) {
  if (breaker.state === "open") {
    const phrase = "is left alone after failures";
    return { level: "down", label: "Breaker open", phrase, why: reason, nextIn: breaker.retry_after };
  }
  if (breaker.state === "half_open") {
    return { level: "trying", label: "On trial", phrase: "is being tried again", why: reason, nextIn: null };
  }
  if (breaker.tools_open.length > 0) {
    const tools = breaker.tools_open.join(", ");
    const phrase = `is ready but for ${tools}, whose calls time out`;
    return { level: "trying", label: "Ready", phrase, why: `Calls of ${tools} time out`, nextIn: null };
  }
  return says("ready", "", null);
}

function whenNotReady(server) {
  const { circuit_breaker: breaker, state, reason } = server;
  const isTried = state === "connecting" || state === "reconnecting";
  if (isTried && breaker.state === "open") return says("reconnecting", reason, breaker.retry_after);
  if (state === "connecting" && server.failed_connects > 0) {
    return { ...says("reconnecting", reason, 0), label: "Trying again" };
  }
  return says(state, reason, server.retry_after);
}

function says(state, why, nextIn) {
  const [level, label, phrase] = STATES[state] ?? ["down", state, `is ${state}`];
  return { level, label, phrase, why, nextIn };
}

function troubleInWords(server, now) {
  const next = nextInWords(server, now);
  const { phrase, endsIn } = standing(server);
  return `${server.server} ${phrase}${next && `${endsIn === undefined ? "," : ""} ${next}`}`;
}

function readyInWords(ready, all) {
  if (all === 0) return "All servers are disabled";
  if (ready === all) return all === 1 ? "The only server is ready" : `All ${all} servers are ready`;
  return all === 1 ? "The only server is not ready" : `${ready} of ${all} servers ${ready === 1 ? "is" : "are"} ready`;
}
