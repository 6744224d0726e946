// What stands under an empty search box: searches to begin with, and how much there is to search.

import { get } from "../api.js";
import { onSite } from "../base.js";
import { fill, h } from "../dom.js";
import { duration, plural } from "../format.js";
import { icon } from "../icons.js";
import { lane, laneColour } from "../lane-table.js";
import { momentPicture } from "./moment-parts.js";
import { emptySearch, searchAddress } from "./search-state.js";

/** Fills `place` with what the library has to offer; where it is empty, with the way to fill it. */
export async function fillHome(place, signal) {
  fill(place, h("div", { class: "examples" }));
  const { library, searches } = await get("/v1/examples", { signal });
  if (library.videos === 0) fill(place, emptyLibrary());
  else fill(place, h("div", { class: "examples" }, exampleLinks(searches)), librarySize(library));
}

function exampleLinks(examples) {
  if (!examples.length) return null;
  return [
    h("h2", { class: "examples-title" }, "Try one from your library"),
    h(
      "ul",
      { class: "examples-list" },
      examples.map((example) => h("li", null, exampleLink(example))),
    ),
  ];
}

/** A search as the picture that it finds first. */
function exampleLink({ lane: id, text, moment }) {
  const found = lane(id);
  return h(
    "a",
    { class: "example-link", href: searchAddress({ ...emptySearch(), text }), style: laneColour(found) },
    h("span", { class: "moment-frame" }, momentPicture(moment)),
    h(
      "span",
      { class: "example-words" },
      icon(found.icon, { label: found.name }),
      found.evidence === "transcript" ? `“${text}”` : text,
    ),
  );
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
