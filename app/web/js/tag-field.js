// A field of tags: each is a chip that can be taken away; Enter or a comma makes one of what was typed.

import { announce } from "./announce.js";
import { h, uid } from "./dom.js";
import { icon } from "./icons.js";
import { TAG_CHARS } from "./limits.js";

/** `{element, input, tags()}`; what is typed and not yet a chip counts as a tag too. */
export function tagField(label, given = []) {
  const tags = [...given];
  const [id, hintId] = [uid("tags"), uid("hint")];
  const input = h("input", {
    class: "tag-input",
    id,
    type: "text",
    autocomplete: "off",
    maxlength: TAG_CHARS,
    "aria-describedby": hintId,
  });
  const chips = h("ul", { class: "tag-list tag-chips", "aria-label": label });
  const box = h("div", { class: "input tag-box" }, chips, input);
  const element = h(
    "div",
    { class: "field" },
    h("label", { class: "field-label", for: id }, label),
    box,
    h("p", { class: "field-hint", id: hintId }, "Enter or a comma ends a tag."),
  );
  box.addEventListener("click", (event) => event.target === box && input.focus());
  input.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === ",") && input.value.trim()) {
      event.preventDefault();
      add(input.value);
    } else if (event.key === "Backspace" && !input.value && tags.length) {
      take(tags.at(-1));
    }
  });
  input.addEventListener("paste", () => setTimeout(() => input.value.includes(",") && add(input.value)));
  draw();
  return { element, input, tags: () => [...new Set([...tags, ...split(input.value)])] };

  function add(text) {
    for (const tag of split(text)) if (!tags.includes(tag)) tags.push(tag);
    input.value = "";
    draw();
  }

  function take(tag) {
    tags.splice(tags.indexOf(tag), 1);
    draw();
    announce(`${tag} taken away`);
    input.focus();
  }

  function draw() {
    chips.replaceChildren(
      ...tags.map((tag) =>
        h(
          "li",
          { class: "tag tag-chip" },
          tag,
          h(
            "button",
            { class: "tag-take", type: "button", "aria-label": `Take away ${tag}`, on: { click: () => take(tag) } },
            icon("close"),
          ),
        ),
      ),
    );
    chips.hidden = tags.length === 0;
  }
}

function split(text) {
  return text
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);
}
