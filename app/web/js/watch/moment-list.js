// The moments that a search found in one video, in order of time.

import { h } from "../dom.js";
import { inEnglish, saidBy, tellingEvidence } from "../evidence.js";
import { clock, clockRange, sure } from "../format.js";
import { icon } from "../icons.js";
import { lane, laneColour } from "../lane-table.js";
import { bare, pieces } from "./text-marks.js";

/** `{element, choose(moment)}`; `on.choose(moment)` when one is picked. */
export function momentList(moments, { on }) {
  const inOrder = moments.toSorted((one, other) => one.start_s - other.start_s);
  const buttons = new Map(inOrder.map((moment) => [moment, momentButton(moment, on)]));
  const element = h(
    "ol",
    { class: "lines moment-lines", "aria-label": "Moments in this video" },
    [...buttons.values()].map((button) => h("li", null, button)),
  );
  element.addEventListener("keydown", (event) => {
    const all = [...buttons.values()];
    const to = all.indexOf(document.activeElement) + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] ?? NaN);
    if (!all[to]) return;
    event.preventDefault();
    all[to].focus();
  });
  return { element, choose };

  function choose(moment) {
    for (const [one, button] of buttons) {
      if (one === moment) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    const button = buttons.get(moment);
    if (!button) return;
    const top = button.offsetTop - element.offsetTop;
    const isSeen = top >= element.scrollTop && top + button.clientHeight <= element.scrollTop + element.clientHeight;
    if (!isSeen) element.scrollTo({ top: top - 60 });
  }
}

function momentButton(moment, on) {
  const bar = h("span", { class: "bar", style: { "--share": moment.confidence } });
  return h(
    "button",
    { class: "moment-line", type: "button", on: { click: () => on.choose(moment) } },
    h("img", {
      class: "moment-line-picture",
      src: moment.thumbnail_url,
      alt: "",
      loading: "lazy",
      width: 128,
      height: 72,
    }),
    h(
      "span",
      { class: "moment-line-words" },
      h(
        "span",
        { class: "moment-line-head" },
        h("span", { class: "moment-line-time num" }, clockRange(moment.start_s, moment.end_s)),
        h("span", { class: "soft" }, moment.confidence_in_words),
      ),
      h("span", { class: "moment-line-bar", title: sure(moment.confidence) }, bar),
      tellingEvidence(moment).map(proof),
    ),
  );
}

function proof(item) {
  const found = lane(item.lane);
  const text =
    item.text ?? (item.kind === "frame" ? `looks like it at ${clock(item.frame_s ?? item.start_s)}` : found.name);
  const marks = new Set((item.matched_words ?? []).map(bare));
  const quoted = item.kind === "transcript" || item.kind === "screen_text";
  const marked = pieces(text, { marks }).map((piece) => (piece.isMatch ? h("mark", null, piece.text) : piece.text));
  return h(
    "span",
    { class: "moment-line-proof", style: laneColour(found) },
    icon(found.icon, { label: found.name }),
    h("span", null, quoted ? [saidBy(item), "“", marked, "”", inEnglish(item)] : marked),
  );
}
