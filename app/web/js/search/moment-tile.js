// A moment on the contact sheet: its picture with the time, how sure it is and where it was found. The rest opens
// under its row.

import { h, uid } from "../dom.js";
import { evidenceList, explanationPanel, laneIcons, proofLine } from "../evidence.js";
import { icon } from "../icons.js";
import {
  confidenceBar,
  confidenceWord,
  furtherLink,
  judge,
  momentFrame,
  momentKeys,
  pickButton,
  recordedDay,
  similarLink,
  whenText,
} from "./moment-parts.js";

/**
 * The tile of a moment: {element, link, keys, owns}. `keys` is what each shortcut does.
 * @param {any} moment
 * @param {import("./moment-parts.js").Around} around
 */
export function momentTile(moment, around) {
  const { frame, link, shown } = momentFrame(moment, around, [
    whenText(moment),
    h("span", { class: "moment-title", title: moment.title }, moment.title),
  ]);
  const verdict = judge(moment, around);
  const pick = pickButton(moment, around, { isSmall: true });
  const detailsId = uid("details");
  const more = h(
    "button",
    {
      class: "icon-button icon-button-small moment-more",
      type: "button",
      "aria-label": "Why, and what to do with it",
      "aria-expanded": "false",
      "aria-controls": detailsId,
      on: { click: toggle },
    },
    icon("more"),
  );
  frame.append(
    h("div", { class: "moment-signs", "aria-hidden": "true" }, confidenceWord(moment), laneIcons(moment)),
    recordedDay(moment) ?? "",
    h("div", { class: "moment-quick" }, verdict?.element, pick.button),
  );
  const element = h(
    "article",
    { class: "moment tile", "aria-labelledby": link.id },
    frame,
    h("div", { class: "tile-head" }, h("h3", null, link), more),
    h("p", { class: "visually-hidden" }, moment.confidence_in_words),
    proofLine(moment),
  );
  let details = null;
  const keys = momentKeys(moment, around, { shown, pick, verdict, explain: toggle });
  return { element, link, keys, owns: (node) => element.contains(node) || Boolean(details?.contains(node)) };

  function toggle() {
    more.setAttribute("aria-expanded", String(!details));
    if (details) {
      details.remove();
      details = null;
      return;
    }
    details = momentDetails(moment, around, detailsId);
    element.closest("li").after(details);
  }
}

/** What opens under the row of a tile: all proofs, the figure, what can be done, and why it has its rank. */
function momentDetails(moment, around, id) {
  return h(
    "li",
    { class: "moment-details card", id },
    h("div", { class: "moment-head" }, confidenceBar(moment), recordedDay(moment)),
    evidenceList(moment),
    h(
      "div",
      { class: "moment-actions" },
      furtherLink(moment, around),
      similarLink(moment, around),
      h("span", { class: "spring" }),
      judge(moment, around)?.element,
      pickButton(moment, around).button,
    ),
    moment.explanation && explanationPanel(moment),
  );
}
