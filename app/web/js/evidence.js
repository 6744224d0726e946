// Why a moment was found, in a line per lane, and in full on request.

import { h } from "./dom.js";
import { languageName, percent, sure } from "./format.js";
import { icon } from "./icons.js";
import { lane, laneColour } from "./lane-table.js";

const LEAST_TELLING = 0.05;
const MOST_CHARS = 170;
const BOUNDARIES = {
  shot: "a cut",
  phrase: "the phrase itself",
  utterance: "what somebody says",
  visible_span: "the time the text can be read",
  sound_onset: "the start of the sound",
  sound_end: "the end of the sound",
  score_curve: "where the match fades",
};

/** A list of why a moment was found: one line per lane that has something to tell, of a sequence step by step. */
export function evidenceList(moment) {
  const lines = tellingEvidence(moment).map((item) => evidenceLine(item, moment));
  return h("ul", { class: "evidence", "aria-label": "Why it was found" }, lines);
}

/** The strongest proof of a moment, in one line with the sign of its lane; of a sequence its pictures say it. */
export function proofLine(moment) {
  const [item] = moment.steps?.length > 1 ? [] : tellingEvidence(moment);
  if (!item) return null;
  const found = lane(item.lane);
  return h(
    "p",
    { class: "proof-line", style: laneColour(found) },
    icon(found.icon, { label: found.name }),
    h("span", { class: "evidence-text" }, evidenceWords(item)),
  );
}

/** The signs of the lanes in which a moment was found. */
export function laneIcons(moment) {
  const lanes = [...new Set(tellingEvidence(moment).map((item) => item.lane))].map(lane);
  return h(
    "span",
    { class: "lane-icons" },
    lanes.map((found) => icon(found.icon, { label: found.name })),
  );
}

/** Whether a moment is hardly what was meant: the server says so, in the word that the card shows. */
export function isUnlikely(moment) {
  return moment.confidence_in_words === "unlikely";
}

/** The evidence of a moment that has something to tell, or else the first; of a sequence for each step in turn. */
export function tellingEvidence(moment) {
  const steps = moment.steps?.length > 1 ? moment.steps.map((_, n) => n + 1) : [undefined];
  return steps.flatMap((step) => {
    const own = moment.evidence.filter((item) => item.step === step);
    const telling = own.filter((item) => item.score >= LEAST_TELLING);
    return telling.length ? telling : own.slice(0, 1);
  });
}

function evidenceLine(item, moment) {
  const found = lane(item.lane);
  const step = item.step && moment.steps[item.step - 1];
  return h(
    "li",
    { class: "evidence-line" },
    h("span", { class: "badge lane-badge", style: laneColour(found) }, icon(found.icon), found.name),
    h(
      "span",
      { class: "evidence-text" },
      step && [h("em", null, step.text), ": "],
      evidenceWords(item),
      item.caveat && h("span", { class: "soft" }, ` (${item.caveat})`),
    ),
  );
}

function evidenceWords(item) {
  const text = item.text?.split(/\s+/).join(" ").trim();
  if (item.kind === "transcript") {
    const words = highlighted(excerpt(text, item.matched_words), item.matched_words);
    return [saidBy(item), "“", h("span", { lang: item.language }, words), "”", inEnglish(item)];
  }
  if (item.kind === "screen_text") return highlighted(excerpt(text, item.matched_words), item.matched_words);
  if (item.kind === "sound") return text ? ["sounds like ", h("strong", null, text)] : "the best sound";
  return text ? ["looks like ", h("strong", null, text)] : "the best frame";
}

/** The rough translation of what is said in another language, if there is one: what stands after the words. */
export function inEnglish({ translation }) {
  return translation ? h("span", { class: "soft" }, ` “${translation}” in English`) : null;
}

