// Verdicts on moments: right or wrong, kept by the server for the words that were searched for.

import { get, isAbort, post, remove } from "./api.js";
import { announce } from "./announce.js";
import { fill, h } from "./dom.js";
import { icon } from "./icons.js";
import { toast } from "./toast.js";

const SAME_S = 0.0015;

/** The verdicts on the words of a search: {of(moment), set(moment, isRight)}, as far as the server knows them. */
export async function loadVerdicts(query, signal) {
  let known = [];
  try {
    known = (await get("/v1/judgements", { params: { query }, signal })).judgements;
  } catch (error) {
    if (isAbort(error)) throw error;
  }
  return new Verdicts(query, known);
}

class Verdicts {
  constructor(query, known) {
    this.query = query;
    this.known = known;
    this.watchers = new Set();
  }

  /** Has `listener` called after each change, until `signal` aborts. */
  watch(listener, signal) {
    this.watchers.add(listener);
    signal.addEventListener("abort", () => this.watchers.delete(listener));
  }

  of(moment) {
    return this.known.find(
      (verdict) =>
        verdict.video_id === moment.video_id &&
        Math.abs(verdict.start_s - moment.start_s) < SAME_S &&
        Math.abs(verdict.end_s - moment.end_s) < SAME_S,
    );
  }

  /** Stores a verdict; the one that is there already is taken back. */
  async toggle(moment, isRight) {
    const before = this.of(moment);
    const others = this.known.filter((verdict) => verdict !== before);
    if (before?.is_right === isRight) {
      await remove(`/v1/judgements/${encodeURIComponent(before.judgement_id)}`);
      this.keep(others);
      return;
    }
    const { video_id, start_s, end_s } = moment;
    const stored = await post("/v1/judgements", { query: this.query, video_id, start_s, end_s, is_right: isRight });
    this.keep([...others, stored]);
  }

  keep(known) {
    this.known = known;
    for (const listener of this.watchers) listener();
  }
}

/** Two buttons that say whether a moment is right, until `signal` aborts: {element, press(isRight)}. */
export function judgeButtons(moment, verdicts, signal) {
  const right = judgeButton("check", "Right", () => press(true));
  const wrong = judgeButton("close", "Wrong", () => press(false));
  const element = h("div", { class: "judge", role: "group", "aria-label": "Is this what you meant?" }, right, wrong);
  verdicts.watch(draw, signal);
  draw();
  return { element, press };

  async function press(isRight) {
    try {
      await verdicts.toggle(moment, isRight);
    } catch (error) {
      toast(`The verdict could not be kept: ${error.message}`, { kind: "bad" });
    }
    const verdict = verdicts.of(moment);
    announce(verdict ? `Marked ${verdict.is_right ? "right" : "wrong"}` : "Mark taken back");
  }

  function draw() {
    const verdict = verdicts.of(moment);
    right.setAttribute("aria-pressed", String(verdict?.is_right === true));
    wrong.setAttribute("aria-pressed", String(verdict?.is_right === false));
  }
}

function judgeButton(iconName, words, onPress) {
  const button = h("button", {
    class: `icon-button icon-button-small judge-${iconName}`,
    type: "button",
    "aria-label": words,
    title: words,
  });
  fill(button, icon(iconName));
  button.addEventListener("click", onPress);
  return button;
}
