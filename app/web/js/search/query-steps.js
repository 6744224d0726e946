// The lines under the search box: what follows, and what must not be there.

import { h, refill, uid } from "../dom.js";
import { icon } from "../icons.js";
import { QUERY_CHARS, STEPS } from "../limits.js";
import { DEFAULT_WITHIN_S } from "./search-state.js";

const WITHIN_S = [5, 10, 30, 60, 300];
const KINDS = {
  then: { icon: "then", label: "then", placeholder: "what follows", remove: "Remove this step" },
  not: {
    icon: "minus",
    label: "without",
    placeholder: "what must not be there",
    remove: "Remove what must not be there",
  },
};

/**
 * {element, tools, show(search), read()}: `tools` are the buttons that add a line, `read()` gives {then, not, withinS}.
 * `onRemove(hadText)` is called after a line was taken away.
 */
export function querySteps({ onRemove }) {
  const element = h("div", { class: "query-steps" });
  const addThen = addButton("plus", "then");
  const addNot = addButton("minus", "not");
  return { element, tools: [addThen, addNot], show, read };

  function show(search) {
    const lines = (kind) => search[kind].map((text, n) => line(kind, text, n, search.withinS));
    refill(element, lines("then"), lines("not"));
    limit();
  }

  function read() {
    const texts = (kind) => linesOf(kind).map((one) => inputOf(one).value.trim());
    /** @type {HTMLSelectElement | null} */
    const within = element.querySelector(".step-within");
    return {
      then: texts("then").filter(Boolean),
      not: texts("not").filter(Boolean),
      withinS: within ? Number(within.value) : DEFAULT_WITHIN_S,
    };
  }

  function addButton(iconName, kind) {
    const add = () => {
      const added = line(kind, "", linesOf(kind).length, DEFAULT_WITHIN_S);
      const [firstNot] = linesOf("not");
      if (kind === "then" && firstNot) firstNot.before(added);
      else element.append(added);
      limit();
      inputOf(added).focus();
    };
    const props = { class: "chip chip-dashed", type: "button", on: { click: add } };
    return h("button", props, icon(iconName), KINDS[kind].label);
  }

  function line(kind, text, n, withinS) {
    const id = uid("step");
    const words = KINDS[kind];
    const remove = h(
      "button",
      { class: "icon-button icon-button-small", type: "button", "aria-label": words.remove },
      icon("close"),
    );
    const made = h(
      "div",
      { class: "step", dataset: { kind } },
      h("label", { class: "step-label", for: id }, icon(words.icon), words.label),
      h("input", {
        class: "step-input",
        id,
        name: `${kind}-${n}`,
        type: "text",
        autocomplete: "off",
        maxlength: QUERY_CHARS,
        value: text,
        placeholder: words.placeholder,
      }),
      kind === "then" && n === 0 && withinField(withinS),
      remove,
    );
    remove.addEventListener("click", () => drop(made));
    return made;
  }

  function drop(dropped) {
    const within = dropped.querySelector(".within");
    dropped.remove();
    // The time that may lie between steps is said once, on the first of them.
    const [firstThen] = linesOf("then");
    if (within && firstThen) inputOf(firstThen).after(within);
    limit();
    onRemove(inputOf(dropped).value.trim() !== "");
  }

  function limit() {
    addThen.disabled = linesOf("then").length >= STEPS - 1;
  }

  function linesOf(kind) {
    return [...element.querySelectorAll(`[data-kind="${kind}"]`)];
  }
}

/**
 * Where the words of a line are typed.
 * @param {Element} line
 * @returns {HTMLInputElement}
 */
function inputOf(line) {
  return line.querySelector(".step-input");
}

function withinField(withinS) {
  const choices = WITHIN_S.includes(withinS) ? WITHIN_S : [...WITHIN_S, withinS].sort((a, b) => a - b);
  const words = (seconds) => (seconds < 60 ? `${seconds} s` : `${seconds / 60} min`);
  const options = choices.map((seconds) => h("option", { value: seconds }, words(seconds)));
  return h(
    "label",
    { class: "within" },
    h("span", null, "within"),
    h("select", { class: "step-within", value: String(withinS) }, options),
  );
}
