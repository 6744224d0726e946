// Whether results are shown as pictures or as a list: remembered by this browser.

import { BASE } from "../base.js";

const KEY = `moments${BASE}.view`;
let chosen = null;

/** "grid" or "list". */
export function resultView() {
  if (chosen) return chosen;
  try {
    return localStorage.getItem(KEY) === "list" ? "list" : "grid";
  } catch {
    return "grid";
  }
}

/** Remembers a view; where nothing can be stored, for as long as the page is open. */
export function chooseView(view) {
  chosen = view;
  try {
    localStorage.setItem(KEY, view);
  } catch {
    // As said above.
  }
}
