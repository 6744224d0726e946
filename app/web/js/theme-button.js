// The button that turns the page light or dark, and remembers it.

import { fill, h } from "./dom.js";
import { icon } from "./icons.js";

const KEY = "moments.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** A button that says what it will do. */
export function themeButton() {
  const button = h("button", { class: "icon-button", type: "button", on: { click: toggle } });
  system.addEventListener("change", draw);
  draw();
  return button;

  function toggle() {
    const theme = isDark() ? "light" : "dark";
    // The system's own theme needs no memory: it is followed again when it changes.
    const isSystems = theme === (system.matches ? "dark" : "light");
    if (isSystems) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      if (isSystems) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
    draw();
  }

  function draw() {
    const label = isDark() ? "Use the light theme" : "Use the dark theme";
    button.setAttribute("aria-label", label);
    button.title = label;
    fill(button, icon(isDark() ? "sun" : "moon"));
  }
}

function isDark() {
  return (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
}
