// The videos that are picked in the library, and what can be done with all of them at once.

import { patch } from "../api.js";
import { announce } from "../announce.js";
import { h } from "../dom.js";
import { plural } from "../format.js";
import { icon } from "../icons.js";
import { removeSeveral } from "./library-remove.js";
import { toast } from "../toast.js";
import { askForTags } from "../video-dialog.js";

/** `{element, pick(card, isPicked, isRange), drop(card), clear(), count}`; `cards()` are those shown, in order. */
export function libraryPicks({ cards, onChanged, onRemoved }) {
  const picked = new Set();
  let last = null;
  const count = h("p", { class: "picks-count num", role: "status" });
  const element = h(
    "div",
    { class: "picks", role: "toolbar", "aria-label": "With the picked videos", hidden: true },
    count,
    button("tag", "Tag", tag),
    button("trash", "Remove", removeAll, "button-danger"),
    h(
      "button",
      { class: "icon-button", type: "button", "aria-label": "Pick none", title: "Pick none", on: { click: clear } },
      icon("close"),
    ),
  );
  return {
    element,
    pick,
    drop: (card) => (picked.delete(card), draw()),
    clear,
    get count() {
      return picked.size;
    },
  };

  function pick(card, isPicked, isRange) {
    const shown = cards();
    const [from, to] = [shown.indexOf(last), shown.indexOf(card)].toSorted((one, other) => one - other);
    const chosen = isRange && from >= 0 ? shown.slice(from, to + 1) : [card];
    for (const one of chosen) {
      one.pick(isPicked);
      if (isPicked) picked.add(one);
      else picked.delete(one);
    }
    last = card;
    draw();
  }

  function clear() {
    for (const card of picked) card.pick(false);
    picked.clear();
    draw();
  }

  function draw() {
    element.hidden = picked.size === 0;
    document.documentElement.classList.toggle("has-picks", picked.size > 0);
    count.textContent = picked.size ? `${plural(picked.size, "video")} picked` : "";
  }

  async function tag() {
    const chosen = [...picked];
    const tags = await askForTags(chosen.length);
    if (!tags?.length) return;
    for (const card of chosen) {
      const { video } = card;
      try {
        onChanged(
          card,
          await patch(`/v1/videos/${encodeURIComponent(video.video_id)}`, {
            tags: [...new Set([...video.tags, ...tags])],
          }),
        );
      } catch (error) {
        toast(`“${video.title}” could not be tagged: ${error.message}`, { kind: "bad" });
      }
    }
    announce(`Tagged ${plural(chosen.length, "video")}`);
    clear();
  }

  async function removeAll() {
    const chosen = [...picked];
    const removed = new Set(await removeSeveral(chosen.map((card) => card.video)));
    for (const card of chosen) if (removed.has(card.video)) onRemoved(card);
    if (!removed.size) return;
    clear();
    toast(`Removed ${plural(removed.size, "video")} from the library.`, { kind: "good" });
  }
}

function button(image, label, run, className = "") {
  return h(
    "button",
    { class: `button button-small ${className}`, type: "button", on: { click: run } },
    icon(image),
    label,
  );
}
