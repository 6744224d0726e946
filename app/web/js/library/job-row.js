// One row of what is on its way into the library.

import { fill, h, setStyle } from "../dom.js";
import { icon } from "../icons.js";

/** A row `{element, draw(item)}` that is drawn again and again, so that focus and the bar's motion stay. */
export function newRow() {
  const title = h("p", { class: "job-title" });
  const facts = h("p", { class: "job-facts num" });
  const bar = h("div", { class: "bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 });
  const actions = h("div", { class: "job-actions" });
  const state = h("span", { class: "job-state" });
  const element = h("li", { class: "job" }, state, h("div", { class: "job-words" }, title, bar, facts), actions);
  let shown = "";
  return { element, draw };

  function draw(item) {
    element.classList.toggle("is-bad", Boolean(item.isBad));
    element.classList.toggle("is-done", Boolean(item.isDone));
    setStyle(bar, { "--share": item.share ?? 0 });
    bar.hidden = !item.isGoing;
    bar.setAttribute("aria-valuenow", String(Math.round((item.share ?? 0) * 100)));
    bar.setAttribute("aria-label", item.title);
    if (facts.textContent !== item.facts.join(" · ")) facts.textContent = item.facts.join(" · ");
    const now = JSON.stringify([
      item.title,
      item.href,
      item.isBad,
      item.isDone,
      item.actions.map(([, label]) => label),
    ]);
    if (now === shown) return;
    shown = now;
    fill(state, icon(item.isBad ? "alert" : item.isDone ? "check" : "film"));
    fill(title, item.href ? h("a", { href: item.href }, item.title) : item.title);
    fill(
      actions,
      item.actions.map((action) => actionButton(action, item.title)),
    );
  }
}

/** The button of one action of a row, `[image, label, run]`, on what has this title. */
export function actionButton([image, label, run], title) {
  return h(
    "button",
    {
      class: "icon-button icon-button-small",
      type: "button",
      "aria-label": `${label}: ${title}`,
      title: label,
      on: { click: run },
    },
    icon(image),
  );
}
