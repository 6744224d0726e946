// A moment played in its own thumbnail, without sound, over and over.

import { h, setStyle } from "../dom.js";
import { clockRange } from "../format.js";

const WAIT_MS = 250;
// A finger that rests so long means to look, not to open.
const HOLD_MS = 350;
const LONGEST_S = 20;
const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
let playing = null;

/**
 * Makes `frame`, an element with a thumbnail in it, play `moment` under the pointer, under a finger that rests on it
 * and while `target` has the keyboard's focus; {toggle, stop} for a key. What is only heard (`isHeard`) is played
 * aloud, and only where a finger or a key asks for it. Only one preview plays at a time.
 */
export function preview(frame, target, moment, streamUrl, { isHeard = false } = {}) {
  let video = null;
  let timer = null;
  let isHeld = false;
  const api = { toggle, stop };
  frame.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && startSoon());
  frame.addEventListener("pointerleave", stop);
  target.addEventListener("focus", () => target.matches(":focus-visible") && startSoon());
  target.addEventListener("blur", stop);
  frame.addEventListener("pointerdown", (event) => event.pointerType === "touch" && hold());
  for (const event of ["pointerup", "pointercancel"]) frame.addEventListener(event, stop);
  // A finger that has looked does not open a page or a menu when it leaves.
  for (const event of ["click", "contextmenu"]) frame.addEventListener(event, refuseIfHeld, { capture: true });
  return api;

  function startSoon() {
    if (isCalm.matches || isHeard) return;
    clearTimeout(timer);
    timer = setTimeout(start, WAIT_MS);
  }

  function hold() {
    isHeld = false;
    clearTimeout(timer);
    timer = setTimeout(() => {
      isHeld = true;
      start();
    }, HOLD_MS);
  }

  function refuseIfHeld(event) {
    if (!isHeld) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.type === "click") isHeld = false;
  }

  function toggle() {
    if (video || timer) stop();
    else start();
  }

  function start() {
    playing?.stop();
    playing = api;
    const endS = Math.min(moment.end_s, moment.start_s + LONGEST_S);
    const bar = h("span", { class: "preview-time" });
    const shown = h("video", {
      class: "preview",
      // The media fragment lets the browser fetch the right part first.
      src: `${streamUrl}#t=${moment.start_s},${endS}`,
      muted: !isHeard,
      playsinline: true,
      preload: "auto",
      disablepictureinpicture: true,
      "aria-label": `Preview of ${clockRange(moment.start_s, moment.end_s)}`,
      tabindex: -1,
    });
    // A play that was cut short by taking the video away has failed nobody.
    const play = () => shown.play().catch(() => video === shown && stop());
    const repeat = () => {
      const isOver = shown.ended || shown.currentTime >= endS - 0.05;
      if (video !== shown || !isOver) return;
      shown.currentTime = moment.start_s;
      play();
    };
    shown.addEventListener("playing", () => frame.classList.add("is-playing"), { once: true });
    shown.addEventListener("error", () => video === shown && stop());
    shown.addEventListener("timeupdate", () => {
      setStyle(bar, {
        "--share": Math.min(1, (shown.currentTime - moment.start_s) / (endS - moment.start_s)).toFixed(3),
      });
      repeat();
    });
    // At the end of its fragment, or of the file, a browser stops by itself.
    for (const event of ["pause", "ended"]) shown.addEventListener(event, repeat);
    video = shown;
    frame.append(shown, bar);
    play();
  }

  function stop() {
    clearTimeout(timer);
    timer = null;
    if (playing === api) playing = null;
    if (!video) return;
    const stopped = video;
    video = null;
    frame.classList.remove("is-playing");
    frame.querySelector(".preview-time")?.remove();
    stopped.remove();
    stopped.removeAttribute("src");
    stopped.load();
  }
}
