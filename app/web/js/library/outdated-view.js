// How many videos an older version or other models indexed, and the button that brings them up to date.

import { post } from "../api.js";
import { announce } from "../announce.js";
import { fill, h } from "../dom.js";
import { fileName, plural } from "../format.js";
import { toast } from "../toast.js";

/** Jobs of which the first end may come before the stream of jobs tells of them; each is asked for once. */
const MOST_ASKED = 20;

/** `{element, show(count)}`; `show` takes how many want it by now, `onAsked(jobId)` is told of each job. */
export function outdatedView({ signal, onAsked }) {
  let left = [];
  let isAsked = false;
  const words = h("div", { class: "outdated-words" });
  const button = h("button", { class: "button button-primary", type: "button", on: { click: reindex } }, "Reindex");
  const element = h("section", { class: "outdated card", "aria-label": "Older versions", hidden: true }, words, button);
  return { element, show };

  function show(count) {
    element.hidden = count === 0;
    if (count === 0) [left, isAsked] = [[], false];
    button.hidden = isAsked;
    fill(
      words,
      h("h2", { class: "outdated-title" }, `${plural(count, "video")} ${were(count)} indexed by an older version`),
      h("p", { class: "soft" }, meanwhile(count)),
      left.map(({ path, error }) => h("p", { class: "outdated-left" }, error.message.replaceAll(path, fileName(path)))),
    );
  }

  function meanwhile(count) {
    if (!isAsked) {
      const they = count === 1 ? "It is" : "They are";
      return `${they} found by what still fits. Reindexing makes anew only what changed, and can be stopped at any time.`;
    }
    return count > left.length ? "Being reindexed. Each is found as before until it is done." : "Left as they are:";
  }

  async function reindex() {
    button.disabled = true;
    try {
      const answer = await post("/v1/reindex", {}, { signal });
      left = answer.left;
      isAsked = true;
      answer.jobs.slice(0, MOST_ASKED).forEach((jobId) => onAsked(jobId));
      announce(`${plural(answer.jobs.length, "video")} ${answer.jobs.length === 1 ? "is" : "are"} being reindexed`);
      show(answer.jobs.length + left.length);
    } catch (error) {
      toast(error.message, { kind: "bad" });
    }
    button.disabled = false;
  }
}

function were(count) {
  return count === 1 ? "was" : "were";
}
