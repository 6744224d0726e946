// What narrows the library: words, a tag, and whether it is shown as a grid or as a list.

import { address } from "../api.js";
import { onSite } from "../base.js";
import { fill, h, uid } from "../dom.js";
import { icon } from "../icons.js";
import { setAddress } from "../router.js";
import { folded } from "../watch/text-marks.js";

const WAIT_MS = 220;
const SHAPE = "moments.library-shape";

/**
 * `{element, params(), fits(video), learn(videos), read(query), clear(), isOn, text}`.
 * `learn` offers the tags of videos; `onChange` is called when something else is looked for.
 */
export function libraryFilter(query, { onChange, grid }) {
  const tags = new Set();
  let timer = 0;
  const listId = uid("tags");
  const text = h("input", {
    class: "input library-query",
    type: "search",
    id: "query",
    placeholder: "Title or path",
    "aria-label": "Find videos by title or path",
    autocomplete: "off",
  });
  const tag = h("select", { class: "input library-tag", "aria-label": "Tag", id: listId, on: { change } });
  const shapes = { grid: shapeButton("grid", "Grid"), list: shapeButton("list", "List") };
  const element = h(
    "div",
    { class: "library-filter", role: "search" },
    h("div", { class: "library-box" }, icon("search"), text),
    tag,
    h("div", { class: "library-shape", role: "group", "aria-label": "Show as" }, shapes.grid, shapes.list),
  );
  text.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(change, WAIT_MS);
  });
  read(query);
  shape(localStorage.getItem(SHAPE) === "list" ? "list" : "grid");

  return {
    element,
    read,
    learn,
    clear,
    params: () => ({ q: text.value.trim(), tag: tag.value }),
    fits,
    get isOn() {
      return Boolean(text.value.trim() || tag.value);
    },
    get text() {
      return text.value.trim();
    },
  };

  function read(from) {
    text.value = from.get("q") ?? "";
    const wanted = from.get("tag") ?? "";
    if (wanted) tags.add(wanted);
    drawTags(wanted);
  }

  /** Whether the server would list a video, which was just added, by what is looked for. */
  function fits(video) {
    const within = folded(`${video.title} ${video.path}`);
    const words = folded(text.value).split(/\s+/).filter(Boolean);
    return (!tag.value || video.tags.includes(tag.value)) && words.every((word) => within.includes(word));
  }

  function learn(videos) {
    const before = tags.size;
    for (const one of videos.flatMap((video) => video.tags)) tags.add(one);
    if (tags.size !== before) drawTags(tag.value);
  }

  function drawTags(chosen) {
    const names = [...tags].sort((one, other) => one.localeCompare(other));
    fill(
      tag,
      h("option", { value: "" }, "All tags"),
      names.map((name) => h("option", { value: name }, name)),
    );
    tag.value = chosen;
    tag.hidden = tags.size === 0;
  }

  function change() {
    setAddress(address(onSite("/library"), { q: text.value.trim(), tag: tag.value }));
    onChange();
  }

  function clear() {
    text.value = "";
    tag.value = "";
    change();
    text.focus();
  }

  function shapeButton(name, label) {
    return h(
      "button",
      { class: "icon-button", type: "button", "aria-label": label, title: label, on: { click: () => shape(name) } },
      icon(name),
    );
  }

  function shape(name) {
    grid.dataset.shape = name;
    for (const [one, button] of Object.entries(shapes)) button.setAttribute("aria-pressed", String(one === name));
    localStorage.setItem(SHAPE, name);
  }
}
