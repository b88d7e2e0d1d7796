/** Puts the page together: events change the model, and what has changed is shown. */

import { askJson } from "./api.js";
import { Charts } from "./charts.js";
import { openExplain } from "./explain.js";
import { Live } from "./live.js";
import { Model } from "./model.js";
import { Notices } from "./notices.js";
import { Servers } from "./servers.js";
import { Summary } from "./summary.js";
import { Timeline } from "./timeline.js";

const TOGETHER_MS = 40; // Events that come together are shown together. A hidden tab has timers, but no frames.
const TICK_MS = 1_000; // Of all times that are shown.

const at = (id) => document.getElementById(id);
const model = new Model();
const live = new Live({ onEvent: heard, onState: changed });
const isLive = () => live.state.kind === "live";
const notices = new Notices(at("notices"), () => live.retryNow());
const summary = new Summary();
const servers = new Servers(at("cards"), at("no-cards"), at("server-filter"), {
  onExplain: (name) => openExplain(name, model, isLive),
  onChange: show,
});
const charts = new Charts(at("charts"), at("chart-filter"), show);
const timeline = new Timeline(at("timeline"), at("timeline-filter"), show);
let planned = null;

function heard(type, data) {
  model.apply(type, data);
  if (type === "overview") remember();
  planned ??= setTimeout(show, TOGETHER_MS);
}

/** The charts begin with what was before this page was opened, or while it heard nothing. */
async function remember() {
  try {
    model.remember(await askJson("GET", "/history"));
    show();
  } catch {
    // They begin now: whatever is wrong shows at the stream, too.
  }
}

function changed(state) {
  document.body.dataset.connection = state.kind;
  if (state.kind !== "live") {
    model.stop();
    summary.showUnknown(state.kind === "lost" ? "Connection lost. What is shown may be out of date." : "");
  }
  show();
}

function show() {
  clearTimeout(planned);
  planned = null;
  notices.showConnection(live.state, model.heardAt);
  if (model.daemon === null) return;
  at("main").hidden = at("about").hidden = false;
  summary.update(model, isLive());
  notices.showDaemon(model);
  servers.update(model);
  charts.update(model);
  timeline.update(model);
}

setInterval(show, TICK_MS);
live.start();
