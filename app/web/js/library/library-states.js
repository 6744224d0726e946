// What the library shows where it has no videos to show.

import { address } from "../api.js";
import { onSite } from "../base.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { navigate } from "../router.js";

/** A library with nothing in it yet. */
export function invitation(adding) {
  return h(
    "div",
    { class: "invitation" },
    h("span", { class: "invitation-icon" }, icon("upload")),
    h("h2", null, "Drop your videos here"),
    h("p", null, "Files or whole folders, video or sound. Each can be searched as soon as it is indexed."),
    h(
      "div",
      { class: "state-actions" },
      h(
        "button",
        { class: "button button-primary", type: "button", on: { click: adding.choose } },
        icon("film"),
        "Choose files",
      ),
      h(
        "button",
        { class: "button", type: "button", on: { click: adding.askWhere } },
        icon("link"),
        "Add by path or address",
      ),
    ),
  );
}

/** Nothing that the filter lets through. */
export function nothingFits(filter) {
  return h(
    "div",
    { class: "state" },
    icon("search"),
    h("h2", null, "No video fits"),
    h("p", null, "This looks at titles and paths. To look inside the videos, search for moments."),
    h(
      "div",
      { class: "state-actions" },
      h("button", { class: "button", type: "button", on: { click: filter.clear } }, "Show all videos"),
      filter.text
        ? h(
            "a",
            { class: "button button-primary", href: address(onSite("/search"), { q: filter.text }) },
            `Search moments for “${filter.text}”`,
          )
        : null,
    ),
  );
}

/** A list that could not be read. */
export function trouble(error) {
  return h(
    "div",
    { class: "state", role: "alert" },
    icon("alert"),
    h("h2", null, "The videos cannot be shown"),
    h("p", null, error.message),
    h(
      "button",
      { class: "button", type: "button", on: { click: () => navigate(location.href, { replace: true }) } },
      "Try again",
    ),
  );
}

/** What stands where the videos will be. */
export function skeleton() {
  return h(
    "div",
    { class: "videos", "aria-hidden": "true" },
    Array.from({ length: 8 }, () =>
      h(
        "div",
        { class: "video" },
        h("div", { class: "video-picture skeleton" }),
        h("div", { class: "video-words" }, h("div", { class: "skeleton skeleton-line" })),
      ),
    ),
  );
}
