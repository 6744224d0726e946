// A moment played in its own thumbnail, without sound, over and over.

import { h, setStyle } from "../dom.js";
import { clockRange } from "../format.js";

const WAIT_MS = 250;
const LONGEST_S = 20;
const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
let playing = null;

/**
 * Makes `frame`, an element with a thumbnail in it, play `moment` under the pointer and while `target` has
 * the keyboard's focus; {toggle, stop} for a key. Only one preview plays at a time.
 */
export function preview(frame, target, moment, streamUrl) {
  let video = null;
  let timer = null;
  const api = { toggle, stop };
  frame.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && startSoon());
  frame.addEventListener("pointerleave", stop);
  target.addEventListener("focus", () => target.matches(":focus-visible") && startSoon());
  target.addEventListener("blur", stop);
  return api;

  function startSoon() {
    if (isCalm.matches) return;
    clearTimeout(timer);
    timer = setTimeout(start, WAIT_MS);
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
      muted: true,
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
