/** What the page knows: the last word on everything, as the events bring it. No nodes here, and no asking. */

const SAMPLES = 150; // 5 minutes of them.
const INCIDENTS = 300;
const WINDOW_S = 300;

const pageClock = () => performance.now() / 1000;

export class Model {
  daemon = null; // The overview without what follows.
  configuration = null;
  statistics = null;
  servers = new Map(); // By name, as configured; each with `seenAt`, as `clock` was.
  incidents = []; // Oldest first.
  samples = []; // Oldest first.
  intervalS = 2;
  heardAt = null; // Seconds since 1970, the daemon's: when something was last heard.
  #aheadS = 0; // Of the page's clock: the daemon's wall clock.
  #stoppedAt = null;

  /** Takes an event of the stream. Others than these are of a newer daemon, and are left alone. */
  apply(type, data) {
    const takers = {
      overview: () => this.#begin(data),
      server: () => this.servers.set(data.server, seen(data)),
      incident: () => this.#happened(data),
      sample: () => this.#sampled(data),
      statistics: () => (this.statistics = data),
      configuration: () => (this.configuration = data),
    };
    takers[type]?.();
    this.heardAt = this.wallClock();
  }

  /** Takes the samples from before the stream began. */
  remember({ interval_s: intervalS, samples }) {
    this.intervalS = intervalS;
    const newest = samples.at(-1)?.at ?? 0;
    this.samples = [...samples, ...this.samples.filter(({ at }) => at > newest)].slice(-SAMPLES);
  }

  /** Seconds on the page's own clock. It stands still while nothing is heard: no time ticks on that may be untrue. */
  clock() {
    return this.#stoppedAt ?? pageClock();
  }

  /** Seconds since 1970 by the daemon's clock: the browser's may be wrong. */
  wallClock() {
    return this.clock() + this.#aheadS;
  }

  /** Nothing more will be heard, until the next overview. */
  stop() {
    this.#stoppedAt ??= pageClock();
  }

  /** The samples of the last five minutes; before the daemon began there were none. */
  recentSamples() {
    const from = this.wallClock() - WINDOW_S;
    return this.samples.filter(({ at }) => at >= from);
  }

  #begin({ servers, statistics, configuration, incidents, ...daemon }) {
    this.#stoppedAt = null;
    this.#aheadS = daemon.now - pageClock();
    this.daemon = daemon;
    this.statistics = statistics;
    this.configuration = configuration;
    this.incidents = incidents;
    this.servers = new Map(servers.map((server) => [server.server, seen(server)]));
    this.samples = this.samples.filter(({ at }) => at >= daemon.started_at);
  }

  #happened(incident) {
    this.incidents = [...this.incidents, incident].slice(-INCIDENTS);
  }

  #sampled(sample) {
    if (sample.at > (this.samples.at(-1)?.at ?? 0)) this.samples = [...this.samples, sample].slice(-SAMPLES);
  }
}

const seen = (server) => ({ ...server, seenAt: pageClock() });
