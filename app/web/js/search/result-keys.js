// Moving through results by keys, and what keys do with the one that has the focus.

import { isPlainKey } from "../shortcuts.js";

const STEPS = { j: 1, k: -1 };
const ARROWS = ["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight"];

/** Listens until `signal` aborts; `cards()` are the results that are shown, in order. */
export function watchResultKeys(cards, signal) {
  addEventListener("keydown", onKey, { signal });

  function onKey(event) {
    const all = cards();
    if (event.key === "ArrowDown" && event.target.id === "query") {
      event.preventDefault();
      focusCard(all[0]);
      return;
    }
    if (!isPlainKey(event)) return;
    const now = all.findIndex((card) => card.owns(document.activeElement));
    if (event.key in STEPS || ARROWS.includes(event.key)) move(event, all, now);
    else act(event, all[now]);
  }
}

function move(event, all, now) {
  // Elsewhere on the page, arrows scroll as they always do.
  if (now < 0 && event.key.startsWith("Arrow")) return;
  const to = now < 0 ? all[0] : event.key in STEPS ? all[now + STEPS[event.key]] : beside(all, now, event.key);
  event.preventDefault();
  if (to) focusCard(to);
  else if (now === 0 || event.key === "ArrowUp") document.getElementById("query").focus();
}

/** The card that lies that way of another: in the next row, the one that is nearest. */
function beside(all, now, key) {
  if (key === "ArrowLeft") return all[now - 1];
  if (key === "ArrowRight") return all[now + 1];
  const at = all.map((card) => card.element.getBoundingClientRect());
  const from = at[now];
  const isBeyond = (box) => (key === "ArrowDown" ? box.top >= from.bottom - 1 : box.bottom <= from.top + 1);
  const middle = (box) => box.left + box.width / 2;
  const distance = (box) => Math.abs(box.top - from.top) * innerWidth + Math.abs(middle(box) - middle(from));
  const [nearest] = all
    .map((card, n) => ({ card, box: at[n] }))
    .filter(({ box }) => isBeyond(box))
    .sort((one, other) => distance(one.box) - distance(other.box));
  return nearest?.card;
}

function act(event, card) {
  const isButtons = event.key === " " && document.activeElement !== card?.link;
  if (!card?.keys[event.key] || isButtons || event.repeat) return;
  event.preventDefault();
  card.keys[event.key]();
}

/** Puts the focus on a card, and the card into view. */
export function focusCard(card) {
  if (!card) return;
  card.link.focus({ preventScroll: true });
  card.element.scrollIntoView({ block: "nearest", behavior: "auto" });
}
