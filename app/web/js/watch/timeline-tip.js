// What hangs over the timeline under the pointer: the picture, the time, and what is there.

import { fill, h } from "../dom.js";
import { clock } from "../format.js";
import { clamp, spanAt } from "./timeline-scale.js";

const WIDE = 176;

/** `{element, show(timeS, x, y, width), hide()}`. */
export function timelineTip(timeline, moments, rows, pictures) {
  const picture = h("img", { class: "timeline-tip-picture", alt: "", width: WIDE, hidden: true });
  const time = h("p", { class: "timeline-tip-time num" });
  const words = h("p", { class: "timeline-tip-words" });
  const line = h("div", { class: "timeline-hover" });
  const box = h("div", { class: "timeline-tip" }, picture, time, words);
  const element = h("div", { class: "timeline-over", "aria-hidden": "true", hidden: true }, line, box);
  return { element, show, hide: () => (element.hidden = true) };

  function show(timeS, x, y, width) {
    element.hidden = false;
    const url = pictures.url(timeS);
    picture.hidden = url === null;
    if (url !== null && picture.getAttribute("src") !== url) picture.src = url;
    const moment = spanAt(moments, timeS);
    time.textContent = clock(timeS, { tenths: true }) + (moment ? ` · ${moment.confidence_in_words}` : "");
    fill(words, textAt(timeS, y));
    words.hidden = !words.textContent;
    line.style.setProperty("transform", `translateX(${x}px)`);
    box.style.setProperty("transform", `translateX(${clamp(x - WIDE / 2, -4, Math.max(0, width - WIDE))}px)`);
  }

  /** What the row under the pointer holds then; of the pictures' row, what is said. */
  function textAt(timeS, y) {
    const row = rows.find((one) => y >= one.top && y < one.top + one.height + 6);
    const items = row?.kind === "lane" ? row.items : timeline.segments;
    return spanAt(items, timeS)?.text ?? "";
  }
}
