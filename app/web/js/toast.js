// Short notices at the edge of the page, read out too.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN_MS = 6000;

const KINDS = {
  info: { role: "status", iconName: null },
  good: { role: "status", iconName: "check" },
  bad: { role: "alert", iconName: "alert" },
};

/**
 * Shows a notice. `kind`: "info", "good" or "bad"; `action`: {label, run} puts a button beside the words,
 * which keeps the notice until it is pressed or closed or `shownMs` are over. Returns a function that closes it.
 */
export function toast(text, { kind = "info", action = null, shownMs = action ? 2 * SHOWN_MS : SHOWN_MS } = {}) {
  const { role, iconName } = KINDS[kind];
  const close = () => {
    clearTimeout(timer);
    notice.remove();
  };
  const notice = h(
    "div",
    { class: `toast toast-${kind}`, role },
    iconName && icon(iconName),
    h("p", { class: "toast-text" }, text),
    action &&
      h(
        "button",
        { class: "button button-quiet", type: "button", on: { click: () => (close(), action.run()) } },
        action.label,
      ),
    h(
      "button",
      { class: "icon-button", type: "button", "aria-label": "Close notice", on: { click: close } },
      icon("close"),
    ),
  );
  document.getElementById("toasts").append(notice);
  let timer = setTimeout(close, shownMs);
  // Nobody should lose a notice while reading it or reaching for its button.
  const hold = () => clearTimeout(timer);
  const release = () => {
    clearTimeout(timer);
    timer = setTimeout(close, SHOWN_MS / 2);
  };
  notice.addEventListener("pointerenter", hold);
  notice.addEventListener("focusin", hold);
  notice.addEventListener("pointerleave", release);
  notice.addEventListener("focusout", release);
  return close;
}
