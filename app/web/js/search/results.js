// The answer to a search: its moments page by page, or what there is to say where there are none.

import { post } from "../api.js";
import { h } from "../dom.js";
import { correctedWords, isUnlikely } from "../evidence.js";
import { duration, plural, took } from "../format.js";
import { icon } from "../icons.js";
import { momentCard } from "./moment-card.js";
import { emptySearch, filterCount, isNarrowed, searchRequest, withoutFilters } from "./search-state.js";
import { isPlainKey } from "../shortcuts.js";
import { toast } from "../toast.js";

// Below this, a moment is shown for whoever looks further, and not counted as found.

/** Placeholders of the size of results. */
export function skeletons(count = 5) {
  const line = (size) => h("div", { class: `skeleton skeleton-${size}` });
  const card = () =>
    h(
      "div",
      { class: "moment is-skeleton" },
      h("div", { class: "moment-frame skeleton" }),
      h("div", { class: "moment-body" }, line("title"), line("short"), line("long")),
    );
  return h("div", { class: "results", "aria-hidden": "true" }, Array.from({ length: count }, card));
}

/** What a screen reader is told of an answer. */
export function answerWords(answer) {
  const corrected = answer.corrected ? `${correctedWords(answer.corrected)} ` : "";
  if (answer.abstained) return `${corrected}Nothing convincing. ${plural(answer.moments.length, "near moment")} shown.`;
  const { likely, others } = counts(answer);
  return `${corrected}${plural(likely, "moment")}${others ? `, and ${others} less likely` : ""}.`;
}

/**
 * The results of a search as an element. `answer` is what the API said; what "Show more" brings is added to it,
 * so that coming back shows all of it again. `onChange` is told what to change of the search.
 */
export function resultsView({ search, answer, verdicts, onChange, signal }) {
  const cards = [];
  const list = h("ol", { class: ["results", answer.abstained && "is-weak"] });
  const more = h("button", { class: "button results-more", type: "button" }, "Show more");
  const add = (moments) => {
    for (const moment of moments) {
      const card = momentCard(moment, { search, verdicts, signal });
      cards.push(card);
      const isWeak = !answer.abstained && isUnlikely(moment);
      if (isWeak && !list.querySelector(".less-likely") && cards.length > 1) {
        list.append(h("li", { class: "less-likely" }, "Less likely"));
      }
      list.append(h("li", { class: isWeak ? "is-unlikely" : null }, card.element));
    }
    more.hidden = !answer.next_cursor;
  };
  add(answer.moments);
  more.addEventListener("click", showMore);
  signal.addEventListener("abort", () => removeEventListener("keydown", moveByKeys));
  addEventListener("keydown", moveByKeys);
  return h(
    "section",
    { "aria-labelledby": "results-title" },
    heading(search, answer, onChange),
    answer.corrected && correctedNote(answer.corrected, onChange),
    (answer.warnings ?? []).map((text) => h("p", { class: "corrected-note" }, icon("alert"), sentence(text))),
    answer.abstained && weakNote(search, answer, onChange),
    answer.abstained && answer.moments.length > 0 && h("p", { class: "less-likely" }, "The nearest"),
    list,
    more,
  );

  async function showMore() {
    more.disabled = true;
    try {
      const { path, body } = searchRequest(search, answer.next_cursor);
      const page = await post(path, body, { signal });
      const first = cards.length;
      answer.moments.push(...page.moments);
      answer.next_cursor = page.next_cursor;
      add(page.moments);
      cards[first]?.link.focus();
    } catch (error) {
      if (signal.aborted) return;
      if (error.code === "cursor_expired") {
        toast("The library has changed since this search. Search again to see more.", { kind: "bad" });
      } else toast(error.message, { kind: "bad" });
    } finally {
      more.disabled = false;
    }
  }

  function moveByKeys(event) {
    if (event.key === "ArrowDown" && event.target.id === "query") {
      event.preventDefault();
      focusCard(cards[0]);
      return;
    }
    if (!isPlainKey(event)) return;
    const now = cards.findIndex((card) => card.element.contains(document.activeElement));
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (step) {
      // Elsewhere on the page, arrows scroll as they always do.
      if (now < 0 && event.key.startsWith("Arrow")) return;
      event.preventDefault();
      if (now === 0 && step < 0) document.getElementById("query").focus();
      else focusCard(cards[now < 0 ? 0 : now + step]);
      return;
    }
    const card = cards[now];
    const isButtons = event.key === " " && document.activeElement !== card?.link;
    if (!card?.keys[event.key] || isButtons || event.repeat) return;
    event.preventDefault();
    card.keys[event.key]();
  }
}

function counts({ moments }) {
  const likely = moments.filter((moment, n) => n === 0 || !isUnlikely(moment)).length;
  return { likely, others: moments.length - likely };
}

function focusCard(card) {
  if (!card) return;
  card.link.focus({ preventScroll: true });
  card.element.scrollIntoView({ block: "nearest", behavior: "auto" });
}

function heading(search, answer, onChange) {
  const { videos, seconds } = answer.searched;
  const group = h("input", {
    type: "checkbox",
    role: "switch",
    id: "by-video",
    checked: search.byVideo,
    on: { change: (event) => onChange({ byVideo: event.target.checked }) },
  });
  const { likely, others } = counts(answer);
  const title = answer.abstained
    ? "Nothing convincing"
    : `${plural(likely, "moment")}${answer.next_cursor && !others ? " and more" : ""}`;
  return h(
    "div",
    { class: "results-head" },
    h("h2", { id: "results-title" }, title),
    h(
      "p",
      { class: "results-meta num" },
      `${plural(videos, "video")}, ${duration(seconds)} searched in ${took(answer.took_ms)}`,
    ),
    h("label", { class: "switch" }, group, "One per video"),
  );
}

function correctedNote(corrected, onChange) {
  return h(
    "p",
    { class: "corrected-note" },
    correctedWords(corrected),
    h(
      "button",
      { class: "button button-quiet button-small", type: "button", on: { click: () => onChange({ correct: false }) } },
      "Search for my words as they are",
    ),
  );
}

function weakNote(search, answer, onChange) {
  const isNarrow = filterCount(search) > 0 || isNarrowed(search);
  return h(
    "div",
    { class: "weak-note" },
    h("p", null, answer.reason ? sentence(answer.reason) : "Nothing in your videos fits these words well enough."),
    h("p", { class: "soft" }, "Other words may help: say what can be seen, heard or read, as you would to a friend."),
    isNarrow &&
      h(
        "button",
        {
          class: "button button-small",
          type: "button",
          on: { click: () => onChange({ ...withoutFilters(search), lanes: emptySearch().lanes }) },
        },
        icon("filter"),
        "Search everything",
      ),
  );
}

function sentence(text) {
  const words = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(words) ? words : `${words}.`;
}
