// The first page: an empty box that explains itself, and what a search found.

import { announce } from "../announce.js";
import { isAbort, post } from "../api.js";
import { fill, h } from "../dom.js";
import { filters } from "./filters.js";
import { fillHome } from "./home.js";
import { icon } from "../icons.js";
import { loadVerdicts } from "../judge.js";
import { laneChips } from "./lanes.js";
import { queryBox } from "./query-box.js";
import { storedFile } from "./query-files.js";
import { answerWords, resultsView, skeletons } from "./results.js";
import { navigate, setTitle } from "../router.js";
import { setPageKeys } from "../shortcuts.js";
import { isAsking, isPlain, parseSearch, searchAddress, searchRequest } from "./search-state.js";
import { toast } from "../toast.js";

// Answers by address: going back shows what was there, at once and where it was.
const answers = new Map();
const MOST_ANSWERS = 20;
const KEYS = [
  [["j"], "Next result"],
  [["k"], "Result before"],
  [["←", "↑", "↓", "→"], "Move among the results"],
  [["Enter"], "Play it"],
  [["Space"], "Preview it here"],
  [["m"], "Mark it for the tray, or take it out"],
  [["s"], "More like this"],
  [["e"], "Why it was found, and what to do with it"],
  [["y"], "It is right"],
  [["n"], "It is wrong"],
];

/** Shows the search of an address. */
export function mount(root, _params, query) {
  const stop = new AbortController();
  let asking = new AbortController();
  let search = parseSearch(query);
  /** What the last spoken question was heard to say, while it is searched for: {text, language, confidence}. */
  let heard = null;
  const change = (changes) => go({ ...written(), ...changes });
  const box = queryBox({
    onSearch: () => go(written()),
    onSpoken: speak,
    onChange: change,
    signal: stop.signal,
  });
  const lanes = laneChips({ onChange: change });
  const narrow = filters({ onChange: change, signal: stop.signal });
  const hero = h(
    "div",
    { class: "hero" },
    h("h1", null, "Find the moment"),
    h("p", { class: "hero-lead" }, "Describe what you remember of it: what was seen, heard, said or shown on screen."),
  );
  const outcome = h("div", { class: "outcome" });
  const page = h(
    "div",
    { class: "search-page" },
    hero,
    box.element,
    h("div", { class: "search-tools" }, lanes.element, h("span", { class: "spring" }), box.tools, narrow.button),
    narrow.panel,
    narrow.chips,
    outcome,
  );
  fill(root, page);
  setPageKeys("Results", KEYS, stop.signal);
  show();
  // On a touch screen the keyboard would cover the page before anybody has seen it.
  if (!isAsking(search) && matchMedia("(pointer: fine)").matches) box.focus();
  return {
    unmount() {
      stop.abort();
      asking.abort();
    },
    update(_, newQuery) {
      search = parseSearch(newQuery);
      return show();
    },
  };

  /** The search as it stands in the box; other words may be corrected again. */
  function written() {
    const read = box.read(search);
    return read.text === search.text ? read : { ...read, correct: true };
  }

  /** Goes to the address of another search, which is then shown; the same search is asked again. */
  function go(wanted) {
    if (!isAsking(wanted)) {
      search = wanted;
      if (wanted.then.length || wanted.not.length) box.say("Say first what to look for; what follows comes after it.");
      else if (location.pathname + location.search !== searchAddress(wanted)) navigate(searchAddress(wanted));
      else box.focus();
      return;
    }
    const address = searchAddress(wanted);
    const isSame = address === location.pathname + location.search;
    if (isSame) answers.delete(address);
    navigate(address, { replace: isSame });
  }

  async function show() {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    if (search.fileKey && !storedFile(search.fileKey)) {
      toast("The file of this search is not kept in the address. Choose it again.");
      search = { ...search, fileKey: null };
    }
    const isHome = !isAsking(search);
    page.classList.toggle("is-home", isHome);
    hero.classList.toggle("visually-hidden", !isHome);
    if (heard?.text.trim() !== search.text.trim()) heard = null;
    box.show(search, heard);
    lanes.show(search);
    narrow.show(search);
    setTitle(search.text.trim() || (isHome ? "" : "More like this"));
    if (isHome) await showHome(signal);
    else await showAnswer(searchAddress(search), searchRequest(search), signal);
  }

  async function showAnswer(address, request, signal) {
    const focused = outcome.contains(document.activeElement) ? document.activeElement.id : null;
    const known = answers.get(address);
    if (known) {
      showFound(known, signal);
      return;
    }
    box.setBusy(true);
    const placeholders = setTimeout(() => fill(outcome, skeletons()), 120);
    try {
      const [answer, verdicts] = await Promise.all([
        post(request.path, request.body, { signal }),
        isPlain(search) ? loadVerdicts(search.text.trim(), signal) : null,
      ]);
      clearTimeout(placeholders);
      remember(address, { answer, verdicts });
      showFound({ answer, verdicts }, signal);
      if (focused) document.getElementById(focused)?.focus();
      announce(answerWords(search, answer));
    } catch (error) {
      clearTimeout(placeholders);
      if (!isAbort(error)) showError(error);
    } finally {
      if (!signal.aborted) box.setBusy(false);
    }
  }

  function showFound({ answer, verdicts }, signal) {
    fill(outcome, resultsView({ search, answer, verdicts, onChange: change, signal }));
  }

  /** Asks with a spoken question: what was heard is shown, and becomes the words of the search. */
  async function speak(file) {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    const form = new FormData();
    form.append("file", file, file.name);
    page.classList.remove("is-home");
    hero.classList.add("visually-hidden");
    box.setBusy(true);
    fill(outcome, skeletons());
    try {
      heard = await post("/v1/search/spoken/words", form, { signal });
      announce(`Heard: ${heard.text}`);
      go({ ...box.read(search), text: heard.text.trim(), correct: true, fileKey: null, like: null });
    } catch (error) {
      if (isAbort(error)) return;
      await show();
      box.say(error.code === "invalid_query" ? "No words were understood. Speak up, or type instead." : error.message);
      box.setBusy(false);
    }
  }

  function showError(error) {
    if (error.status === 401) return;
    const isQuestions = error.status === 422 || error.status === 400 || error.status === 404;
    if (isQuestions) box.say(error.message);
    announce(error.message);
    fill(
      outcome,
      h(
        "div",
        { class: "state" },
        icon("alert"),
        h("h2", null, isQuestions ? "That cannot be searched for" : "The search did not work"),
        h("p", null, error.message),
        error.requestId && h("p", { class: "faint" }, `Request ${error.requestId}`),
        !isQuestions &&
          h(
            "div",
            { class: "state-actions" },
            h("button", { class: "button", type: "button", on: { click: show } }, icon("retry"), "Try again"),
          ),
      ),
    );
  }

  async function showHome(signal) {
    box.setBusy(false);
    try {
      await fillHome(outcome, signal);
    } catch (error) {
      if (!isAbort(error)) showError(error);
    }
  }
}

function remember(address, found) {
  answers.delete(address);
  answers.set(address, found);
  if (answers.size > MOST_ANSWERS) answers.delete(answers.keys().next().value);
}