/** Who says it, and in which language where that is none the page is in: what stands before the words. */
export function saidBy({ speaker, language }) {
  return [
    speaker && [h("strong", null, speaker.label), ": "],
    language && language.split("-")[0] !== "en" && [h("span", { class: "badge" }, languageName(language)), " "],
  ];
}

/** `text` as nodes, with the matched words in <mark>. */
export function highlighted(text, words = []) {
  if (!words.length) return [text];
  return text.split(wordPattern(words, "giu")).map((part, n) => (n % 2 ? h("mark", null, part) : part));
}

/** The part of a long text around its first matched word. */
export function excerpt(text, words = []) {
  if (text.length <= MOST_CHARS) return text;
  const found = words.length ? Math.max(0, text.search(wordPattern(words, "iu"))) : 0;
  let start = Math.max(0, found - MOST_CHARS / 3);
  if (start > 0) start = text.indexOf(" ", start) + 1;
  let end = Math.min(text.length, start + MOST_CHARS);
  if (end < text.length) end = Math.max(text.lastIndexOf(" ", end), start + 1);
  return `${start > 0 ? "… " : ""}${text.slice(start, end)}${end < text.length ? " …" : ""}`;
}

function wordPattern(words, flags) {
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`(?<![\\p{L}\\p{N}])(${escaped.join("|")})(?![\\p{L}\\p{N}])`, flags);
}

/** What was searched for instead of what, as one line; nothing where every word was taken as it is. */
export function correctedWords(corrected) {
  if (!corrected?.length) return "";
  return `Searched for ${corrected.map(({ from, to }) => `“${to}” instead of “${from}”`).join(", ")}.`;
}

/** The explanation of a moment's rank: a table per step. */
export function explanationPanel(moment, id) {
  const { explanation } = moment;
  const isSequence = explanation.steps.length > 1;
  return h(
    "div",
    { class: "explanation", id },
    h("p", null, `${sure(moment.confidence)} sure in all: `, h("strong", null, moment.confidence_in_words), "."),
    explanation.steps.map((step) => [
      isSequence && h("h4", { class: "explanation-step" }, step.text),
      step.corrected && h("p", null, correctedWords(step.corrected)),
      h(
        "table",
        null,
        h("caption", { class: "visually-hidden" }, `What each lane says${isSequence ? ` of “${step.text}”` : ""}`),
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            ["Lane", "How sure", "Place", "Counts", "Because"].map((name) => h("th", { scope: "col" }, name)),
          ),
        ),
        h(
          "tbody",
          null,
          Object.entries(step.lanes).map(([laneId, found]) => explanationRow(laneId, found)),
        ),
      ),
      h(
        "p",
        { class: "explanation-edges" },
        `Starts with ${edge(step.boundaries.start)}, ends with ${edge(step.boundaries.end)}.`,
      ),
    ]),
    explanation.unwanted > 0 &&
      h("p", null, `What you do not want may be there too: ${percent(explanation.unwanted)} taken off.`),
  );
}

function explanationRow(laneId, found) {
  const missed = found.probability === null;
  return h(
    "tr",
    { class: missed ? "is-missed" : null },
    h("th", { scope: "row" }, lane(laneId).name),
    h("td", { class: "num" }, missed ? "not found" : sure(found.probability)),
    h("td", { class: "num" }, missed ? "–" : `${found.rank}.`),
    h("td", { class: "num" }, `×${found.weight}`),
    h("td", null, weightReason(found)),
  );
}

const WEIGHT_REASONS = {
  caller: () => "you set it",
  even: () => "all lanes count alike",
  words: asked,
  scope: asked,
};

function weightReason(found) {
  const reason = WEIGHT_REASONS[found.weight_from](found);
  if (!found.described) return reason;
  return `${reason}; “${found.described}” describes a sight or a sound, of which words prove ${percent(found.proves)}`;
}

function asked({ words }) {
  return words ? `you wrote “${words}”` : "your words ask for other lanes";
}

function edge(name) {
  return BOUNDARIES[name] ?? name.replaceAll("_", " ");
}
