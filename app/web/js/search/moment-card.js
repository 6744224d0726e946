// One result: its frame, when it is, how sure it is, why it was found, and what can be done with it.

import { announce } from "../announce.js";
import { onSite } from "../base.js";
import { fill, h, setStyle, uid } from "../dom.js";
import { evidenceList, explanationPanel } from "../evidence.js";
import { clockRange, plural, spokenClock, surePercent } from "../format.js";
import { icon } from "../icons.js";
import { judgeButtons } from "../judge.js";
import { preview } from "./preview.js";
import { searchAddress, watchAddress } from "./search-state.js";
import { isPicked, togglePicked, watchPicked } from "../tray-store.js";

// Nothing that was found is certain, whatever rounding says.
const MOST_SURE = 0.99;

/**
 * The card of a moment: {element, link, keys}. `keys` is what each shortcut does; `verdicts` is null where
 * a verdict would have no words to be kept by. `signal` ends what listens outside of the card.
 */
export function momentCard(moment, { search, verdicts, signal }) {
  const address = watchAddress(moment, search);
  const titleId = uid("moment");
  const link = h("a", { class: "moment-link", href: address, id: titleId }, moment.title);
  const frame = momentFrame(moment, address);
  const shown = preview(frame, link, moment, onSite(`/v1/videos/${encodeURIComponent(moment.video_id)}/stream`));
  const judge = verdicts && judgeButtons(moment, verdicts);
  const pick = pickButton(moment, signal);
  const why = explainButton(moment);
  const likeAddress = searchAddress({ ...search, text: "", then: [], not: [], fileKey: null, like: clipOf(moment) });
  const similar = h(
    "a",
    { class: "button button-quiet button-small", href: likeAddress },
    icon("similar"),
    "More like this",
  );
  const element = h(
    "article",
    { class: "moment", "aria-labelledby": titleId },
    frame,
    h(
      "div",
      { class: "moment-body" },
      h(
        "div",
        { class: "moment-head" },
        h("h3", { class: "moment-title" }, link),
        h("p", { class: "moment-when" }, whenText(moment)),
      ),
      confidence(moment),
      evidenceList(moment),
      h(
        "div",
        { class: "moment-actions" },
        moment.further > 0 && furtherLink(moment, search),
        similar,
        why?.button,
        h("span", { class: "spring" }),
        judge?.element,
        pick.button,
      ),
      why?.panel,
    ),
  );
  const keys = {
    " ": shown.toggle,
    m: pick.press,
    s: () => similar.click(),
    e: why?.press,
    y: judge && (() => judge.press(true)),
    n: judge && (() => judge.press(false)),
  };
  return { element, link, keys };
}

function momentFrame(moment, address) {
  const picture = h("img", {
    class: "moment-picture",
    src: moment.thumbnail_url,
    alt: "",
    loading: "lazy",
    decoding: "async",
    width: 320,
    height: 180,
  });
  const frame = h(
    "a",
    { class: "moment-frame", href: address, tabindex: -1, "aria-hidden": "true" },
    picture,
    h("span", { class: "moment-play" }, icon("play")),
  );
  picture.addEventListener(
    "error",
    () => picture.replaceWith(h("span", { class: "moment-no-picture" }, icon("film"))),
    { once: true },
  );
  return frame;
}

function whenText(moment) {
  return [
    h("span", { class: "num", "aria-hidden": "true" }, clockRange(moment.start_s, moment.end_s)),
    h("span", { class: "visually-hidden" }, `from ${spokenClock(moment.start_s)} to ${spokenClock(moment.end_s)}`),
  ];
}

/** A confidence in words, as a figure and as a bar. */
function confidence(moment) {
  const share = moment.confidence;
  const bar = h("span", { class: "bar", "aria-hidden": "true" });
  setStyle(bar, { "--share": share.toFixed(3) });
  return h(
    "p",
    { class: "confidence" },
    bar,
    h("span", { class: "confidence-words" }, moment.confidence_in_words),
    h("span", { class: "num faint" }, surePercent(Math.min(share, MOST_SURE))),
  );
}

function furtherLink(moment, search) {
  const address = searchAddress({ ...search, byVideo: false, videos: [moment.video_id] });
  return h(
    "a",
    { class: "button button-quiet button-small", href: address },
    icon("film"),
    `${plural(moment.further, "more moment")} in this video`,
  );
}

function pickButton(moment, signal) {
  const button = h("button", { class: "button button-small pick", type: "button" });
  const press = () => announce(togglePicked(moment) ? "Put into the tray" : "Taken out of the tray");
  const draw = () => {
    const isIn = isPicked(moment);
    button.setAttribute("aria-pressed", String(isIn));
    fill(button, icon(isIn ? "check" : "plus"), isIn ? "Picked" : "Pick");
  };
  button.addEventListener("click", press);
  watchPicked(draw, signal);
  draw();
  return { button, press };
}

function explainButton(moment) {
  if (!moment.explanation) return null;
  const id = uid("why");
  const panel = h("div", { hidden: true, id });
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

function clipOf({ video_id, start_s, end_s }) {
  return { video_id, start_s, end_s };
}
