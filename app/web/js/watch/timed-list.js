// A list of lines with times, such as a transcript, that goes along with the player.

import { fill, h } from "../dom.js";
import { inEnglish } from "../evidence.js";
import { clock } from "../format.js";
import { spanAt } from "./timeline-scale.js";
import { occurrences, pieces, placedWords } from "./text-marks.js";

const REST_MS = 4000;

/**
 * Lines `{start_s, end_s, text, words?, language?, head?, translation?}` in order of time, `head` an element that stands over the text: `{element, setTime(timeS), find(text), step(by)}`.
 * `find` marks a text and returns on how many lines it is; `step` goes to the next of them and returns which.
 * `on.seek(timeS)` when a line or a word is chosen.
 */
export function timedList(lines, { label, marks = new Set(), on }) {
  let active = -1;
  let activeWord = null;
  let wanted = "";
  let found = [];
  let at = -1;
  let leftAloneAt = -REST_MS;
  const rich = new Set();

  const texts = lines.map((line) => h("span", { class: "line-text", lang: line.language }));
  const buttons = lines.map((line, number) =>
    h(
      "button",
      { class: "line", type: "button", tabindex: number === 0 ? 0 : -1, dataset: { number } },
      h("span", { class: "line-time num" }, clock(line.start_s)),
      line.head ?? null,
      texts[number],
      line.translation ? h("span", { class: "line-text" }, inEnglish(line)) : null,
    ),
  );
  const element = h(
    "ol",
    { class: "lines", "aria-label": label },
    buttons.map((button) => h("li", null, button)),
  );
  buttons.forEach((_, number) => draw(number));
  element.addEventListener("click", choose);
  element.addEventListener("keydown", move);
  element.addEventListener("pointerover", enrich);
  element.addEventListener("focusin", enrich);
  for (const event of ["wheel", "touchmove", "pointerdown"]) {
    element.addEventListener(event, () => (leftAloneAt = performance.now()), { passive: true });
  }
  return { element, setTime, find, step };

  /** Words become elements of their own only where they are needed: a long talk has many thousands. */
  function draw(number) {
    const line = lines[number];
    const words = rich.has(number) ? placedWords(line.text, line.words) : [];
    fill(
      texts[number],
      pieces(line.text, { marks, find: wanted, words }).map((piece) => {
        const inner = piece.isFound
          ? h("mark", { class: "is-found" }, piece.text)
          : piece.isMatch
            ? h("mark", null, piece.text)
            : piece.text;
        if (!piece.word) return inner;
        return h("span", { class: "word", dataset: { start: piece.word.start_s, end: piece.word.end_s } }, inner);
      }),
    );
  }

  function enrich(event) {
    const number = Number(event.target.closest(".line")?.dataset.number ?? -1);
    if (number >= 0) enrichLine(number);
  }

  function enrichLine(number) {
    if (rich.has(number) || !lines[number].words?.length) return;
    rich.add(number);
    draw(number);
  }

  function choose(event) {
    const button = event.target.closest(".line");
    if (!button) return;
    const word = event.target.closest(".word");
    roam(Number(button.dataset.number));
    leftAloneAt = -REST_MS;
    on.seek(word ? Number(word.dataset.start) : lines[Number(button.dataset.number)].start_s);
  }

  function move(event) {
    const from = Number(event.target.closest(".line")?.dataset.number ?? -1);
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: lines.length - 1 }[event.key];
    if (from < 0 || to === undefined || !buttons[to]) return;
    event.preventDefault();
    leftAloneAt = performance.now();
    roam(to);
    buttons[to].focus();
  }

  /** One line at a time is in the order of the tab key. */
  function roam(number) {
    element.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
    buttons[number].tabIndex = 0;
  }

  function setTime(timeS) {
    const line = spanAt(lines, timeS);
    const number = line ? lines.indexOf(line) : -1;
    if (number !== active) {
      buttons[active]?.removeAttribute("aria-current");
      active = number;
      if (number >= 0) {
        enrichLine(number);
        buttons[number].setAttribute("aria-current", "true");
        if (performance.now() - leftAloneAt > REST_MS) show(number);
      }
    }
    markWord(timeS);
  }

  function markWord(timeS) {
    const word =
      active < 0
        ? null
        : [...buttons[active].querySelectorAll(".word")].findLast((one) => timeS >= Number(one.dataset.start));
    if (word === activeWord) return;
    activeWord?.classList.remove("is-now");
    word?.classList.add("is-now");
    activeWord = word ?? null;
  }

  /** Scrolls the list and never the page. */
  function show(number) {
    const button = buttons[number];
    const top = button.offsetTop - element.offsetTop - element.clientHeight / 2 + button.clientHeight / 2;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollTo({ top, behavior: calm ? "instant" : "smooth" });
  }

  function find(text) {
    const before = found;
    wanted = text;
    found = text.trim() ? lines.flatMap((line, number) => (occurrences(line.text, text).length ? [number] : [])) : [];
    for (const number of new Set([...before, ...found])) draw(number);
    at = -1;
    return found.length;
  }

  function step(by) {
    if (!found.length) return null;
    at = (at + by + found.length) % found.length;
    if (at < 0) at = found.length - 1;
    leftAloneAt = performance.now();
    show(found[at]);
    roam(found[at]);
    for (const button of element.querySelectorAll(".is-at")) button.classList.remove("is-at");
    buttons[found[at]].classList.add("is-at");
    return { number: at + 1, of: found.length, start_s: lines[found[at]].start_s };
  }
}
