// The answer to a search: its moments as pictures or as a list, the weak ones folded, page by page.

import { post } from "../api.js";
import { fill, h, uid } from "../dom.js";
import { correctedWords } from "../evidence.js";
import { plural, shortDay } from "../format.js";
import { icon } from "../icons.js";
import { momentCard } from "./moment-card.js";
import { momentTile } from "./moment-tile.js";
import { closestNote, noMoments, nothingWords } from "./nothing-sure.js";
import { focusCard, watchResultKeys } from "./result-keys.js";
import { byVideo, sorted } from "./result-order.js";
import { resultsHead } from "./results-head.js";
import { searchRequest } from "./search-state.js";
import { toast } from "../toast.js";
import { chooseView, resultView } from "./view-choice.js";

// So few pictures may be larger.
const FEW = 2;
const SOME = 6;

/** Placeholders of the size of results. */
export function skeletons(count = 15) {
  const tile = () =>
    h(
      "div",
      { class: "moment tile is-skeleton" },
      h("div", { class: "moment-frame skeleton" }),
      h("div", { class: "skeleton skeleton-title" }),
      h("div", { class: "skeleton skeleton-short" }),
    );
  return h("div", { class: "results is-grid", "aria-hidden": "true" }, Array.from({ length: count }, tile));
}

/** What a screen reader is told of an answer. */
export function answerWords(search, answer) {
  const corrected = answer.corrected ? `${correctedWords(answer.corrected)} ` : "";
  if (answer.abstained) {
    const closest = answer.moments.length ? " The closest moment is shown." : "";
    return `${corrected}${nothingWords(search, answer)}${closest}`;
  }
  const { strong, weak } = parted(answer);
  return `${corrected}${plural(strong.length, "moment")}${weak.length ? `, and ${plural(weak.length, "weaker match", "weaker matches")}` : ""}.`;
}

/** The moments that are shown at once, and those that are folded: of an answer that abstains all but the closest. */
function parted({ moments, abstained, abstain_below: least }) {
  const isShown = (moment, n) => (abstained ? n === 0 : moment.confidence >= least);
  return { strong: moments.filter(isShown), weak: moments.filter((moment, n) => !isShown(moment, n)) };
}

/**
 * The results of a search as an element. `answer` is what the API said; what "Show more" brings, and whether the weak
 * ones are unfolded, is kept in it, so that coming back shows all of it again. `onChange` is told what to change of
 * the search.
 */
export function resultsView({ search, answer, verdicts, onChange, signal }) {
  if (!answer.moments.length) {
    return h("section", { "aria-labelledby": "results-title" }, noMoments(search, answer, onChange));
  }
  const around = { search, verdicts, signal };
  const weakId = uid("weak");
  const body = h("div", { class: "results-body" });
  const element = h("section", { "aria-labelledby": "results-title" });
  let cards = [];
  watchResultKeys(() => cards, signal);
  draw();
  return element;

  function draw() {
    const view = resultView();
    const { strong } = parted(answer);
    const title = answer.abstained
      ? nothingWords(search, answer)
      : `${plural(strong.length, "moment")}${answer.next_cursor && strong.length === answer.moments.length ? " and more" : ""}`;
    fill(
      element,
      resultsHead({ title, search, answer, view, on: { change: onChange, view: changeView } }),
      answer.corrected && correctedNote(answer.corrected, onChange),
      (answer.warnings ?? []).map((text) => h("p", { class: "corrected-note" }, icon("alert"), sentence(text))),
      answer.abstained && closestNote(search, onChange),
      body,
    );
    drawMoments(view);
  }

  function changeView(view) {
    chooseView(view);
    draw();
    /** @type {HTMLElement} */ (element.querySelector(`[name="view-${view}"]`)).focus();
  }

  function drawMoments(view) {
    const { strong, weak } = parted(answer);
    cards = [];
    const more = answer.next_cursor && moreButton();
    const isOpen = Boolean(answer.isUnfolded);
    fill(
      body,
      shown(strong, view, !isOpen),
      weak.length > 0 && foldButton(weak.length, isOpen),
      weak.length > 0 && h("div", { id: weakId, class: "is-weak", hidden: !isOpen }, isOpen && shown(weak, view)),
      (isOpen || !weak.length) && more,
    );
  }

  /** Moments in the order and the groups that are asked for; a few are larger, where nothing else is to be seen. */
  function shown(moments, view, isAlone = false) {
    const inOrder = sorted(moments, search.sort);
    if (search.by !== "group") return list(inOrder, view, isAlone);
    return byVideo(inOrder).map(([, own]) =>
      h(
        "section",
        { class: "video-group", "aria-label": own[0].title },
        h(
          "h3",
          { class: "video-group-title" },
          own[0].title,
          h(
            "span",
            { class: "faint" },
            ` ${plural(own.length, "moment")}${own[0].recorded_at ? ` · ${shortDay(own[0].recorded_at)}` : ""}`,
          ),
        ),
        list(own, view),
      ),
    );
  }

  function list(moments, view, isAlone = false) {
    const make = view === "grid" ? momentTile : momentCard;
    const size = isAlone && (moments.length <= FEW ? "is-few" : moments.length <= SOME && "is-some");
    const items = moments.map((moment) => {
      const card = make(moment, around);
      cards.push(card);
      return h("li", { class: moment.steps?.length > 1 && "is-wide" }, card.element);
    });
    return h("ol", { class: ["results", `is-${view}`, size] }, items);
  }

  function foldButton(count, isOpen) {
    const words = answer.next_cursor ? `${count}+ weaker matches` : plural(count, "weaker match", "weaker matches");
    const toggle = () => {
      answer.isUnfolded = !answer.isUnfolded;
      drawMoments(resultView());
      /** @type {HTMLElement} */ (body.querySelector(".weaker")).focus();
    };
    return h(
      "button",
      {
        class: "weaker",
        type: "button",
        "aria-expanded": String(isOpen),
        "aria-controls": weakId,
        on: { click: toggle },
      },
      icon(isOpen ? "up" : "down"),
      words,
    );
  }

  function moreButton() {
    const more = h("button", { class: "button results-more", type: "button" }, "Show more");
    more.addEventListener("click", async () => {
      more.disabled = true;
      try {
        const { path, body: asked } = searchRequest(search, answer.next_cursor);
        const page = await post(path, asked, { signal });
        const count = cards.length;
        answer.moments.push(...page.moments);
        answer.next_cursor = page.next_cursor;
        draw();
        focusCard(cards[count]);
      } catch (error) {
        more.disabled = false;
        if (signal.aborted) return;
        if (error.code === "cursor_expired") {
          toast("The library has changed since this search. Search again to see more.", { kind: "bad" });
        } else toast(error.message, { kind: "bad" });
      }
    });
    return more;
  }
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

function sentence(text) {
  const words = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(words) ? words : `${words}.`;
}
