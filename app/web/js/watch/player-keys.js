// The keys of the player page.

import { isPlainKey } from "../shortcuts.js";

/** Speeds that the player offers. */
export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3];

/** Does what the key of an event means to the player; `actions` are the player's. */
export function pressKey(event, actions) {
  if (!isPlainKey(event)) return;
  const { key, target } = event;
  if (
    (key === " " || key === "Enter") &&
    target.closest("button, a, summary, label, input, [role=tab], [role=option]")
  ) {
    return;
  }
  if (key.startsWith("Arrow") && target.closest("[role=slider], [role=tab], [role=option], input")) return;
  const act = actionOf(key, actions);
  if (!act) return;
  event.preventDefault();
  act();
}

function actionOf(key, actions) {
  if (/^[0-9]$/.test(key)) return () => actions.toShare(Number(key) / 10);
  const table = {
    " ": actions.toggle,
    k: actions.toggle,
    j: () => actions.skip(-10),
    l: () => actions.skip(10),
    arrowleft: () => actions.skip(-5),
    arrowright: () => actions.skip(5),
    ",": () => actions.step(-1),
    ".": () => actions.step(1),
    "[": () => actions.hit(-1),
    "]": () => actions.hit(1),
    r: actions.loop,
    "<": () => actions.faster(-1),
    ">": () => actions.faster(1),
    m: actions.mute,
    c: actions.captions,
    f: actions.fullScreen,
    i: actions.pictureInPicture,
  };
  return table[key.toLowerCase()];
}
