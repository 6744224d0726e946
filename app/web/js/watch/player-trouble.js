// What the player says in the place of a picture that it cannot show.

import { h } from "../dom.js";
import { clock, fileName } from "../format.js";
import { icon } from "../icons.js";

/** That the file is not there any more, and where it was. */
export function goneWords(video) {
  return words(
    "The file is no longer where it was.",
    `It was ${video.path}. Put it back there, or add it again from where it is now; what was found in it is still here.`,
  );
}

/** That nothing can decode the file at a place. */
export function unplayableWords(video, timeS) {
  return words(
    "This file cannot be played here.",
    `Neither your browser nor the server could decode ${fileName(video.path)} at ${clock(timeS)}.`,
  );
}

function words(heading, text) {
  return [icon("alert"), h("p", { class: "player-panel-title" }, heading), h("p", { role: "alert" }, text)];
}
