// A small panel that opens beside a button, closes on Escape and on a click elsewhere.

import { h, setStyle } from "./dom.js";

const GAP = 8;

/**
 * Opens a panel under `anchor` (over it where there is no room), with the focus in it. Its button says
 * that it is open; the focus goes back to it. `onClose` is called once. Returns a function that closes.
 * @param {HTMLElement} anchor
 * @param {import("./dom.js").Child} children
 * @param {{ label?: string, className?: string, role?: string, onClose?: () => void }} [options]
 */
export function openPopover(anchor, children, { label, className = "", role = "dialog", onClose = () => {} } = {}) {
  const panel = h("div", { class: `popover ${className}`, popover: "auto", role, "aria-label": label }, children);
  anchor.after(panel);
  anchor.setAttribute("aria-expanded", "true");
  panel.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    anchor.setAttribute("aria-expanded", "false");
    if (panel.contains(document.activeElement) || document.activeElement === document.body) anchor.focus();
    removeEventListener("resize", place);
    panel.remove();
    onClose();
  });
  panel.showPopover();
  place();
  addEventListener("resize", place);
  /** @type {HTMLElement | null} */
  const first = panel.querySelector("[autofocus], input, button, a[href]");
  first?.focus();
  return () => panel.isConnected && panel.hidePopover();

  function place() {
    const at = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = panel;
    const left = Math.min(Math.max(GAP, at.left), innerWidth - width - GAP);
    const isBelow = at.bottom + GAP + height <= innerHeight || at.top < height + GAP;
    const top = isBelow ? at.bottom + GAP : at.top - GAP - height;
    setStyle(panel, { position: "fixed", left: `${left}px`, top: `${top}px` });
  }
}

/** Opens a menu: `items` are {label, icon, hint, run}. Arrow keys move in it. */
export function openMenu(anchor, items, { label }) {
  const buttons = items.map((item) =>
    h(
      "button",
      { class: "menu-item", type: "button", role: "menuitem", on: { click: () => (close(), item.run()) } },
      item.icon ?? null,
      h("span", null, item.label),
      item.hint && h("span", { class: "menu-item-hint" }, item.hint),
    ),
  );
  const close = openPopover(anchor, buttons, { label, className: "menu", role: "menu" });
  const move = (event) => {
    const now = buttons.indexOf(document.activeElement);
    const steps = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: buttons.length - 1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    buttons.at(steps[event.key] % buttons.length).focus();
  };
  for (const button of buttons) button.addEventListener("keydown", move);
  return close;
}
