// The dialog in which a video's title, tags and date are changed, and everything else of it is read.

import { patch } from "./api.js";
import { fill, h, uid } from "./dom.js";
import { day, duration, plural, size } from "./format.js";
import { icon } from "./icons.js";
import { TITLE_CHARS } from "./limits.js";
import { tagField } from "./tag-field.js";

/** The video as it is after the dialog, or null where nothing was changed. The focus goes back to where it was. */
export function editVideo(video) {
  const path = `/v1/videos/${encodeURIComponent(video.video_id)}`;
  const title = field(
    "Title",
    { value: video.title, maxlength: TITLE_CHARS, autocomplete: "off" },
    "Left empty, it is the name of the file.",
  );
  const tags = tagField("Tags", video.tags);
  const recorded = field("Recorded on", { type: "date", value: (video.recorded_at ?? "").slice(0, 10) });
  const trouble = h("p", { class: "error-text", role: "alert", hidden: true });
  const save = h("button", { class: "button button-primary", type: "submit" }, "Save");

  return ask(
    "About this video",
    [title.element, tags.element, recorded.element, trouble, facts(video)],
    save,
    async () => {
      trouble.hidden = true;
      try {
        return await patch(path, changes(video, title.input.value, tags.tags(), recorded.input.value));
      } catch (error) {
        trouble.hidden = false;
        fill(trouble, icon("alert"), error.detail ?? String(error));
        return undefined;
      }
    },
  );
}

/** The tags to add to several videos, or null where the dialog was left. */
export function askForTags(count) {
  const tags = tagField("Tags to add");
  const save = h("button", { class: "button button-primary", type: "submit" }, "Add tags");
  return ask(`Tag ${plural(count, "video")}`, [tags.element], save, async () => tags.tags());
}

/** Whether the user wants it: true, or null. */
export function confirmDanger(heading, words, label) {
  const yes = h("button", { class: "button button-danger", type: "submit" }, label);
  return ask(heading, [h("p", null, words)], yes, async () => true);
}

/** What `read` answers once the form is sent (undefined keeps the dialog open), or null when it is left. */
export function ask(heading, children, submit, read) {
  return new Promise((resolve) => {
    const id = uid("dialog");
    const before = document.activeElement;
    let answer = null;
    const form = h(
      "form",
      { class: "dialog-form", method: "dialog" },
      children,
      h(
        "div",
        { class: "dialog-actions" },
        h("button", { class: "button", type: "button", on: { click: () => dialog.close() } }, "Cancel"),
        submit,
      ),
    );
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": id },
      h(
        "div",
        { class: "dialog-head" },
        h("h2", { id }, heading),
        h(
          "button",
          { class: "icon-button", type: "button", "aria-label": "Close", on: { click: () => dialog.close() } },
          icon("close"),
        ),
      ),
      form,
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      submit.disabled = true;
      const value = await read();
      submit.disabled = false;
      if (value === undefined) return;
      answer = value;
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    /** @type {HTMLElement | null} */
    const first = form.querySelector("input, textarea");
    first?.focus();
  });
}

/** What is different, as the API wants it. */
function changes(video, title, tags, recorded) {
  const body = {};
  if (title.trim() !== video.title) body.title = title.trim() || null;
  if (JSON.stringify(tags) !== JSON.stringify(video.tags)) body.tags = tags;
  if (recorded !== (video.recorded_at ?? "").slice(0, 10)) body.recorded_at = recorded || null;
  return body;
}

function facts(video) {
  const rows = [
    ["File", h("span", { class: "mono-path" }, video.path)],
    ["Length", video.duration_s === null ? null : duration(video.duration_s)],
    ["Size", video.size_bytes ? size(video.size_bytes) : null],
    ["Picture", video.width ? `${video.width} × ${video.height}` : "none"],
    [
      "Indexed",
      video.indexed_at ? `${day(video.indexed_at)}, ${video.profile}, ${plural(video.windows, "window")}` : null,
    ],
  ];
  return h(
    "div",
    { class: "video-facts" },
    h(
      "dl",
      { class: "facts" },
      rows
        .filter(([, value]) => value !== null)
        .map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))),
    ),
    video.warnings.length ? warnings(video.warnings) : null,
  );
}

function warnings(texts) {
  return h(
    "div",
    { class: "warnings" },
    h("h3", null, icon("alert"), plural(texts.length, "warning")),
    h(
      "ul",
      null,
      texts.map((text) => h("li", null, text)),
    ),
  );
}

/** A line of text to type, with its label and a hint: {element, input}. */
export function field(label, attributes, hint = null) {
  const [id, hintId] = [uid("field"), uid("hint")];
  const input = h("input", { class: "input", id, type: "text", "aria-describedby": hint && hintId, ...attributes });
  const element = h(
    "div",
    { class: "field" },
    h("label", { class: "field-label", for: id }, label),
    input,
    hint && h("p", { class: "field-hint", id: hintId }, hint),
  );
  return { element, input };
}
