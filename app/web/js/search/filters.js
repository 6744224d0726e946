// Which videos are searched, and how sure an answer must be.

import { get } from "../api.js";
import { fill, h, refill, uid } from "../dom.js";
import { day, fileName, languageName } from "../format.js";
import { icon } from "../icons.js";
import { filterCount, withoutFilters } from "./search-state.js";

const CONFIDENCES = [
  [0, "Any"],
  [0.2, "Doubtful or better"],
  [0.4, "Perhaps or better"],
  [0.6, "Likely or better"],
  [0.8, "Very likely only"],
];
const MOST_LISTED = 500;

/**
 * {button, panel, chips, show(search)}: a button that opens a panel of fields, and chips of what is set.
 * `onChange` is told what changes.
 */
export function filters({ onChange, signal }) {
  const panel = h("fieldset", { class: "filters card", id: "filters", hidden: true });
  const chips = h("ul", { class: "filter-chips", "aria-label": "Filters that are set" });
  const button = h("button", { class: "chip", type: "button", "aria-expanded": "false", "aria-controls": "filters" });
  let videos = null;
  let speech = null;
  let current = null;
  button.addEventListener("click", async () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (panel.hidden) return;
    draw();
    panel.querySelector("input")?.focus();
    await Promise.all([loadVideos(), loadSpeech()]);
  });
  return { button, panel, chips, show };

  function show(search) {
    current = search;
    const count = filterCount(search);
    const hadFocus = chips.contains(document.activeElement);
    button.classList.toggle("is-set", count > 0);
    fill(button, icon("filter"), "Filters", count > 0 && h("span", { class: "chip-count num" }, count));
    fill(chips, setChips(search, videos, onChange));
    chips.hidden = count === 0;
    if (hadFocus) (chips.querySelector("button") ?? button).focus();
    if (count > 0 && search.videos.length) loadVideos();
    if (!panel.hidden) draw();
  }

  async function loadVideos() {
    if (videos !== null) return;
    videos = [];
    try {
      videos = (await get("/v1/videos", { params: { status: "indexed", limit: MOST_LISTED }, signal })).videos;
    } catch {
      // The lists to choose from are a comfort; ids and paths can be typed all the same.
      return;
    }
    if (current) show(current);
  }

  async function loadSpeech() {
    if (speech !== null) return;
    speech = { languages: [], speakers: [] };
    try {
      speech = await get("/v1/speech", { signal });
    } catch {
      // As above: languages and names can be typed.
      return;
    }
    if (current) show(current);
  }

  function draw() {
    const known = { videos: videos ?? [], ...(speech ?? { languages: [], speakers: [] }) };
    refill(panel, h("legend", { class: "visually-hidden" }, "Filters"), fields(current, known, onChange));
  }
}

/** A field for each filter; `known` is what there is to choose from: {videos, languages, speakers}. */
function fields(search, { videos, languages, speakers }, onChange) {
  const tags = [...new Set(videos.flatMap((video) => video.tags))].sort();
  const videoOf = (text) => videos.find((video) => [video.title, video.video_id, fileName(video.path)].includes(text));
  return [
    field(
      "Video",
      "Title or file name",
      listInput(
        "filter-video",
        videos.map((video) => video.title),
        (text) => {
          const id = videoOf(text)?.video_id ?? text;
          if (!search.videos.includes(id)) onChange({ videos: [...search.videos, id] });
        },
      ),
    ),
    field(
      "Folder or path",
      "Part of it, or a pattern with *",
      input("filter-path", "text", search.path, (path) => onChange({ path })),
    ),
    field(
      "Tag",
      "Videos that have all of them",
      listInput("filter-tag", tags, (tag) => {
        if (!search.tags.includes(tag)) onChange({ tags: [...search.tags, tag] });
      }),
    ),
    field(
      "Language",
      "What is spoken meanwhile",
      listInput(
        "filter-language",
        languages.map((one) => one.name),
        (text) => {
          const code = languages.find((one) => [one.name, one.language].includes(text))?.language ?? text;
          if (!search.languages.includes(code)) onChange({ languages: [...search.languages, code] });
        },
      ),
    ),
    field(
      "Speaker",
      "Who speaks meanwhile",
      listInput(
        "filter-speaker",
        speakers.map((one) => one.name),
        (name) => {
          if (!search.speakers.includes(name)) onChange({ speakers: [...search.speakers, name] });
        },
      ),
    ),
    field(
      "Recorded from",
      null,
      input("filter-from", "date", search.recordedFrom, (recordedFrom) => onChange({ recordedFrom })),
    ),
    field(
      "Recorded until",
      null,
      input("filter-to", "date", search.recordedTo, (recordedTo) => onChange({ recordedTo })),
    ),
    field("Confidence", null, confidenceSelect(search, onChange)),
  ];
}

