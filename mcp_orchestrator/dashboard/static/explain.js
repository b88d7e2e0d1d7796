/** All there is to know of one server: sentences, incidents, tools, and what it wrote on stderr. */

import { askJson, ofServer } from "./api.js";
import { openDialog } from "./dialogs.js";
import { element, setAttribute, setText } from "./dom.js";
import { line, told } from "./timeline.js";
import { count } from "./words.js";

const AGAIN_MS = 2_000;
const INCIDENTS = 6;

/** Opens the dialog on a server of the model. `isLive()`: what is asked now would be answered. */
export function openExplain(name, model, isLive) {
  const view = new Explanation(name, model, isLive);
  view.refresh();
  const timer = setInterval(() => view.refresh(), AGAIN_MS);
  view.dialog.addEventListener("close", () => clearInterval(timer));
}

class Explanation {
  constructor(name, model, isLive) {
    this.name = name;
    this.model = model;
    this.isLive = isLive;
    this.sentences = element("ul", { class: "sentences" });
    this.incidents = element("ul", { class: "incidents" });
    this.toolsTitle = element("h3", {}, "Tools");
    this.tools = element("div", { class: "scrolled", tabindex: "0", role: "region", "aria-label": "Tools" });
    this.stderr = element("pre", { class: "scrolled", tabindex: "0", role: "region", "aria-label": "stderr" });
    this.failed = element("p", { class: "failed", role: "alert" });
    this.connection = null; // Of the tools that are shown.
    const { dialog } = openDialog(
      name,
      "large",
      this.failed,
      this.sentences,
      element("h3", {}, "Incidents"),
      this.incidents,
      this.toolsTitle,
      this.tools,
      element("h3", {}, "Last lines on stderr"),
      this.stderr,
    );
    this.dialog = dialog;
  }

  async refresh() {
    if (!this.isLive()) return setText(this.failed, "The connection is lost: this is how it was.");
    const server = this.model.servers.get(this.name);
    if (!server) return setText(this.failed, "This server is no longer configured.");
    this.#showIncidents();
    const asked = [this.#explain(), this.#readStderr()];
    if (this.connection !== `${server.connection} ${server.tools}`) asked.push(this.#listTools(server));
    const failed = (await Promise.allSettled(asked)).find(({ status }) => status === "rejected");
    setText(this.failed, failed ? failed.reason.message : "");
  }

  async #explain() {
    const { explain: sentences } = await askJson("GET", ofServer(this.name, "/explain"));
    while (this.sentences.children.length < sentences.length) this.sentences.append(element("li"));
    while (this.sentences.children.length > sentences.length) this.sentences.lastChild.remove();
    sentences.forEach((sentence, at) => setText(this.sentences.children[at], sentence));
  }

  async #readStderr() {
    const { lines } = await askJson("GET", ofServer(this.name, "/stderr"));
    const box = this.stderr;
    const isAtEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 4;
    setText(box, lines.length > 0 ? lines.join("\n") : "Nothing.");
    if (isAtEnd) box.scrollTop = box.scrollHeight;
  }

  async #listTools(server) {
    const { tools } = await askJson("GET", ofServer(this.name, "/tools"));
    this.connection = `${server.connection} ${server.tools}`;
    setText(this.toolsTitle, count(tools.length, "tool"));
    const rows = tools.map((tool) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, tool.name),
        element(
          "td",
          { class: "repeatable" },
          element("b", {}, tool.repeatable.yes ? "yes" : "no"),
          ` (${tool.repeatable.why})`,
        ),
        element("td", {}, firstSentence(tool.description ?? tool.title ?? "")),
      ),
    );
    const head = element(
      "tr",
      {},
      ...["Tool", "Repeatable", "What it does"].map((title) => element("th", { scope: "col" }, title)),
    );
    this.tools.replaceChildren(
      rows.length > 0
        ? element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows))
        : "None are known.",
    );
  }

  #showIncidents() {
    const own = told(this.model.incidents.filter(({ server }) => server === this.name).toReversed()).slice(
      0,
      INCIDENTS,
    );
    const key = JSON.stringify(own);
    if (this.incidents.dataset.key === key) return;
    setAttribute(this.incidents, "data-key", key);
    this.incidents.replaceChildren(...(own.length > 0 ? own.map(line) : [element("li", {}, "None.")]));
  }
}

const firstSentence = (text) => text.trim().split(/\n|(?<=\.) /)[0];
