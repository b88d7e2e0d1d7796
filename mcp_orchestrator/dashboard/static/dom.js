/** Makes nodes, and changes them in place. Text goes in as text, never as HTML: much of it is written by servers. */

const SVG = "http://www.w3.org/2000/svg";

/** Makes an element. `attributes`: by name; a function is a listener, true an attribute without value, false none. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Makes an element of a drawing. */
export function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** Sets the text of a node, if it is another one: what is selected or read aloud stays so. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets an attribute, if it has another value; false removes it. */
export function setAttribute(node, name, value) {
  if (value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value === true ? "" : value);
}

/** Shows a moment as a text that a program and a pointer can read, too. */
export function setMoment(node, at, text, title) {
  setText(node, text);
  setAttribute(node, "datetime", new Date(at * 1000).toISOString());
  setAttribute(node, "title", title);
}

/**
 * Puts `nodes` into `parent` in this order, and removes all others. The node that has the focus is not moved, for that
 * would take the focus from it: the others are moved around it.
 */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...parent.children]) if (!wanted.has(node)) node.remove();
  const pivot = nodes.findIndex((node) => node.contains(document.activeElement));
  for (let at = pivot - 1; at >= 0; at -= 1)
    if (nodes[at].nextSibling !== nodes[at + 1]) nodes[at + 1].before(nodes[at]);
  for (let at = Math.max(pivot, 0); at < nodes.length; at += 1) {
    const before = at === 0 ? null : nodes[at - 1];
    if (at === pivot || (before === null ? parent.firstChild : before.nextSibling) === nodes[at]) continue;
    if (before === null) parent.prepend(nodes[at]);
    else before.after(nodes[at]);
  }
}

// 16 by 16; each shape differs from all others, for those who do not tell colours apart.
const ICONS = {
  up: "M3.5 8.5 6.5 11.5 12.5 4.5",
  trying: "M8 2.5a5.5 5.5 0 1 0 5.5 5.5M8 5v3.2l2 1.3",
  down: "M4.5 4.5l7 7m0-7-7 7",
  off: "M3.5 8h9",
};

/** Makes the sign of a level; `setIcon` changes it. Hidden from those who listen: the words beside it say the same. */
export function icon(level) {
  const path = drawn("path", { d: ICONS[level] });
  return drawn("svg", { class: `icon ${level}`, viewBox: "0 0 16 16", "aria-hidden": "true" }, path);
}

export function setIcon(node, level) {
  setAttribute(node, "class", `icon ${level}`);
  setAttribute(node.firstChild, "d", ICONS[level]);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else setAttribute(node, name, value);
  }
  node.append(...children);
  return node;
}
