// The bar of buttons over the picture.

import { fill, h } from "../dom.js";
import { clock, spokenClock } from "../format.js";
import { icon } from "../icons.js";
import { SPEEDS } from "./player-keys.js";
import { clamp } from "./timeline-scale.js";

/**
 * The bar: `{element, draw(state), drawTime(timeS, durationS)}`.
 * `actions` do what the buttons say; `state` is what they show.
 */
export function playerControls(actions) {
  const play = button("play", "Play", actions.toggle, "player-play");
  const previous = button("previous", "Moment before", () => actions.hit(-1));
  const next = button("next", "Next moment", () => actions.hit(1));
  const mute = button("sound", "Sound off", actions.mute);
  const volume = h("input", {
    class: "player-volume",
    type: "range",
    min: 0,
    max: 1,
    step: 0.05,
    "aria-label": "Volume",
    on: { input: (event) => actions.volume(Number(event.target.value)) },
  });
  const loop = button("loop", "Repeat the moment", actions.loop);
  const captions = button("captions", "Captions", actions.captions);
  const pip = button("pip", "Picture in picture", actions.pictureInPicture, "player-wide-only");
  const full = button("fullscreen", "Full screen", actions.fullScreen);
  const speed = h(
    "select",
    {
      class: "player-speed",
      "aria-label": "Speed",
      title: "Speed",
      on: { change: (event) => actions.speed(Number(event.target.value)) },
    },
    SPEEDS.map((rate) => h("option", { value: rate }, `${rate}×`)),
  );
  const now = h("span", { class: "num" }, "0:00");
  const total = h("span", { class: "num player-total" });
  const seek = seekBar(actions);

  const element = h(
    "div",
    { class: "player-controls" },
    seek.element,
    h(
      "div",
      { class: "player-buttons", role: "group", "aria-label": "Player" },
      play,
      previous,
      next,
      h("div", { class: "player-sound" }, mute, volume),
      h("p", { class: "player-time" }, now, total),
      h("span", { class: "player-gap" }),
      loop,
      captions,
      speed,
      pip,
      full,
    ),
  );
  return { element, draw, drawTime };

  function draw(state) {
    turn(play, state.isPaused ? "play" : "pause", state.isPaused ? "Play" : "Pause");
    turn(mute, state.isMuted ? "mute" : "sound", state.isMuted ? "Sound on" : "Sound off");
    turn(full, state.isFullScreen ? "shrink" : "fullscreen", state.isFullScreen ? "Leave full screen" : "Full screen");
    volume.value = state.isMuted ? 0 : state.volume;
    volume.style.setProperty("--share", `${(state.isMuted ? 0 : state.volume) * 100}%`);
    press(loop, state.isLooping);
    press(captions, state.hasCaptionsOn);
    loop.hidden = !state.hasMoment;
    captions.hidden = !state.hasCaptions;
    previous.hidden = next.hidden = !state.hasHits;
    mute.parentElement.hidden = state.hasSound === false;
    pip.hidden = !document.pictureInPictureEnabled || !state.hasPicture;
    speed.value = String(state.speed);
    seek.drawSpan(state.moment, state.durationS);
  }

  function drawTime(timeS, durationS) {
    say(now, clock(timeS));
    say(total, durationS ? ` / ${clock(durationS)}` : "");
    seek.drawTime(timeS, durationS);
  }
}

function button(name, label, act, className = "") {
  return h(
    "button",
    {
      class: `player-button ${className}`,
      type: "button",
      "aria-label": label,
      title: label,
      dataset: { icon: name },
      on: { click: act },
    },
    icon(name),
  );
}

function turn(target, name, label) {
  if (target.dataset.icon === name && target.title === label) return;
  target.dataset.icon = name;
  target.title = label;
  target.setAttribute("aria-label", label);
  fill(target, icon(name));
}

function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function press(target, isOn) {
  target.setAttribute("aria-pressed", String(Boolean(isOn)));
}

/** The thin line of the whole video: click or drag it, or use the arrows. */
function seekBar(actions) {
  const span = h("div", { class: "player-seek-span", hidden: true });
  const done = h("div", { class: "player-seek-done" });
  const knob = h("div", { class: "player-seek-knob" });
  const element = h(
    "div",
    {
      class: "player-seek",
      role: "slider",
      tabindex: 0,
      "aria-label": "Place in the video",
      "aria-valuemin": 0,
      "aria-valuenow": 0,
    },
    h("div", { class: "player-seek-line" }, span, done),
    knob,
  );
  let timeS = 0;
  let durationS = 0;
  const seekTo = (event) => {
    const box = element.getBoundingClientRect();
    actions.seek(clamp((event.clientX - box.left) / box.width, 0, 1) * durationS);
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    seekTo(event);
  });
  element.addEventListener("pointermove", (event) => element.hasPointerCapture(event.pointerId) && seekTo(event));
  element.addEventListener("keydown", (event) => {
    const target = seekKey(event, timeS, durationS);
    if (target === null) return;
    event.preventDefault();
    actions.seek(target);
  });
  return { element, drawTime, drawSpan };

  function drawTime(now, whole) {
    timeS = now;
    durationS = whole;
    const share = whole > 0 ? clamp(now / whole, 0, 1) : 0;
    done.style.setProperty("width", `${share * 100}%`);
    knob.style.setProperty("left", `${share * 100}%`);
    const second = String(Math.floor(now));
    if (element.getAttribute("aria-valuenow") === second) return;
    element.setAttribute("aria-valuenow", second);
    element.setAttribute("aria-valuemax", String(Math.round(whole)));
    element.setAttribute("aria-valuetext", `${spokenClock(now)} of ${spokenClock(whole)}`);
  }

  function drawSpan(moment, whole) {
    span.hidden = !moment || !whole;
    if (span.hidden) return;
    span.style.setProperty("left", `${(moment.start_s / whole) * 100}%`);
    span.style.setProperty("width", `${(Math.max(0, moment.end_s - moment.start_s) / whole) * 100}%`);
  }
}

/** Where a key on a slider of time leads, or null where it means nothing there. */
export function seekKey(event, timeS, durationS) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const steps = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageDown: -30, PageUp: 30 };
  if (event.key in steps) {
    return clamp(timeS + (event.shiftKey ? steps[event.key] / 5 : steps[event.key]), 0, durationS);
  }
  if (event.key === "Home") return 0;
  if (event.key === "End") return durationS;
  return null;
}