function field(label, hint, control) {
  const id = uid("field");
  const target = control.matches("input, select") ? control : control.querySelector("input");
  target.id = id;
  return h(
    "div",
    { class: "field" },
    h("label", { class: "field-label", for: id }, label),
    control,
    hint && h("span", { class: "field-hint" }, hint),
  );
}

function input(name, type, value, onCommit) {
  return h("input", {
    class: "input",
    name,
    type,
    value,
    autocomplete: "off",
    on: { change: (event) => onCommit(event.target.value.trim()) },
  });
}

/** A field with a list to choose from, which adds what was chosen and is empty again. */
function listInput(name, options, onAdd) {
  const id = uid("list");
  const box = h("input", { class: "input", name, type: "text", list: id, autocomplete: "off" });
  const add = () => {
    const text = box.value.trim();
    box.value = "";
    if (text) onAdd(text);
  };
  box.addEventListener("change", add);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add();
  });
  return h(
    "div",
    null,
    box,
    h(
      "datalist",
      { id },
      options.map((value) => h("option", { value })),
    ),
  );
}

function confidenceSelect(search, onChange) {
  return h(
    "select",
    {
      class: "input",
      name: "filter-least",
      value: String(search.least),
      on: { change: (event) => onChange({ least: Number(event.target.value) }) },
    },
    CONFIDENCES.map(([value, words]) => h("option", { value }, words)),
  );
}

function setChips(search, videos, onChange) {
  const titleOf = (id) => (videos ?? []).find((video) => video.video_id === id)?.title ?? id;
  const without = (list, item) => list.filter((other) => other !== item);
  const chips = [
    ...search.videos.map((id) => ["film", titleOf(id), () => onChange({ videos: without(search.videos, id) })]),
    search.path && ["folder", search.path, () => onChange({ path: "" })],
    ...search.tags.map((tag) => ["tag", tag, () => onChange({ tags: without(search.tags, tag) })]),
    ...search.languages.map((code) => [
      "captions",
      languageName(code),
      () => onChange({ languages: without(search.languages, code) }),
    ]),
    ...search.speakers.map((name) => ["speech", name, () => onChange({ speakers: without(search.speakers, name) })]),
    (search.recordedFrom || search.recordedTo) && [
      "calendar",
      recordedWords(search),
      () => onChange({ recordedFrom: "", recordedTo: "" }),
    ],
    search.least > 0 && [
      "check",
      CONFIDENCES.find(([value]) => value === search.least)?.[1] ?? `${search.least} or better`,
      () => onChange({ least: 0 }),
    ],
  ].filter(Boolean);
  const items = chips.map(([iconName, words, remove]) =>
    h(
      "li",
      null,
      h(
        "button",
        {
          class: "chip",
          type: "button",
          "aria-pressed": "true",
          "aria-label": `Remove filter: ${words}`,
          on: { click: remove },
        },
        icon(iconName),
        words,
        icon("close"),
      ),
    ),
  );
  if (items.length > 1) {
    const clear = () => onChange(withoutFilters(search));
    items.push(
      h(
        "li",
        null,
        h("button", { class: "button button-quiet button-small", type: "button", on: { click: clear } }, "Remove all"),
      ),
    );
  }
  return items;
}

function recordedWords({ recordedFrom, recordedTo }) {
  if (!recordedTo) return `since ${day(recordedFrom)}`;
  return recordedFrom ? `${day(recordedFrom)} – ${day(recordedTo)}` : `until ${day(recordedTo)}`;
}
