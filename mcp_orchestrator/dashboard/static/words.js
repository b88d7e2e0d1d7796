/** How numbers, times and names are written for a person. Pure; the same words as in the terminal's table. */

/** "1 server", "2 servers". */
export const count = (number, one) => `${digits(number)} ${one}${number === 1 ? "" : "s"}`;

/** A whole number, with thin spaces between thousands from five digits on. */
export function digits(number) {
  const text = String(Math.round(number));
  return text.replace("-", "").length < 5 ? text : text.replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** A latency, from seconds, with two digits that count: "4.5 ms", "120 ms", "1.5 s"; a dash for none. */
export function latency(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const ms = seconds * 1000;
  if (ms >= 1000) return `${ms < 9950 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
  return `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** Calls per second, from their number within so many seconds. */
export function rate(perSecond) {
  return perSecond === 0 || perSecond >= 99.95 ? digits(perSecond) : perSecond.toFixed(1);
}

/** A time that is still to come, or that something has lasted: "9 s", "1 min 5 s", "2 h 5 min", "3 d 4 h". */
export function span(seconds) {
  const whole = Math.max(Math.ceil(seconds), 0);
  const units = [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const first = units.findIndex(([size], at) => whole >= size || at === units.length - 1);
  const [size, unit] = units[first];
  const rest = units[first + 1];
  const more = rest ? Math.floor((whole % size) / rest[0]) : 0;
  return `${Math.floor(whole / size)} ${unit}${more ? ` ${more} ${rest[1]}` : ""}`;
}

/** How long ago something was, as short as it can be: "just now", "12 s ago", "3 min ago". */
export function ago(seconds) {
  if (seconds < 1) return "just now";
  for (const [size, unit] of [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
  ]) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
  }
  return `${Math.floor(seconds)} s ago`;
}

/** A time of day, local, from seconds since 1970. */
export const clockTime = (at) => new Date(at * 1000).toLocaleTimeString(undefined, { hourCycle: "h23" });

/** Day and time of day, local. */
export const fullTime = (at) =>
  new Date(at * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });

/** The same moment for programs. */
export const isoTime = (at) => new Date(at * 1000).toISOString();

const KINDS = {
  connect_failed: "could not connect",
  crash_loop: "crash loop",
  auth_required: "refuses our credentials",
  config: "configured wrongly",
  breaker_open: "breaker opened",
  breaker_half_open: "breaker half-open",
  breaker_closed: "breaker closed",
  tool_breaker_open: "breaker of a tool opened",
  down: "no answer to pings",
};

/** What kind of incident it was, in words. */
export const kindInWords = (kind) => KINDS[kind] ?? kind.replaceAll("_", " ");

const GOOD = new Set(["connected", "breaker_closed"]);
const NEUTRAL = new Set([
  "stopped",
  "disconnected",
  "disabled",
  "enabled",
  "added",
  "removed",
  "reconfigured",
  "breaker_half_open",
  "throttled",
]);

/** How bad a kind of incident is: "up", "off" or "down". */
export const levelOfKind = (kind) => (GOOD.has(kind) ? "up" : NEUTRAL.has(kind) ? "off" : "down");

/** A text with a full stop, once. */
export const sentence = (text) => (/[.!?]$/.test(text) ? text : `${text}.`);
