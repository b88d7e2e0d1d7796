/** Dialogs: what they have in common, and the two small ones. Escape closes them; the focus returns to where it was. */

import { element, setText } from "./dom.js";

const MAINTENANCE = [
  ["15 minutes", 900],
  ["1 hour", 3600],
  ["until somebody ends it", null],
];

/** Opens a dialog; it is gone from the page when it is closed. Returns {dialog, close}. */
export function openDialog(title, className, ...content) {
  const heading = element("h2", { id: "dialog-title", tabindex: "-1", autofocus: true }, title);
  const close = () => dialog.close();
  const cross = element("button", { type: "button", class: "quiet", click: close }, "Close");
  const dialog = element(
    "dialog",
    { class: className, "aria-labelledby": "dialog-title" },
    element("div", { class: "bar" }, heading, cross),
    ...content,
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && isOutside(dialog, event) && close());
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, close };
}

/** Asks once before something that cannot be taken back. `act` may fail: why is said in the dialog, which stays. */
export function confirm(title, sentences, label, act) {
  const words = sentences.map((text) => element("p", {}, text));
  openForm(title, words, label, act);
}

/** Asks why and for how long a server is to be left alone. `act({reason, for_s})`. */
export function askForMaintenance(name, act) {
  const reason = element("input", {
    name: "reason",
    value: "maintenance",
    required: true,
    maxlength: "200",
    autocomplete: "off",
  });
  const choices = MAINTENANCE.map(([label], at) =>
    element(
      "label",
      { class: "choice" },
      element("input", { type: "radio", name: "for", value: at, checked: at === 0 }),
      label,
    ),
  );
  const fields = [
    element(
      "p",
      {},
      `The circuit breaker of ${name} is opened: its calls are refused at once, and say why. Calls under way finish.`,
    ),
    element("label", { class: "field" }, "Reason", reason),
    element("fieldset", {}, element("legend", {}, "For how long"), ...choices),
  ];
  openForm(`Maintenance of ${name}`, fields, "Start maintenance", (form) =>
    act({ reason: reason.value, for_s: MAINTENANCE[form.elements.for.value][1] }),
  );
}

function openForm(title, fields, label, act) {
  const failed = element("p", { class: "failed", role: "alert" });
  const submit = element("button", { type: "submit", class: "main" }, label);
  const cancel = element("button", { type: "button", click: () => close() }, "Cancel");
  const form = element(
    "form",
    { submit: (event) => send(event) },
    ...fields,
    failed,
    element("div", { class: "actions" }, submit, cancel),
  );
  const { close } = openDialog(title, "small", form);
  (form.querySelector("input") ?? submit).focus();

  async function send(event) {
    event.preventDefault(); // Nothing is loaded: the answer is shown here.
    submit.disabled = true;
    setText(failed, "");
    try {
      await act(form);
      close();
    } catch (error) {
      setText(failed, error.message);
      submit.disabled = false;
    }
  }
}

function isOutside(dialog, { clientX: x, clientY: y }) {
  const box = dialog.getBoundingClientRect();
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}
