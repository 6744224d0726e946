// Beside the player: the moments found, what is said, what is on the screen and what is heard.

import { fill, h, uid } from "../dom.js";
import { icon } from "../icons.js";
import { momentList } from "./moment-list.js";
import { speakersView, withHeads } from "./speakers-view.js";
import { bare } from "./text-marks.js";
import { timedList } from "./timed-list.js";

const CLOSEST = 5;

/**
 * Tabs over the contents of `timeline`: `{element, setTime(timeS), choose(moment)}`; `moments` are those that
 * fit, or null without a search. `on.seek(timeS)`, and `on.choose(moment)` for one of the moments.
 */
export function besideView(timeline, moments, { on }) {
  const closest = timeline.moments ?? [];
  const marks = matchedWords(closest);
  const hits = moments && momentList(moments.length ? moments : closest.slice(0, CLOSEST), { on });
  const tabs = [
    moments && {
      name: "Moments",
      count: moments.length,
      isFilled: closest.length > 0,
      view: hits,
      tools: moments.length
        ? null
        : h("p", { class: "tab-note" }, "Nothing in this video is likely to be it. This comes closest:"),
      empty: "Nothing in this video fits.",
    },
    transcriptTab(),
    textTab(
      "On screen",
      "screen_text",
      timeline.screen_texts,
      "Find in the text on the screen",
      "No text was read on the screen.",
    ),
    textTab("Sounds", "sound", timeline.sound_events.map(named), "Find a sound", "No sound stands out."),
  ].filter(Boolean);
  const list = h("div", { class: "tabs", role: "tablist", "aria-label": "Contents of the video" });
  const panels = h("div", { class: "tab-panels" });
  let shown = null;

  for (const tab of tabs) {
    const [tabId, panelId] = [uid("tab"), uid("panel")];
    tab.button = h(
      "button",
      {
        class: "tab",
        type: "button",
        role: "tab",
        id: tabId,
        "aria-controls": panelId,
        on: { click: () => open(tab) },
      },
      tab.name,
      tab.count ? h("span", { class: "tab-count num" }, tab.count) : null,
    );
    tab.panel = h(
      "div",
      { class: "tab-panel", role: "tabpanel", id: panelId, "aria-labelledby": tabId, hidden: true },
      (tab.isFilled ?? tab.count) ? [tab.tools, tab.view.element] : h("p", { class: "tab-empty" }, tab.empty),
    );
    list.append(tab.button);
    panels.append(tab.panel);
  }
  list.addEventListener("keydown", turn);
  open(tabs.find((tab) => tab.isFilled ?? tab.count) ?? tabs[0]);

  return {
    element: h("aside", { class: "beside", "aria-label": "Contents" }, list, panels),
    setTime: (timeS) => shown.view.setTime?.(timeS),
    choose: (moment) => hits?.choose(moment),
  };

  /** What is said, with who says it where that is known. */
  function transcriptTab() {
    const { lines, show } = withHeads(timeline.segments);
    const isKnown = timeline.segments.some((segment) => segment.speaker);
    const speakers = isKnown ? speakersView(timeline.video_id, { onNamed: show }).element : null;
    const [label, empty] = ["Find in the transcript", "Nobody was heard speaking."];
    return textTab("Transcript", "transcript", lines, label, empty, speakers);
  }

  function textTab(name, evidence, lines, label, empty, more = null) {
    const view = timedList(lines, { label: name, marks: marks[evidence] ?? new Set(), on });
    return { name, count: lines.length, view, empty, tools: lines.length ? [finder(label, view, on), more] : null };
  }

  function open(tab) {
    shown = tab;
    for (const one of tabs) {
      one.button.setAttribute("aria-selected", String(one === tab));
      one.button.tabIndex = one === tab ? 0 : -1;
      one.panel.hidden = one !== tab;
    }
  }

  function turn(event) {
    const from = tabs.indexOf(shown);
    const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    open(tabs[(to + tabs.length) % tabs.length]);
    shown.button.focus();
  }
}

function named(event) {
  return { ...event, text: event.label };
}

/** The words that proved moments, per kind of evidence. */
function matchedWords(moments) {
  const marks = {};
  for (const { kind, matched_words: words } of moments.flatMap((moment) => moment.evidence)) {
    marks[kind] ??= new Set();
    for (const word of words ?? []) marks[kind].add(bare(word));
  }
  return marks;
}

/** A box that finds text in a list of lines, and goes from one find to the next. */
function finder(label, view, on) {
  const count = h("span", { class: "finder-count num", role: "status" });
  const input = h("input", {
    class: "input finder-input",
    type: "search",
    placeholder: label,
    "aria-label": label,
  });
  const up = arrow("up", "Find before", -1);
  const down = arrow("down", "Next find", 1);
  const element = h("div", { class: "finder", role: "search" }, icon("search"), input, count, up, down);
  input.addEventListener("input", () => {
    const lines = view.find(input.value);
    fill(count, input.value.trim() ? (lines ? `${lines}` : "none") : "");
    up.hidden = down.hidden = !lines;
    if (lines) go(1);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const at = go(event.shiftKey ? -1 : 1);
    if (at) on.seek(at.start_s);
  });
  return element;

  function go(by) {
    const at = view.step(by);
    if (at) fill(count, `${at.number} of ${at.of}`);
    return at;
  }

  function arrow(which, label, by) {
    return h(
      "button",
      {
        class: "icon-button icon-button-small",
        type: "button",
        "aria-label": label,
        title: label,
        hidden: true,
        on: { click: () => go(by) },
      },
      icon(which),
    );
  }
}
