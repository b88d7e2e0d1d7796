/** What is wrong with the page's own view or with the configuration; and the form for a token. */

import { token } from "./api.js";
import { element, setText } from "./dom.js";
import { ago, clockTime, sentence, span } from "./words.js";

export class Notices {
  /** `onRetry`: somebody does not want to wait, or has entered a token. */
  constructor(place, onRetry) {
    this.place = place;
    this.onRetry = onRetry;
    this.lost = new Notice("lost", [element("button", { type: "button", click: onRetry }, "Try now")]);
    this.configuration = new Notice("configuration", []);
    this.calls = new Notice("calls", []);
    this.form = null;
  }

  /** Shows the state of the connection; see live.js. `asOf`: when something was last heard, seconds since 1970. */
  showConnection(state, asOf) {
    const now = performance.now();
    this.lost.show(
      this.place,
      state.kind === "lost" &&
        (() => {
          const next =
            state.retryAt === null
              ? "trying again now"
              : `trying again in ${span(Math.max((state.retryAt - now) / 1000, 1))}`;
          const shown = asOf === null ? "" : ` What is shown is of ${clockTime(asOf)}.`;
          return [`Connection lost ${ago((now - state.since) / 1000)}; ${next}.`, `${state.why}${shown}`];
        }),
    );
    this.#showForm(state);
  }

  /** Shows what is wrong with the daemon's file, and with its books. */
  showDaemon({ configuration, statistics }) {
    const { error, path, loaded_at: loadedAt } = configuration;
    this.configuration.show(
      this.place,
      error !== "" &&
        (() => [
          "The configuration file has a mistake.",
          `${sentence(error)} What ${path ?? "it"} said at ${clockTime(loadedAt)} is still in force.`,
        ]),
    );
    this.calls.show(
      this.place,
      statistics.unaccounted_calls !== 0 &&
        (() => [
          `${statistics.unaccounted_calls} calls are unaccounted for.`,
          "This is a bug of ours: please report it, with the log.",
        ]),
    );
  }

  #showForm(state) {
    if (state.kind !== "refused") {
      if (state.kind === "live") this.#removeForm();
      return;
    }
    if (this.form === null) {
      this.form = tokenForm(this.onRetry);
      this.place.after(this.form.node);
      this.form.input.focus();
    }
    setText(this.form.why, state.hadToken ? state.why : "");
  }

  #removeForm() {
    this.form?.node.remove();
    this.form = null;
  }
}

/** One notice: in the page while it has something to say. Its words change in place. */
class Notice {
  constructor(kind, buttons) {
    this.head = element("strong");
    this.text = element("span");
    this.node = element(
      "div",
      { class: "notice", "data-kind": kind },
      element("p", {}, this.head, " ", this.text),
      ...buttons,
    );
  }

  show(place, words) {
    if (!words) return this.node.remove();
    const [head, text] = words();
    setText(this.head, head);
    setText(this.text, text);
    if (!this.node.isConnected) place.append(this.node);
  }
}

function tokenForm(onToken) {
  const input = element("input", {
    type: "password",
    id: "token",
    name: "token",
    required: true,
    autocomplete: "off",
    spellcheck: "false",
  });
  const why = element("p", { class: "failed", role: "alert" });
  const node = element(
    "form",
    {
      class: "token",
      "aria-labelledby": "token-title",
      submit: (event) => {
        event.preventDefault();
        token.set(input.value.trim());
        onToken();
      },
    },
    element("h2", { id: "token-title" }, "This daemon asks for a token"),
    element(
      "p",
      {},
      "One with the scope “read” shows this page; buttons need “admin”. ",
      element("code", {}, "mcp-orchestrator token create NAME --scope admin"),
      " makes one. It is kept in this tab until it is closed.",
    ),
    element("label", { class: "field", for: "token" }, "Token"),
    input,
    why,
    element("div", { class: "actions" }, element("button", { type: "submit", class: "main" }, "Show the dashboard")),
  );
  return { node, input, why };
}
