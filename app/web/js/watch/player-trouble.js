// What the player says in the place of a picture that it cannot show.

import { h } from "../dom.js";
import { clock, fileName } from "../format.js";
import { icon } from "../icons.js";

/** That the file is not there any more, and where it was. */
function goneWords(video) {
  return words(
    "The file is no longer where it was.",
    `It was ${video.path}. Put it back there, or add it again from where it is now; what was found in it is still here.`,
  );
}

/** That something else lies where the file was. */
function changedWords(video) {
  return words(
    "The file is not the one that was indexed.",
    `${video.path} was replaced or written since. Add it again to find what it shows now.`,
  );
}

/** That nothing can decode the file at a place. */
function unplayableWords(video, timeS) {
  return words(
    "This file cannot be played here.",
    `Neither your browser nor the server could decode ${fileName(video.path)} at ${clock(timeS)}.`,
  );
}

function words(heading, text) {
  return [icon("alert"), h("p", { class: "player-panel-title" }, heading), h("p", { role: "alert" }, text)];
}

/** The words for each state of the source in which nothing can be shown, of the video at a second. */
export const TROUBLES = { gone: goneWords, changed: changedWords, unplayable: unplayableWords };
