// What stands under an empty search box: searches to begin with, and how much there is to search.

import { get, isAbort } from "../api.js";
import { onSite } from "../base.js";
import { fill, h } from "../dom.js";
import { exampleSearches } from "./examples.js";
import { duration, plural } from "../format.js";
import { icon } from "../icons.js";
import { lane } from "../lane-table.js";
import { emptySearch, searchAddress } from "./search-state.js";

const EXAMPLE_VIDEOS = 6;

/** Fills `place` with what the library has to offer; where it is empty, with the way to fill it. */
export async function fillHome(place, signal) {
  const [{ library }, { videos }] = await Promise.all([
    get("/v1/system", { signal }),
    get("/v1/videos", { params: { status: "indexed", limit: EXAMPLE_VIDEOS }, signal }),
  ]);
  if (library.videos === 0) {
    fill(place, emptyLibrary());
    return;
  }
  const examples = h("div", { class: "examples" });
  fill(place, examples, librarySize(library));
  try {
    fill(examples, exampleLinks(await exampleSearches(videos, signal)));
  } catch (error) {
    // Without examples the box still says what it is for.
    if (isAbort(error)) throw error;
    fill(examples);
  }
}

function exampleLinks(examples) {
  if (!examples.length) return null;
  return [
    h("h2", { class: "examples-title" }, "Try one from your library"),
    h(
      "ul",
      { class: "examples-list" },
      examples.map(({ lane: id, text }) =>
        h(
          "li",
          null,
          h(
            "a",
            { class: "example-link", href: searchAddress({ ...emptySearch(), text }) },
            icon(lane(id).icon),
            h("span", { class: "example-lane" }, lane(id).name),
            h("span", { class: "example-words" }, lane(id).evidence === "transcript" ? `“${text}”` : text),
          ),
        ),
      ),
    ),
  ];
}

function librarySize(library) {
  return h(
    "p",
    { class: "library-size faint num" },
    `${plural(library.videos, "video")}, ${duration(library.seconds)}, ready to search · `,
    h("a", { href: onSite("/library") }, "Open the library"),
  );
}

function emptyLibrary() {
  return h(
    "div",
    { class: "state" },
    icon("film"),
    h("h2", null, "Your library is empty"),
    h(
      "p",
      null,
      "Drop videos into the library. They are indexed on this machine, and can be searched as soon as they are done.",
    ),
    h(
      "div",
      { class: "state-actions" },
      h("a", { class: "button button-primary", href: onSite("/library") }, icon("upload"), "Add videos"),
    ),
  );
}
