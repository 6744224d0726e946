// The theme's colours as a canvas needs them: resolved.

import { h } from "../dom.js";

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
  visual: "--lane-visual",
  sound: "--lane-sound",
  speech: "--lane-speech",
  screen: "--lane-screen",
};

/** Colours by name, and the font, as they are now inside of `element`. */
export function coloursIn(element) {
  // A property of our own is given as it was written, light-dark() and all; a real one is computed.
  const probe = h("span", { hidden: true });
  element.append(probe);
  const colours = { font: getComputedStyle(element).fontFamily };
  for (const [name, property] of Object.entries(NAMES)) {
    probe.style.setProperty("color", `var(${property})`);
    colours[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return colours;
}

/** Calls `redraw` whenever the theme turns, until `signal` aborts. */
export function watchTheme(redraw, signal) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw, { signal });
  const observer = new MutationObserver(redraw);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  signal.addEventListener("abort", () => observer.disconnect());
}
