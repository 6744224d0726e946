// The timeline under the player: what is where in the video, and a slider through it.

import { announce } from "../announce.js";
import { h } from "../dom.js";
import { spokenClock } from "../format.js";
import { icon } from "../icons.js";
import { laneColour } from "../lane-table.js";
import { drawRows, heightOf, rowsOf } from "./lanes-view.js";
import { seekKey } from "./player-controls.js";
import { coloursIn, watchTheme } from "./timeline-colours.js";
import { followPointers } from "./timeline-pointer.js";
import { timelinePictures } from "./timeline-pictures.js";
import { following, panned, spanAt, timeAt, wholeView, xOf, zoomed, zoomOf } from "./timeline-scale.js";
import { timelineTip } from "./timeline-tip.js";

const ZOOM_STEP = 1.6;

/**
 * The timeline of `timeline` (the answer of the API) with some moments: `{element, setTime(timeS),
 * choose(moment), close()}`. `on.seek(timeS)` when the user goes somewhere.
 */
export function timelineView(timeline, moments, { on }) {
  const rows = rowsOf(timeline, moments);
  const stop = new AbortController();
  const pictures = timelinePictures(timeline.video_id, timeline.thumbnails_s, drawSoon);
  let view = wholeView(timeline.duration_s);
  let colours = null;
  let chosen = null;
  let timeS = 0;
  let width = 0;
  let frame = 0;

  const canvas = h("canvas", { class: "timeline-canvas", "aria-hidden": "true" });
  const playhead = h("div", { class: "timeline-playhead" });
  const plot = h(
    "div",
    {
      class: "timeline-plot",
      role: "slider",
      tabindex: 0,
      "aria-label": "Timeline",
      "aria-valuemin": 0,
      "aria-valuemax": Math.round(timeline.duration_s),
      "aria-valuenow": 0,
    },
    canvas,
  );
  const tip = timelineTip(timeline, moments, rows, pictures);
  const frameBox = h("div", { class: "timeline-frame" }, plot, playhead, tip.element);
  const labels = h(
    "div",
    { class: "timeline-labels", "aria-hidden": "true" },
    rows.filter((row) => row.name).map(label),
  );
  const thumb = h("div", { class: "timeline-scroll-thumb" });
  const scroll = h("div", { class: "timeline-scroll", hidden: true, "aria-hidden": "true" }, thumb);
  const out = zoomButton("minus", "Show more of the timeline", () => zoom(1 / ZOOM_STEP));
  const closer = zoomButton("plus", "Show the timeline closer", () => zoom(ZOOM_STEP));
  const whole = h(
    "button",
    { class: "button button-quiet button-small", type: "button", hidden: true, on: { click: showAll } },
    "Whole video",
  );
  const element = h(
    "section",
    { class: "timeline", "aria-label": "Timeline of the video" },
    h("div", { class: "timeline-head" }, h("h2", { class: "timeline-title" }, "Timeline"), whole, out, closer),
    h("div", { class: "timeline-body" }, labels, frameBox),
    scroll,
  );
  canvas.style.setProperty("height", `${heightOf(rows)}px`);

  const sizes = new ResizeObserver(() => {
    width = plot.clientWidth;
    drawSoon();
  });
  sizes.observe(plot);
  watchTheme(() => {
    colours = null;
    drawSoon();
  }, stop.signal);
  plot.addEventListener("keydown", useKey);
  followPointers(plot, {
    seek: (x) => on.seek(timeAt(view, x, width)),
    hover: (x, y) => (x === null ? tip.hide() : tip.show(timeAt(view, x, width), x, y, width)),
    zoom: (factor, x) => show(zoomed(view, factor, timeAt(view, x, width))),
    pan: (pixels) => show(panned(view, (pixels / (width || 1)) * (view.end_s - view.start_s))),
  });
  followPointers(scroll, { seek: (x) => centre((x / scroll.clientWidth) * timeline.duration_s) });

  return { element, setTime, choose, close };

  function setTime(now) {
    const turned = now === timeS ? view : following(view, now);
    timeS = now;
    if (turned !== view) show(turned);
    placePlayhead();
    const second = String(Math.floor(now));
    if (plot.getAttribute("aria-valuenow") === second) return;
    plot.setAttribute("aria-valuenow", second);
    plot.setAttribute("aria-valuetext", valueText());
  }

  function valueText() {
    const moment = spanAt(moments, timeS);
    const at = `${spokenClock(timeS)} of ${spokenClock(timeline.duration_s)}`;
    const shot = timeline.shots.findIndex((one) => timeS >= one.start_s && timeS < one.end_s);
    const parts = [at];
    if (shot >= 0 && timeline.shots.length > 1) parts.push(`shot ${shot + 1} of ${timeline.shots.length}`);
    if (moment) parts.push(`in a moment that is ${moment.confidence_in_words}`);
    return parts.join(", ");
  }

  function choose(moment) {
    chosen = moment;
    drawSoon();
  }

  function show(next) {
    view = next;
    const isWhole = zoomOf(view) < 1.01;
    scroll.hidden = whole.hidden = isWhole;
    out.disabled = isWhole;
    thumb.style.setProperty("left", `${(view.start_s / timeline.duration_s) * 100}%`);
    thumb.style.setProperty("width", `${(100 / zoomOf(view)).toFixed(2)}%`);
    tip.hide();
    drawSoon();
  }

  function zoom(factor) {
    show(zoomed(view, factor, timeS >= view.start_s && timeS <= view.end_s ? timeS : (view.start_s + view.end_s) / 2));
    announce(`Timeline from ${spokenClock(view.start_s)} to ${spokenClock(view.end_s)}`);
  }

  function showAll() {
    show(wholeView(timeline.duration_s));
    plot.focus();
  }

  function centre(atS) {
    show(panned(view, atS - (view.start_s + view.end_s) / 2));
  }

  function useKey(event) {
    if (event.key === "+" || event.key === "=") zoom(ZOOM_STEP);
    else if (event.key === "-") zoom(1 / ZOOM_STEP);
    else {
      const target = seekKey(event, timeS, timeline.duration_s);
      if (target === null) return;
      on.seek(target);
    }
    event.preventDefault();
  }

  function placePlayhead() {
    const x = xOf(view, timeS, width);
    playhead.style.setProperty("transform", `translateX(${x}px)`);
    playhead.classList.toggle("is-away", x < 0 || x > width);
  }

  function drawSoon() {
    if (frame) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  }

  function draw() {
    if (!width || stop.signal.aborted) return;
    const ratio = devicePixelRatio;
    const height = heightOf(rows);
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.scale(canvas.width / width, canvas.height / height);
    colours ??= coloursIn(plot);
    const shown = chosen && !moments.includes(chosen) ? [...moments, chosen] : moments;
    drawRows(context, rows, timeline, { view, width, moments: shown, chosen, colours, picture: pictures.picture });
    placePlayhead();
  }

  function close() {
    stop.abort();
    sizes.disconnect();
    cancelAnimationFrame(frame);
    pictures.close();
  }
}

function label(row) {
  const place = { top: `${row.top}px`, height: `${row.height}px` };
  const style = row.lane ? { ...place, ...laneColour(row.lane) } : place;
  const element = h(
    "span",
    { class: "timeline-label", title: row.name, style },
    icon(row.icon),
    h("span", null, row.name),
  );
  return element;
}

function zoomButton(name, text, act) {
  return h(
    "button",
    {
      class: "icon-button icon-button-small",
      type: "button",
      "aria-label": text,
      title: text,
      disabled: name === "minus",
      on: { click: act },
    },
    icon(name),
  );
}
