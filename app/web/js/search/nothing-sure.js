// What is said where no moment is likely enough to be what was meant.

import { onSite } from "../base.js";
import { h } from "../dom.js";
import { duration, plural } from "../format.js";
import { icon } from "../icons.js";
import { storedFile } from "./query-files.js";
import { emptySearch, filterCount, hasExample, isNarrowed, withoutFilters } from "./search-state.js";

/** `No giraffe in your 18 videos (7 min).`: that nothing was found, of what, and in how much. */
export function nothingWords(search, { searched }) {
  const videos =
    filterCount(search) > 0
      ? `the ${plural(searched.videos, "video")} searched`
      : `your ${plural(searched.videos, "video")}`;
  return `${whatIsMissing(search)} in ${videos} (${roughly(searched.seconds)}).`;
}

function roughly(seconds) {
  return duration(seconds < 90 ? seconds : Math.round(seconds / 60) * 60);
}

function whatIsMissing(search) {
  if (search.like) return "Nothing more like this moment";
  if (search.fileKey) {
    return storedFile(search.fileKey)?.kind === "sound" ? "Nothing like this sound" : "Nothing like this picture";
  }
  // One word, or up to two after an article, can follow “No”; longer words are quoted.
  const plain = /^(?:an?\s+)?([\p{L}\p{N}'-]+)$|^an?\s+([\p{L}\p{N}'-]+ [\p{L}\p{N}'-]+)$/iu.exec(search.text.trim());
  if (plain && !search.then.length) return `No ${plain[1] ?? plain[2]}`;
  return `Nothing for ${[search.text.trim(), ...search.then].map((words) => `“${words}”`).join(", then ")}`;
}

/** An answer without moments, as a page: an empty library, filters that leave nothing, or nothing sure enough. */
export function noMoments(search, answer, onChange) {
  if (answer.searched.videos === 0 && filterCount(search) === 0) {
    return state(
      "film",
      "Your library is empty",
      "Add videos: they can be searched as soon as they are indexed.",
      h("a", { class: "button button-primary", href: onSite("/library") }, icon("upload"), "Add videos"),
    );
  }
  if (answer.searched.videos === 0) {
    return state("filter", "No video is left by your filters", null, searchEverything(search, onChange));
  }
  if (search.least > 0) {
    const all = h(
      "button",
      { class: "button", type: "button", on: { click: () => onChange({ least: 0 }) } },
      "Show what is less sure",
    );
    return state("search", nothingWords(search, answer), "No moment is as sure as your filter asks.", all);
  }
  return state(
    "search",
    nothingWords(search, answer),
    advice(search),
    isNarrow(search) && searchEverything(search, onChange),
  );
}

/** What stands before the closest moment where it is probably not what was meant. */
export function closestNote(search, onChange) {
  return h(
    "div",
    { class: "closest-note" },
    h("p", { class: "soft" }, "Closest, probably not it:"),
    isNarrow(search) && searchEverything(search, onChange),
  );
}

/** What may help whoever searched with words; who showed something has no other words to say. */
function advice(search) {
  return hasExample(search) ? null : "Other words may help: say what can be seen, heard or read.";
}

function isNarrow(search) {
  return filterCount(search) > 0 || isNarrowed(search);
}

function searchEverything(search, onChange) {
  const all = () => onChange({ ...withoutFilters(search), lanes: emptySearch().lanes });
  return h(
    "button",
    { class: "button button-small", type: "button", on: { click: all } },
    icon("filter"),
    "Search everything",
  );
}

function state(iconName, title, text, ...actions) {
  return h(
    "div",
    { class: "state" },
    icon(iconName),
    h("h2", { id: "results-title" }, title),
    text && h("p", null, text),
    h("div", { class: "state-actions" }, actions),
  );
}
