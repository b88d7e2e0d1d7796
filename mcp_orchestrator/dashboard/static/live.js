/**
 * The stream of events: opened, watched, and opened again when it breaks.
 *
 * It is always in one of these states, and tells `onState` at each change:
 * * {kind: "opening"}: the first try is under way.
 * * {kind: "live"}: what is shown is true.
 * * {kind: "lost", why, since, retryAt}: it is not; times in ms of performance.now(); retryAt null: a try is under way.
 * * {kind: "refused", why, hadToken}: a token is needed, or another one.
 */

import { ApiError, ask, token } from "./api.js";
import { EventParser } from "./sse.js";

const SILENCE_MS = 7_000; // A sample comes every 2 s; a daemon that is hung closes nothing.
const WATCH_MS = 1_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 10_000;

export class Live {
  #onEvent;
  #onState;
  #state = { kind: "opening" };
  #failures = 0;
  #heardAt = 0;
  #watchedAt = 0;
  #current = null; // The AbortController of the stream that counts; an older one is not listened to.
  #timer = null;

  constructor({ onEvent, onState }) {
    this.#onEvent = onEvent;
    this.#onState = onState;
  }

  get state() {
    return this.#state;
  }

  /** Begins; does not end by itself. */
  start() {
    setInterval(() => this.#watch(), WATCH_MS);
    this.#open();
  }

  /** Tries at once: somebody has asked for it, or has entered a token. */
  retryNow() {
    clearTimeout(this.#timer);
    this.#open();
  }

  async #open() {
    this.#current?.abort();
    const current = (this.#current = new AbortController());
    if (this.#state.kind === "lost") this.#change({ ...this.#state, retryAt: null });
    this.#heardAt = performance.now(); // A try that is not answered is as dead as a stream that is silent.
    let why;
    try {
      const response = await ask("GET", "/events", { signal: current.signal });
      await this.#read(response, current);
      why = "The daemon has ended the connection: it stops, or restarts.";
    } catch (error) {
      why = error;
    }
    if (this.#current === current) this.#failed(why);
  }

  async #read(response, current) {
    const parser = new EventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#current !== current) return;
      this.#heardAt = performance.now();
      for (const { type, data } of parser.feed(value)) {
        this.#onEvent(type, JSON.parse(data));
        if (this.#state.kind !== "live") {
          this.#failures = 0;
          this.#change({ kind: "live" });
        }
      }
    }
  }

  #failed(error) {
    this.#current = null;
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      this.#change({ kind: "refused", why: error.message, hadToken: token.get() !== null });
      return;
    }
    const now = performance.now();
    const delay = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS) * (0.8 + 0.4 * Math.random());
    this.#failures += 1;
    const since = this.#state.kind === "lost" ? this.#state.since : now;
    const why = error instanceof ApiError ? error.message : typeof error === "string" ? error : "The connection broke.";
    this.#change({ kind: "lost", why, since, retryAt: now + delay });
    this.#timer = setTimeout(() => this.#open(), delay);
  }

  #watch() {
    const now = performance.now();
    const wasAsleep = now - this.#watchedAt > 3 * WATCH_MS; // The tab, or the machine: nothing could be heard.
    this.#watchedAt = now;
    if (this.#current === null || wasAsleep || now - this.#heardAt < SILENCE_MS) return;
    this.#current.abort();
    this.#failed("The daemon is silent.");
  }

  #change(state) {
    this.#state = state;
    this.#onState(state);
  }
}
