// The lanes of a search: each on or off, and how much it counts.

import { h, refill } from "../dom.js";
import { icon } from "../icons.js";
import { allLanes } from "../lane-table.js";
import { openPopover } from "../popover.js";

const HEAVIEST = 4;
const STEP = 0.25;

/** {element, show(search)}: `onChange` is told {lanes} or {weights}. */
export function laneChips({ onChange }) {
  const element = h("div", { class: "lanes", role: "group", "aria-label": "Where to look" });
  return {
    element,
    show: (search) =>
      refill(
        element,
        allLanes().map((lane) => laneChip(lane, search, onChange)),
      ),
  };
}

function laneChip(lane, search, onChange) {
  const isOn = search.lanes.includes(lane.id);
  const weight = search.weights[lane.id];
  const toggle = h(
    "button",
    {
      class: "lane-toggle",
      name: `lane-${lane.id}`,
      type: "button",
      "aria-pressed": String(isOn),
      title: `${lane.name}: ${lane.about}`,
    },
    icon(lane.icon),
    lane.name,
    weight !== undefined && h("span", { class: "lane-weight num" }, `×${weight}`),
  );
  const tune = h(
    "button",
    {
      class: "lane-tune",
      name: `weight-${lane.id}`,
      type: "button",
      "aria-label": `How much ${lane.name} counts`,
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
    },
    icon("down"),
  );
  toggle.addEventListener("click", () => {
    const lanes = isOn
      ? search.lanes.filter((id) => id !== lane.id)
      : allLanes()
          .map((one) => one.id)
          .filter((id) => id === lane.id || search.lanes.includes(id));
    // Without a lane there is nothing to search: the last one stays on.
    if (lanes.length) onChange({ lanes });
  });
  tune.addEventListener("click", () => openWeight(tune, lane, search, onChange));
  return h("div", { class: ["lane", isOn && "is-on"] }, toggle, tune);
}

function openWeight(anchor, lane, search, onChange) {
  let weight = search.weights[lane.id];
  const value = h("output", { class: "num" });
  const slider = h("input", {
    class: "slider",
    type: "range",
    min: 0,
    max: HEAVIEST,
    step: STEP,
    value: weight ?? 1,
    "aria-label": `How much ${lane.name} counts`,
  });
  const auto = h("input", { type: "checkbox", role: "switch", checked: weight === undefined });
  const draw = () => {
    value.textContent = weight === undefined ? "automatic" : `×${weight}`;
    auto.checked = weight === undefined;
  };
  slider.addEventListener("input", () => {
    weight = Number(slider.value);
    draw();
  });
  auto.addEventListener("change", () => {
    weight = auto.checked ? undefined : Number(slider.value);
    draw();
  });
  draw();
  const body = [
    h("p", { class: "weight-head" }, h("strong", null, lane.name), value),
    h("p", { class: "field-hint" }, `Finds ${lane.about}. ×2 makes it count double against the other lanes.`),
    slider,
    h("label", { class: "switch" }, auto, "Let the words decide"),
  ];
  openPopover(anchor, body, {
    label: `How much ${lane.name} counts`,
    className: "weight",
    onClose: () => {
      if (weight === search.weights[lane.id]) return;
      const { [lane.id]: _, ...others } = search.weights;
      onChange({ weights: weight === undefined ? others : { ...others, [lane.id]: weight } });
    },
  });
}
