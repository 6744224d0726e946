// A moment in the list: its picture, and beside it all that there is to say of it and to do with it.

import { h } from "../dom.js";
import { evidenceList } from "../evidence.js";
import {
  confidenceBar,
  explainButton,
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
 * The card of a moment: {element, link, keys, owns}. `keys` is what each shortcut does.
 * @param {any} moment
 * @param {import("./moment-parts.js").Around} around
 */
export function momentCard(moment, around) {
  const { frame, link, shown } = momentFrame(moment, around, [
    whenText(moment),
    h("span", { class: "moment-title" }, moment.title),
  ]);
  const verdict = judge(moment, around);
  const pick = pickButton(moment, around);
  const why = explainButton(moment);
  const element = h(
    "article",
    { class: "moment card", "aria-labelledby": link.id },
    frame,
    h(
      "div",
      { class: "moment-body" },
      h("div", { class: "moment-head" }, h("h3", null, link), recordedDay(moment)),
      confidenceBar(moment),
      evidenceList(moment),
      h(
        "div",
        { class: "moment-actions" },
        furtherLink(moment, around),
        similarLink(moment, around),
        why?.button,
        h("span", { class: "spring" }),
        verdict?.element,
        pick.button,
      ),
      why?.panel,
    ),
  );
  const keys = momentKeys(moment, around, { shown, pick, verdict, explain: why?.press });
  return { element, link, keys, owns: (node) => element.contains(node) };
}
