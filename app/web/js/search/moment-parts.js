// What a moment is shown with, on a tile and on a card alike: its picture, its times, how sure it is, what to do with it.

import { announce } from "../announce.js";
import { onSite } from "../base.js";
import { fill, h, setStyle, uid } from "../dom.js";
import { explanationPanel } from "../evidence.js";
import { clock, clockRange, plural, shortDay, sure } from "../format.js";
import { icon } from "../icons.js";
import { judgeButtons } from "../judge.js";
import { navigate } from "../router.js";
import { preview } from "./preview.js";
import { searchAddress, watchAddress } from "./search-state.js";
import { isPicked, togglePicked, watchPicked } from "../tray-store.js";
import { waveform } from "./waveform.js";

/**
 * What goes with every moment of an answer. `verdicts` is null where a verdict would have no words to be kept by;
 * `signal` ends what listens outside of what is made for a moment.
 * @typedef {{ search: any, verdicts: any, signal: AbortSignal }} Around
 */

/**
 * {frame, link, shown}: the picture of a moment, which plays under the pointer; the link with its name, holding
 * `words`; and the preview (see preview.js).
 */
export function momentFrame(moment, { search }, words) {
  const address = watchAddress(moment, search);
  const link = h("a", { class: "moment-link", href: address, id: uid("moment") }, words);
  const isHeard = moment.picture_s === null;
  const steps = moment.steps ?? [];
  const frame = h(
    "div",
    { class: ["moment-frame", steps.length > 1 && "is-sequence"] },
    steps.length > 1
      ? steps.map((step) => stepPicture(moment, step, search))
      : pictureLink(address, momentPicture(moment)),
  );
  const stream = onSite(`/v1/videos/${encodeURIComponent(moment.video_id)}/stream`);
  return { frame, link, shown: preview(frame, link, moment, stream, { isHeard }) };
}

/** What a moment looks like, or, where there is nothing to see, how loud it is. */
export function momentPicture(moment) {
  return moment.thumbnail_url === null ? waveform(moment) : picture(moment.thumbnail_url);
}

function pictureLink(address, ...children) {
  return h("a", { class: "moment-open", href: address, tabindex: -1, "aria-hidden": "true" }, children);
}

/** One of several steps: its own picture, which opens the player where it begins. */
function stepPicture(moment, step, search) {
  const at = { ...moment, play_url: moment.play_url.replace(/start_s=[\d.]+/, `start_s=${step.start_s}`) };
  const source = `/v1/videos/${encodeURIComponent(moment.video_id)}/thumbnail?t_s=${step.picture_s}`;
  return pictureLink(
    watchAddress(at, search),
    step.picture_s === null ? waveform({ ...moment, ...step }) : picture(onSite(source)),
    h("span", { class: "step-words" }, h("strong", { class: "num" }, clock(step.start_s)), ` ${step.text}`),
  );
}

function picture(source) {
  const shown = h("img", {
    class: "moment-picture",
    src: source,
    alt: "",
    loading: "lazy",
    decoding: "async",
    width: 320,
    height: 180,
  });
  const missing = () => shown.replaceWith(h("span", { class: "moment-no-picture" }, icon("film")));
  shown.addEventListener("error", missing, { once: true });
  return shown;
}

/** When a moment is, as it is read and as it is heard. */
export function whenText(moment) {
  return h("span", { class: "moment-when num" }, clockRange(moment.start_s, moment.end_s));
}

/** The day on which the video of a moment was recorded, if that is known. */
export function recordedDay(moment) {
  return (
    moment.recorded_at && h("time", { class: "moment-day", datetime: moment.recorded_at }, shortDay(moment.recorded_at))
  );
}

/** How sure a moment is, in the word that the server has for it; the figure is there for who asks. */
export function confidenceWord(moment) {
  return h("span", { class: "confidence-words", title: sure(moment.confidence) }, moment.confidence_in_words);
}

/** How sure a moment is, as a bar and in a word. */
export function confidenceBar(moment) {
  const bar = h("span", { class: "bar", "aria-hidden": "true" });
  setStyle(bar, { "--share": moment.confidence.toFixed(3) });
  return h("p", { class: "confidence" }, bar, confidenceWord(moment));
}

/** A link to more moments like this one. */
export function similarLink(moment, around) {
  return h(
    "a",
    { class: "button button-quiet button-small", href: similarAddress(moment, around) },
    icon("similar"),
    "More like this",
  );
}

function similarAddress({ video_id, start_s, end_s }, { search }) {
  return searchAddress({ ...search, text: "", then: [], not: [], fileKey: null, like: { video_id, start_s, end_s } });
}

/**
 * What each shortcut does with a moment. `shown` is its preview, `pick` and `verdict` are its buttons, if it has them,
 * `explain` opens its reasons.
 */
export function momentKeys(moment, around, { shown, pick, verdict, explain }) {
  return {
    " ": shown.toggle,
    m: pick.press,
    s: () => navigate(similarAddress(moment, around)),
    e: explain,
    y: verdict && (() => verdict.press(true)),
    n: verdict && (() => verdict.press(false)),
  };
}

/** A link to the other moments of the video, where an answer has one of each video. */
export function furtherLink(moment, { search }) {
  if (!moment.further) return null;
  return h(
    "a",
    {
      class: "button button-quiet button-small",
      href: searchAddress({ ...search, by: "", videos: [moment.video_id] }),
    },
    icon("film"),
    `${plural(moment.further, "more moment")} in this video`,
  );
}

/** {button, press}: puts a moment into the tray, or takes it out. A small one has no words. */
export function pickButton(moment, { signal }, { isSmall = false } = {}) {
  const button = h("button", {
    class: isSmall ? "icon-button icon-button-small" : "button button-small pick",
    type: "button",
  });
  const press = () => announce(togglePicked(moment) ? "Put into the tray" : "Taken out of the tray");
  const draw = () => {
    const isIn = isPicked(moment);
    button.setAttribute("aria-pressed", String(isIn));
    if (isSmall) button.setAttribute("aria-label", isIn ? "Picked" : "Pick");
    fill(button, icon(isIn ? "check" : "plus"), !isSmall && (isIn ? "Picked" : "Pick"));
  };
  button.addEventListener("click", press);
  watchPicked(draw, signal);
  draw();
  return { button, press };
}

/** The buttons of a verdict (see judge.js), or null where there can be none. */
export function judge(moment, { verdicts, signal }) {
  return verdicts && judgeButtons(moment, verdicts, signal);
}

/** {button, panel, press}: a button that opens the reasons for a moment's rank; null where there are none. */
export function explainButton(moment) {
  if (!moment.explanation) return null;
  const id = uid("why");
  const panel = h("div", { class: "why", hidden: true, id });
  const button = h(
    "button",
    { class: "button button-quiet button-small", type: "button", "aria-expanded": "false", "aria-controls": id },
    icon("info"),
    "Why?",
  );
  const press = () => {
    if (!panel.hasChildNodes()) fill(panel, explanationPanel(moment));
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
  };
  button.addEventListener("click", press);
  return { button, panel, press };
}
