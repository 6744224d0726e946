// What is searched with besides words: a picture, a sound, a clip of one's own, or of an indexed video.

import { onSite } from "../base.js";
import { h } from "../dom.js";
import { clock, clockRange } from "../format.js";
import { icon } from "../icons.js";
import { keepFrame, keepSound, storedFile } from "./query-files.js";
import { toast } from "../toast.js";

/** The chip of a search's example, null if it has none. `onChange` is told {fileKey, like, textShare}. */
export function exampleChip(search, onChange) {
  const file = search.fileKey && storedFile(search.fileKey);
  if (!file && !search.like) return null;
  const name = file ? file.name : `Like ${clockRange(search.like.start_s, search.like.end_s)}`;
  return h(
    "div",
    { class: "example" },
    file ? preview(file) : likePreview(search.like),
    h(
      "div",
      { class: "example-body" },
      h("span", { class: "example-name" }, name),
      file?.clip && clipChoice(file, onChange),
      search.text.trim() && shareSlider(search, onChange),
    ),
    h(
      "button",
      {
        class: "icon-button icon-button-small",
        type: "button",
        "aria-label": `Remove ${name}`,
        on: { click: () => onChange({ fileKey: null, like: null }) },
      },
      icon("close"),
    ),
  );
}

function preview(file) {
  if (file.picture) {
    return h("img", { class: "example-picture", src: file.picture, alt: `What is searched with: ${file.name}` });
  }
  return h("span", { class: "example-picture" }, icon("sound"));
}

function likePreview(like) {
  const at = (like.start_s + like.end_s) / 2;
  const src = onSite(`/v1/videos/${encodeURIComponent(like.video_id)}/thumbnail?t_s=${at.toFixed(2)}`);
  return h("img", { class: "example-picture", src, alt: "The moment that others should be like" });
}

/** Of a clip: search with one of its frames, or with its sound. */
function clipChoice(file, onChange) {
  const { clip } = file;
  const isFrame = file.kind === "image";
  const use = async (keep) => {
    try {
      onChange({ fileKey: await keep() });
    } catch {
      toast("The picture of this clip cannot be read here; its sound can be searched for.", { kind: "bad" });
    }
  };
  const choice = (label, iconName, isOn, keep) =>
    h(
      "button",
      {
        class: "chip",
        name: `use-${iconName}`,
        type: "button",
        "aria-pressed": String(isOn),
        on: { click: () => isOn || use(keep) },
      },
      icon(iconName),
      label,
    );
  return h(
    "div",
    { class: "example-choice", role: "group", "aria-label": "Search with" },
    choice("This frame", "eye", isFrame, () => keepFrame(clip)),
    choice("Its sound", "sound", !isFrame, () => keepSound(clip)),
    isFrame &&
      clip.durationS > 0 &&
      h("input", {
        class: "slider",
        name: "frame",
        type: "range",
        min: 0,
        max: clip.durationS,
        step: "any",
        value: clip.frameS,
        "aria-label": "Frame of the clip",
        "aria-valuetext": clock(clip.frameS, { tenths: true }),
        on: { change: (event) => use(() => keepFrame(clip, Number(event.target.value))) },
      }),
  );
}

function shareSlider(search, onChange) {
  return h(
    "label",
    { class: "share" },
    h("span", null, "Example"),
    h("input", {
      class: "slider",
      name: "share",
      type: "range",
      min: 0,
      max: 1,
      step: 0.1,
      value: search.textShare,
      "aria-label": "How much the words count against the example",
      "aria-valuetext": `${Math.round(search.textShare * 100)} percent words`,
      on: { change: (event) => onChange({ textShare: Number(event.target.value) }) },
    }),
    h("span", null, "Words"),
  );
}
