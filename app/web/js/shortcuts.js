// Keys that work everywhere, and the list of all keys.

import { onSite } from "./base.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { navigate } from "./router.js";

const EVERYWHERE = [
  [["/"], "Search"],
  [["?"], "Show this list"],
  [["Esc"], "Close what is open"],
];
let pageKeys = null;

/** Lists keys of the page that is shown: rows of [names of keys, what they do]. Forgotten with its `signal`. */
export function setPageKeys(title, rows, signal) {
  const mine = { title, rows };
  pageKeys = mine;
  signal.addEventListener("abort", () => {
    if (pageKeys === mine) pageKeys = null;
  });
}

/** Whether keys typed into `target` are text, not shortcuts. */
export function isTyping(target) {
  if (target?.isContentEditable) return true;
  if (target?.tagName === "INPUT") return !["checkbox", "radio", "button", "range", "file"].includes(target.type);
  return ["TEXTAREA", "SELECT"].includes(target?.tagName);
}

/** Whether an event is a plain key that no field, dialog or modifier has a claim on. */
export function isPlainKey(event) {
  const isTaken = event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
  return !isTaken && !isTyping(event.target) && !document.querySelector("dialog[open]");
}

/** Listens for "/" and "?" for as long as the document lives. */
export function watchKeys() {
  addEventListener("keydown", async (event) => {
    if (!isPlainKey(event)) return;
    if (event.key === "?") {
      event.preventDefault();
      showShortcuts();
    } else if (event.key === "/") {
      event.preventDefault();
      if (!document.getElementById("query")) await navigate(onSite("/"));
      const box = /** @type {HTMLTextAreaElement | null} */ (document.getElementById("query"));
      box?.focus();
      box?.select();
    }
  });
}

/** Opens the list of shortcuts. */
export function showShortcuts() {
  const dialog = h(
    "dialog",
    { class: "dialog shortcuts", "aria-labelledby": "shortcuts-title", on: { close: () => dialog.remove() } },
    h(
      "div",
      { class: "dialog-head" },
      h("h2", { id: "shortcuts-title" }, "Keyboard shortcuts"),
      h(
        "button",
        { class: "icon-button", type: "button", "aria-label": "Close", on: { click: () => dialog.close() } },
        icon("close"),
      ),
    ),
    pageKeys && keyList(pageKeys.title, pageKeys.rows),
    keyList("Everywhere", EVERYWHERE),
  );
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}

function keyList(title, rows) {
  const line = ([names, meaning]) =>
    h(
      "div",
      { class: "shortcut" },
      h(
        "dt",
        null,
        names.map((key) => h("kbd", null, key)),
      ),
      h("dd", null, meaning),
    );
  return h("section", { class: "shortcut-group" }, h("h3", null, title), h("dl", null, rows.map(line)));
}
