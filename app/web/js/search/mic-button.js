// The microphone: held while speaking, or pressed to start and pressed again to stop.

import { announce } from "../announce.js";
import { fill, h, setStyle } from "../dom.js";
import { clock } from "../format.js";
import { icon } from "../icons.js";
import { record, VoiceError } from "./voice.js";

const HELD_MS = 350;
const BARS = 7;

/** {button, meter}: `onSpoken(file)` is given a recorded question, `onProblem(text)` why there is none; `signal` ends it. */
export function micButton({ input, onSpoken, onProblem, signal }) {
  const button = h("button", { class: "icon-button mic", type: "button" });
  const time = h("span", { class: "num" });
  const bars = Array.from({ length: BARS }, () => h("span", { class: "meter-bar" }));
  const meter = h(
    "div",
    { class: "meter", hidden: true },
    h("span", null, "Listening"),
    h("span", { class: "meter-bars", "aria-hidden": "true" }, bars),
    time,
  );
  let phase = "idle";
  let recording = null;
  let press = null;
  show();

  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    press = { atMs: performance.now(), began: phase === "idle" };
    button.setPointerCapture(event.pointerId);
    if (press.began) begin();
  });
  button.addEventListener("pointerup", () => {
    if (press && (!press.began || performance.now() - press.atMs > HELD_MS)) end();
  });
  button.addEventListener("click", (event) => {
    // Where a pointer pressed the button, its own events have done the work.
    const isPointers = press && event.detail > 0;
    press = null;
    if (isPointers) return;
    if (phase === "idle") begin();
    else end();
  });
  button.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || phase !== "recording") return;
    event.preventDefault();
    stop().cancel();
    announce("Recording thrown away");
  });
  signal.addEventListener("abort", () => recording?.cancel());
  return { button, meter };

  async function begin() {
    phase = "starting";
    onProblem(null);
    try {
      recording = await record({ onLevel: draw, onFull: end });
      if (signal.aborted) recording.cancel();
      phase = "recording";
      announce("Listening");
    } catch (error) {
      phase = "idle";
      if (!(error instanceof VoiceError)) throw error;
      onProblem(error.message);
    }
    draw(0, 0);
    show();
  }

  /** While the browser still asks for permission there is nothing to end: the recording starts when it is given. */
  async function end() {
    if (phase !== "recording") return;
    try {
      onSpoken(await stop().finish());
    } catch (error) {
      if (!(error instanceof VoiceError)) throw error;
      onProblem(error.message);
    }
  }

  function stop() {
    const stopped = recording;
    recording = null;
    phase = "idle";
    show();
    return stopped;
  }

  function show() {
    const isRecording = phase === "recording";
    const words = isRecording ? "Stop and search" : "Speak your search: hold, or press to start and to stop";
    meter.hidden = !isRecording;
    input.hidden = isRecording;
    button.classList.toggle("is-recording", isRecording);
    button.setAttribute("aria-label", words);
    button.title = words;
    fill(button, icon(isRecording ? "stop" : "mic"));
  }

  function draw(share, seconds) {
    time.textContent = clock(seconds);
    bars.forEach((bar, n) => {
      const reach = 1 - Math.abs(n - (BARS - 1) / 2) / BARS;
      setStyle(bar, { "--level": Math.max(0.12, share * reach).toFixed(3) });
    });
    setStyle(button, { "--level": share.toFixed(3) });
  }
}
