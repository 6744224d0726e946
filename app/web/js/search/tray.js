// The tray at the bottom of every page: picked moments in order, to be saved together.

import { announce } from "../announce.js";
import { fill, h, setStyle } from "../dom.js";
import { exportItems } from "../exports.js";
import { clockRange, duration, plural } from "../format.js";
import { icon } from "../icons.js";
import { openMenu } from "../popover.js";
import { toast } from "../toast.js";
import { movePicked, pickedMoments, setPicked, togglePicked, watchPicked } from "../tray-store.js";

const MOST_STACKED = 4;

/** Shows the tray in `place`, as long as anything is in it. */
export function mountTray(place) {
  const list = h("ol", { class: "tray-list", id: "tray-list" });
  const toggle = h("button", {
    class: "tray-toggle",
    type: "button",
    "aria-expanded": "false",
    "aria-controls": "tray-list",
  });
  const save = h(
    "button",
    { class: "button button-primary", type: "button", "aria-haspopup": "menu", "aria-expanded": "false" },
    icon("download"),
    "Export",
  );
  const clear = h("button", { class: "button button-quiet", type: "button" }, "Clear");
  const tray = h(
    "section",
    { class: "tray", "aria-label": "Tray" },
    list,
    h("div", { class: "tray-bar" }, toggle, h("span", { class: "spring" }), clear, save),
  );
  let isOpen = false;
  toggle.addEventListener("click", () => {
    isOpen = !isOpen;
    draw();
  });
  save.addEventListener("click", () => openMenu(save, exportItems(pickedMoments), { label: "Export as" }));
  clear.addEventListener("click", () => {
    const before = pickedMoments();
    setPicked([]);
    toast(`${plural(before.length, "moment")} taken out of the tray`, {
      action: { label: "Undo", run: () => setPicked(before) },
    });
  });
  fill(place, tray);
  watchPicked(draw);
  new ResizeObserver(() => setStyle(document.documentElement, { "--tray-height": `${tray.offsetHeight}px` })).observe(
    tray,
  );
  draw();

  function draw() {
    const picked = pickedMoments();
    tray.hidden = picked.length === 0;
    if (tray.hidden) isOpen = false;
    const length = picked.reduce((sum, moment) => sum + moment.end_s - moment.start_s, 0);
    const stack = picked.slice(0, MOST_STACKED).map((moment) => h("img", { src: moment.thumbnail_url, alt: "" }));
    fill(
      toggle,
      h("span", { class: "tray-stack", "aria-hidden": "true" }, stack),
      h(
        "span",
        { class: "tray-count" },
        h("strong", null, `${picked.length} picked`),
        h("span", { class: "faint num" }, ` ${duration(length)}`),
      ),
      icon(isOpen ? "down" : "up"),
    );
    toggle.setAttribute("aria-expanded", String(isOpen));
    toggle.setAttribute("aria-label", `Tray: ${plural(picked.length, "moment")}, ${duration(length)}`);
    list.hidden = !isOpen;
    const focused = list.contains(document.activeElement) ? document.activeElement.className : null;
    fill(list, isOpen && picked.map((moment, n) => trayItem(moment, n, picked.length, list)));
    if (focused !== null && !list.contains(document.activeElement)) toggle.focus();
  }
}

function trayItem(moment, n, count, list) {
  const when = clockRange(moment.start_s, moment.end_s);
  const grip = h(
    "button",
    {
      class: "icon-button icon-button-small tray-grip",
      type: "button",
      "aria-label": `Move ${moment.title} ${when}, place ${n + 1} of ${count}; up and down arrows move it`,
    },
    icon("grip"),
  );
  grip.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    moveTo(n, n + step);
  });
  grip.addEventListener("pointerdown", (event) => drag(event, grip, list, n));
  return h(
    "li",
    { class: "tray-item" },
    grip,
    h("img", { class: "tray-picture", src: moment.thumbnail_url, alt: "", draggable: "false" }),
    h(
      "a",
      { class: "tray-words", href: moment.play_url },
      h("span", { class: "tray-title" }, moment.title),
      h("span", { class: "faint num" }, when),
    ),
    h(
      "button",
      {
        class: "icon-button icon-button-small",
        type: "button",
        "aria-label": `Take ${moment.title} ${when} out of the tray`,
        on: { click: () => togglePicked(moment) },
      },
      icon("close"),
    ),
  );

  function moveTo(from, to) {
    if (to < 0 || to >= count) return;
    movePicked(from, to);
    list.children[to].querySelector(".tray-grip").focus();
    announce(`Place ${to + 1} of ${count}`);
  }
}

/** Drags an item by its grip: a line shows where it will go, which is where it goes when let go. */
function drag(down, grip, list, from) {
  if (down.button !== 0) return;
  down.preventDefault();
  grip.focus();
  grip.setPointerCapture(down.pointerId);
  const items = [...list.children];
  const moved = items[from];
  const middles = items.map((item) => item.getBoundingClientRect()).map((box) => box.top + box.height / 2);
  let to = from;
  moved.classList.add("is-dragged");
  const move = (event) => {
    setStyle(moved, { translate: `0 ${event.clientY - down.clientY}px` });
    const passed = middles.filter((middle, n) => n !== from && middle < event.clientY).length;
    to = passed;
    items.forEach((item, n) => {
      const shift = n > from && n <= to ? -1 : n < from && n >= to ? 1 : 0;
      if (item !== moved) setStyle(item, { translate: `0 ${shift * (moved.offsetHeight + 4)}px` });
    });
  };
  const stop = new AbortController();
  const end = (isDropped) => {
    stop.abort();
    for (const item of items) item.style.removeProperty("translate");
    moved.classList.remove("is-dragged");
    if (!isDropped || to === from) return;
    movePicked(from, to);
    list.children[to].querySelector(".tray-grip").focus();
  };
  grip.addEventListener("pointermove", move, { signal: stop.signal });
  grip.addEventListener("pointerup", () => end(true), { signal: stop.signal });
  grip.addEventListener("pointercancel", () => end(false), { signal: stop.signal });
}
