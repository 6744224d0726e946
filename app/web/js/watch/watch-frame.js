// Around the player: the way back with the search in this video, what is shown while it comes, and when it cannot.

import { address } from "../api.js";
import { announce } from "../announce.js";
import { onSite } from "../base.js";
import { fill, h } from "../dom.js";
import { correctedWords } from "../evidence.js";
import { plural } from "../format.js";
import { icon } from "../icons.js";
import { navigate, setTitle } from "../router.js";

/** The line over the player: `{element, count(moments, corrected)}`. */
export function watchTop(search) {
  const input = h("input", {
    class: "watch-query",
    id: "query",
    type: "search",
    value: search?.text ?? "",
    placeholder: "Search in this video",
    "aria-label": "Search in this video",
    autocomplete: "off",
    enterkeyhint: "search",
  });
  const seek = (event) => {
    event.preventDefault();
    const text = input.value.trim();
    navigate(address(location.pathname, { text }), { replace: text === (search?.text ?? "") });
  };
  const back = wayBack(search);
  const found = h("p", { class: "watch-count soft", role: "status" }, search ? "Searching…" : null);
  const element = h(
    "div",
    { class: "watch-top" },
    h("a", { class: "button button-quiet watch-back", href: back[0] }, icon("back"), back[1]),
    h("form", { class: "watch-search", role: "search", on: { submit: seek } }, icon("search"), input),
    found,
  );
  return { element, count };

  function count(moments, corrected) {
    const here = moments ? `${plural(moments, "moment")} here` : "Nothing likely here";
    if (!corrected) {
      found.textContent = here;
      return;
    }
    const asWritten = address(location.pathname, { text: search.text, correct: "false" });
    fill(
      found,
      `${here}. ${correctedWords(corrected)} `,
      h("a", { href: asWritten }, "Search for my words as they are"),
    );
  }
}

/** The results that were come from, with all their filters, or else those of the search; without one, the library. */
function wayBack(search) {
  const from = history.state?.from ?? "";
  if (from.startsWith(onSite("/search"))) return [from, "All results"];
  if (search) {
    return [
      address(onSite("/search"), {
        q: search.text,
        then: search.then,
        not: search.not,
        lane: search.lane,
        correct: search.correct ?? null,
      }),
      "All results",
    ];
  }
  return [from.startsWith(onSite("/library")) ? from : onSite("/library"), "Library"];
}

/** What stands where the page will be. */
export function skeleton() {
  return h(
    "div",
    { class: "watch", "aria-busy": "true" },
    h("h1", { class: "visually-hidden" }, "Opening the video"),
    h("div", { class: "watch-top" }),
    h("div", { class: "watch-main" }, h("div", { class: "player skeleton" }), timelineSkeleton()),
    h("div", { class: "watch-side" }, besideSkeleton()),
  );
}

/** What stands where the timeline will be. */
export function timelineSkeleton() {
  return h("div", { class: "skeleton watch-skeleton" });
}

/** What stands where the transcript will be. */
export function besideSkeleton() {
  return h("div", { class: "skeleton watch-skeleton is-tall" });
}

/** Says in `root` that there is no such video, or why it cannot be shown. */
export function showTrouble(root, error, videoId) {
  const isGone = error.status === 404 || error.status === 410;
  const title = isGone
    ? error.status === 410
      ? "This video was removed"
      : "There is no such video"
    : "The video cannot be shown";
  const words = isGone
    ? error.status === 410
      ? "Somebody took it out of the library since this link was made."
      : `The library has no video “${videoId}”. It may have been removed since this link was made.`
    : error.detail || "Reload the page to try again.";
  setTitle(title);
  fill(
    root,
    h(
      "div",
      { class: "state" },
      icon(isGone ? "film" : "alert"),
      h("h1", null, title),
      h("p", null, words),
      h(
        "div",
        { class: "state-actions" },
        isGone
          ? null
          : h(
              "button",
              {
                class: "button button-primary",
                type: "button",
                on: { click: () => navigate(location.href, { replace: true }) },
              },
              "Try again",
            ),
        h("a", { class: isGone ? "button button-primary" : "button", href: onSite("/library") }, "Open the library"),
        h("a", { class: "button", href: onSite("/") }, "Search"),
      ),
    ),
  );
  announce(title);
}
