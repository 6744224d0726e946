// The theme's colours as a canvas needs them: resolved.

import { h } from "../dom.js";
import { allLanes } from "../lane-table.js";

const NAMES = {
  ink: "--ink",
  faint: "--ink-faint",
  line: "--line-strong",
  rail: "--sunken",
  sunken: "--line",
  item: "--line-strong",
  surface: "--surface",
  accent: "--accent",
  accentSoft: "--accent-soft",
};

/** Colours by name, those of `lanes` by id, and the font, as they are now inside of `element`. */
export function coloursIn(element) {
  // A property of our own is given as it was written, light-dark() and all; a real one is computed.
  const probe = h("span", { hidden: true });
  element.append(probe);
  const computed = (property) => {
    probe.style.setProperty("color", `var(${property})`);
    return getComputedStyle(probe).color;
  };
  const colours = Object.fromEntries(Object.entries(NAMES).map(([name, property]) => [name, computed(property)]));
  const lanes = Object.fromEntries(allLanes().map((lane) => [lane.id, computed(`--lane-${lane.colour}`)]));
  probe.remove();
  return { ...colours, lanes, font: getComputedStyle(element).fontFamily };
}

/** Calls `redraw` whenever the theme turns, until `signal` aborts. */
export function watchTheme(redraw, signal) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw, { signal });
  const observer = new MutationObserver(redraw);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  signal.addEventListener("abort", () => observer.disconnect());
}
