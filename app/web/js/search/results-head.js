// What stands over results: how many there are, in how much they were looked for, and how they are shown.

import { h } from "../dom.js";
import { duration, plural, took } from "../format.js";
import { icon } from "../icons.js";
import { SORTS } from "./result-order.js";

const GROUPS = [
  ["", "All moments"],
  ["group", "Grouped by video"],
  ["video", "One per video"],
];

/**
 * The head of results under `title`. `on.change` is told what to change of the search, `on.view` which view was
 * chosen, "grid" or "list".
 */
export function resultsHead({ title, search, answer, view, on }) {
  const { videos, seconds } = answer.searched;
  return h(
    "div",
    { class: "results-head" },
    h("h2", { id: "results-title" }, title),
    !answer.abstained &&
      h(
        "p",
        { class: "results-meta num" },
        `${plural(videos, "video")}, ${duration(seconds)} searched in ${took(answer.took_ms)}`,
      ),
    h(
      "div",
      { class: "results-ways" },
      (answer.moments.length > 1 || search.by) && [
        chooser("Sort", "results-sort", SORTS, search.sort, (sort) => on.change({ sort })),
        chooser("Group", "results-group", GROUPS, search.by, (by) => on.change({ by })),
      ],
      h(
        "div",
        { class: "views", role: "group", "aria-label": "View" },
        viewButton("grid", "Pictures"),
        viewButton("list", "List"),
      ),
    ),
  );

  function viewButton(name, words) {
    return h(
      "button",
      {
        class: "icon-button icon-button-small",
        type: "button",
        name: `view-${name}`,
        "aria-label": words,
        title: words,
        "aria-pressed": String(view === name),
        on: { click: () => on.view(name) },
      },
      icon(name),
    );
  }
}

function chooser(label, id, options, value, onChoose) {
  return h(
    "select",
    { class: "ways-select", id, "aria-label": label, value, on: { change: (event) => onChoose(event.target.value) } },
    options.map(([name, words]) => h("option", { value: name }, words)),
  );
}
