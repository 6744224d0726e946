// The search box: words, a spoken question, a file, and steps that follow or must not be there.

import { fill, h, refill } from "../dom.js";
import { exampleChip } from "./example-chip.js";
import { languageName, percent } from "../format.js";
import { icon } from "../icons.js";
import { QUERY_CHARS } from "../limits.js";
import { ACCEPTED } from "../library/media-files.js";
import { acceptDrops } from "./file-drop.js";
import { keepFile } from "./query-files.js";
import { querySteps } from "./query-steps.js";
import { toast } from "../toast.js";
import { micButton } from "./mic-button.js";

const ACCEPT = `image/*,${ACCEPTED}`;

/**
 * The search box: {element, tools, show(search, heard), read(search), setBusy(isBusy), focus(), say(error)}.
 *
 * `onSearch()` is called when the person asks, `onSpoken(file)` with a recorded question, `onChange(changes)`
 * when what is searched with changes: {fileKey, like, textShare}. `signal` ends what listens outside of the box.
 */
export function queryBox({ onSearch, onSpoken, onChange, signal }) {
  const input = h("input", {
    class: "query-input",
    id: "query",
    type: "search",
    name: "q",
    autocomplete: "off",
    spellcheck: "true",
    enterkeyhint: "search",
    maxlength: QUERY_CHARS,
    placeholder: "Describe a moment",
    "aria-describedby": "query-problem",
  });
  const chooser = h("input", {
    class: "visually-hidden",
    type: "file",
    accept: ACCEPT,
    tabindex: -1,
    "aria-hidden": "true",
  });
  const attach = h(
    "button",
    {
      class: "icon-button",
      type: "button",
      "aria-label": "Search with an image, a sound or a clip",
      title: "Search with an image, a sound or a clip",
    },
    icon("image"),
  );
  const submit = h(
    "button",
    { class: "button button-primary query-submit", type: "submit", "aria-label": "Search" },
    icon("search"),
    h("span", null, "Search"),
  );
  const problem = h("p", { class: "query-problem error-text", id: "query-problem", role: "alert", hidden: true });
  const heardNote = h("p", { class: "query-heard", hidden: true });
  const chips = h("div", { class: "query-chips" });
  const steps = querySteps({
    onRemove: (hadText) => {
      input.focus();
      if (hadText) onSearch();
    },
  });
  const mic = micButton({ input, onSpoken, onProblem: say, signal });
  const row = h(
    "div",
    { class: "query-row" },
    h("span", { class: "query-lens" }, icon("search")),
    h("label", { class: "visually-hidden", for: "query" }, "Describe a moment of your videos"),
    input,
    h("kbd", { class: "query-key", "aria-hidden": "true", title: "Press / to search" }, "/"),
    mic.meter,
    attach,
    mic.button,
    submit,
  );
  const plate = h(
    "div",
    { class: "query-plate" },
    chips,
    row,
    steps.element,
    h("div", { class: "query-drop", "aria-hidden": "true" }, "Drop it here to search with it"),
  );
  const element = h(
    "form",
    { class: "query", role: "search", "aria-label": "Videos", novalidate: true },
    chooser,
    plate,
    problem,
    heardNote,
  );

  element.addEventListener("submit", (event) => {
    event.preventDefault();
    say(null);
    onSearch();
  });
  attach.addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    if (chooser.files.length) take(chooser.files[0]);
    chooser.value = "";
  });
  input.addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (!file) return;
    event.preventDefault();
    take(file);
  });
  acceptDrops({
    signal,
    onOver: (isOver) => element.classList.toggle("is-dropping", isOver),
    onFiles: ([file, ...others]) => {
      if (others.length) toast("One file at a time: the first one is used.");
      take(file);
    },
  });
  return { element, tools: steps.tools, show, read, setBusy, focus: () => input.focus(), say };

  function show(search, heard) {
    input.value = search.text;
    heardNote.hidden = !heard;
    fill(heardNote, heard && [icon("mic"), heardWords(heard)]);
    input.placeholder = search.like || search.fileKey ? "Add words, if you like" : "Describe a moment";
    steps.show(search);
    refill(chips, exampleChip(search, onChange));
    chips.hidden = !chips.hasChildNodes();
    say(null);
  }

  function read(search) {
    return { ...search, text: input.value.trim(), ...steps.read() };
  }

  function say(text) {
    problem.hidden = !text;
    fill(problem, text && icon("alert"), text);
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  function setBusy(isBusy) {
    element.classList.toggle("is-busy", isBusy);
  }

  async function take(file) {
    say(null);
    setBusy(true);
    try {
      onChange({ fileKey: await keepFile(file), like: null });
    } catch (error) {
      say(error.message);
    } finally {
      setBusy(false);
    }
  }
}

/** What stands under the box while the words of a spoken question are those in it. */
function heardWords({ language, confidence }) {
  const how = language ? `Heard in ${languageName(language)}` : "Heard";
  return `${how}, ${percent(confidence)} sure. Not what you said? Change the words.`;
}
