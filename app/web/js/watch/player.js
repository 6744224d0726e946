// The player: a native media element with controls of our own, on the video's own clock.

import { address } from "../api.js";
import { announce } from "../announce.js";
import { fill, h } from "../dom.js";
import { clockRange } from "../format.js";
import { measureFrames } from "./frame-length.js";
import { icon } from "../icons.js";
import { addCaptions } from "./player-captions.js";
import { playerControls } from "./player-controls.js";
import { SPEEDS } from "./player-keys.js";
import { PlayerSource } from "./player-source.js";
import { TROUBLES } from "./player-trouble.js";
import { rememberVolume } from "./player-volume.js";
import { clamp } from "./timeline-scale.js";

const IDLE_MS = 2600;

/**
 * A player of `video` at `startS`: `{element, actions, timeS, durationS, setMoment, setHits, seek, play, close}`.
 * `on`: `{time(timeS), seek(timeS) for seeks by the user, hit(by)}`.
 */
export function createPlayer(video, { startS, on }) {
  const hasPicture = video.has_picture ?? video.width !== null;
  const media = h("video", {
    class: "player-media",
    playsinline: true,
    preload: "auto",
    poster: hasPicture ? address(video.thumbnail_url.split("?")[0], { t_s: startS.toFixed(3) }) : null,
    "aria-label": video.title,
    tabindex: -1,
  });
  const big = h(
    "button",
    { class: "player-big", type: "button", "aria-label": "Play", on: { click: toggle } },
    icon("play"),
  );
  const spinner = h("div", { class: "player-spinner", hidden: true });
  const notice = h("p", { class: "player-notice", role: "status", hidden: true });
  const panel = h("div", { class: "player-panel", hidden: hasPicture });
  const element = h(
    "div",
    { class: "player", dataset: { picture: String(hasPicture) } },
    media,
    panel,
    spinner,
    big,
    notice,
  );

  const state = { moment: null, hasHits: false, isLooping: false, isOver: false };
  const captions = addCaptions(media, video, draw);
  const frame = measureFrames(media);
  let ticking = 0;
  let idle = 0;

  const actions = {
    toggle,
    seek: userSeek,
    skip: (bySeconds) => userSeek(source.timeS + bySeconds),
    toShare: (share) => userSeek(share * source.durationS),
    step,
    hit: on.hit,
    loop: () => setLoop(!state.isLooping),
    faster,
    speed: (rate) => (media.playbackRate = rate),
    mute: () => (media.muted = !media.muted),
    volume,
    captions: toggleCaptions,
    fullScreen,
    pictureInPicture,
  };
  const controls = playerControls(actions);
  element.append(controls.element);
  if (!hasPicture) {
    fill(
      panel,
      h("p", { class: "player-panel-title" }, video.title),
      h("p", { class: "player-panel-kind" }, icon("sound"), "Sound only"),
    );
  }
  rememberVolume(media);

  const source = new PlayerSource(media, video, { startS, onState: showState });
  listenToMedia();
  draw();

  return {
    element,
    actions,
    get timeS() {
      return source.timeS;
    },
    get durationS() {
      return source.durationS;
    },
    get isPaused() {
      return media.paused;
    },
    setMoment,
    setHits: (hasHits) => ((state.hasHits = hasHits), draw()),
    seek: (timeS) => source.seek(timeS),
    play,
    close,
  };

  function listenToMedia() {
    for (const event of ["play", "pause", "volumechange", "ratechange", "durationchange"]) {
      media.addEventListener(event, draw);
    }
    media.addEventListener("play", tick);
    media.addEventListener("seeking", drawTime);
    media.addEventListener("timeupdate", drawTime);
    media.addEventListener("seeked", drawTime);
    media.addEventListener("waiting", () => (spinner.hidden = false));
    for (const event of ["playing", "canplay", "seeked", "error", "pause"]) {
      media.addEventListener(event, () => (spinner.hidden = true));
    }
    media.addEventListener("ended", () => state.isLooping && state.moment && restart());
    media.addEventListener("click", () => toggle());
    media.addEventListener("dblclick", fullScreen);
    element.addEventListener("pointermove", wake);
    element.addEventListener("focusin", wake);
    document.addEventListener("fullscreenchange", draw);
  }

  function play() {
    return media.play().then(
      () => true,
      () => false,
    );
  }

  function toggle() {
    if (state.isOver) return;
    if (media.paused) play();
    else media.pause();
    wake();
  }

  function userSeek(timeS) {
    const target = clamp(timeS, 0, source.durationS);
    const { moment } = state;
    // Who leaves the moment that is repeated wants to look elsewhere.
    if (state.isLooping && (target < moment.start_s - 0.5 || target > moment.end_s)) setLoop(false);
    source.seek(target);
    drawTime();
    wake();
    on.seek(target);
  }

  function step(frames) {
    media.pause();
    userSeek(source.timeS + frames * frame.lengthS);
  }

  function faster(by) {
    const at = SPEEDS.indexOf(media.playbackRate);
    media.playbackRate = SPEEDS[clamp((at < 0 ? SPEEDS.indexOf(1) : at) + by, 0, SPEEDS.length - 1)];
    announce(`Speed ${media.playbackRate}`);
  }

  function volume(share) {
    media.volume = share;
    media.muted = share === 0;
  }

  function setMoment(moment) {
    state.moment = moment;
    if (!moment) state.isLooping = false;
    draw();
  }

  function setLoop(isOn) {
    if (!state.moment) return;
    state.isLooping = isOn;
    announce(isOn ? `Repeating ${clockRange(state.moment.start_s, state.moment.end_s)}` : "Not repeating");
    const { start_s, end_s } = state.moment;
    if (isOn && (source.timeS < start_s || source.timeS >= end_s)) source.seek(start_s);
    draw();
  }

  function restart() {
    source.seek(state.moment.start_s);
    play();
  }

  function tick() {
    cancelAnimationFrame(ticking);
    if (media.paused) return;
    drawTime();
    if (state.isLooping && source.timeS >= state.moment.end_s - 0.02 && !media.seeking) {
      source.seek(state.moment.start_s);
    }
    ticking = requestAnimationFrame(tick);
  }

  function drawTime() {
    controls.drawTime(source.timeS, source.durationS);
    on.time(source.timeS);
  }

  function draw() {
    element.dataset.paused = String(media.paused);
    controls.draw({
      ...state,
      isPaused: media.paused,
      isMuted: media.muted || media.volume === 0,
      volume: media.volume,
      speed: media.playbackRate,
      hasMoment: state.moment !== null,
      hasCaptions: captions.isThere,
      hasCaptionsOn: captions.isShown,
      hasPicture,
      hasSound: video.has_sound,
      isFullScreen: document.fullscreenElement === element,
      durationS: source.durationS,
    });
    big.hidden = !media.paused || state.isOver;
  }

  function wake() {
    element.classList.remove("is-idle");
    clearTimeout(idle);
    idle = setTimeout(() => !media.paused && element.classList.add("is-idle"), IDLE_MS);
  }

  function toggleCaptions() {
    if (!captions.isThere) return;
    captions.show(!captions.isShown);
    announce(captions.isShown ? "Captions on" : "Captions off");
    draw();
  }

  function fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else element.requestFullscreen?.().catch(() => {});
  }

  function pictureInPicture() {
    if (document.pictureInPictureElement) document.exitPictureInPicture();
    else media.requestPictureInPicture?.().catch(() => {});
  }

  function showState(kind, clip) {
    notice.hidden = kind !== "clip";
    if (kind === "clip") {
      captions.startAt(clip.start_s);
      const why = Number.isInteger(video.sound_track)
        ? "Browsers play another sound track of this file than the one that is searched."
        : "Your browser cannot play this kind of file.";
      notice.textContent = `${why} This is a converted copy of ${clockRange(clip.start_s, clip.end_s)}.`;
    }
    spinner.hidden = kind !== "clip" || media.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    if (kind in TROUBLES) showTrouble(kind);
    draw();
    drawTime();
  }

  function showTrouble(kind) {
    state.isOver = true;
    spinner.hidden = true;
    panel.hidden = false;
    controls.element.hidden = true;
    element.classList.add("has-trouble");
    fill(panel, TROUBLES[kind](video, source.timeS));
  }

  function close() {
    cancelAnimationFrame(ticking);
    clearTimeout(idle);
    document.removeEventListener("fullscreenchange", draw);
    if (document.pictureInPictureElement === media) document.exitPictureInPicture();
    source.close();
  }
}
