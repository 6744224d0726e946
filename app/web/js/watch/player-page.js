// `/watch/{video_id}`: a video at its moment, with all that is known of it around.

import { get, isAbort } from "../api.js";
import { announce } from "../announce.js";
import { fill, h, listen } from "../dom.js";
import { isUnlikely } from "../evidence.js";
import { spokenClock } from "../format.js";
import { icon } from "../icons.js";
import { createPlayer } from "./player.js";
import { pressKey } from "./player-keys.js";
import { setAddress, setTitle } from "../router.js";
import { timelineView } from "./timeline-view.js";
import { toast } from "../toast.js";
import { besideView } from "./transcript-view.js";
import { videoFacts } from "./video-facts.js";
import { watchActions } from "./watch-actions.js";
import { besideSkeleton, showTrouble, skeleton, timelineSkeleton, watchTop } from "./watch-frame.js";
import { isSameSearch, momentOf, parseWatch, watchAddress } from "./watch-address.js";

const REMEMBER_MS = 400;
const LONGEST_SHOT_S = 60;
const HERE_S = 10;

/** Shows the page. */
export async function mount(root, params, query) {
  let page = await open(root, params.videoId, parseWatch(query));
  return {
    unmount: () => page.close(),
    async update(newParams, newQuery) {
      const wanted = parseWatch(newQuery);
      if (newParams.videoId === page.videoId && isSameSearch(wanted.search, page.search)) {
        page.show(wanted);
        return;
      }
      page.close();
      page = await open(root, newParams.videoId, wanted);
    },
  };
}

async function open(root, videoId, wanted) {
  fill(root, skeleton());
  try {
    const video = await get(`/v1/videos/${encodeURIComponent(videoId)}`);
    return watch(root, video, wanted);
  } catch (error) {
    if (!isAbort(error)) showTrouble(root, error, videoId);
    return { videoId, search: wanted.search, close() {}, show() {} };
  }
}

/** The page of a video that is there. The player does not wait for the timeline, which a search may hold up. */
function watch(root, video, wanted) {
  const { search } = wanted;
  const stop = new AbortController();
  const top = watchTop(search);
  const on = { seek: goTo, choose: (one) => choose(one), hit: goToHit };
  let timeline = null;
  let found = [];
  let moments = [];
  let moment = momentIn(wanted);
  let [lanes, beside] = [null, null];
  let remembering = 0;

  const startS = wanted.atS ?? wanted.startS ?? 0;
  const player = createPlayer(video, { startS, on: { hit: goToHit, seek: rememberTime, time: setTime } });
  const actions = watchActions(video, { search, moment: () => moment ?? hereSpan(), signal: stop.signal });
  const facts = videoFacts(video, { onChange: (changed) => setTitle(changed.title) });
  const main = h("div", { class: "watch-main" }, player.element, timelineSkeleton());
  const side = h("div", { class: "watch-side" }, besideSkeleton());

  setTitle(video.title);
  fill(
    root,
    h(
      "div",
      { class: "watch" },
      top.element,
      main,
      side,
      h("div", { class: "watch-about" }, facts.element, actions.element),
    ),
  );
  listen(document, "keydown", (event) => pressKey(event, player.actions), stop.signal);
  show(moment);
  if (moment) playUnlessCalm();
  loadTimeline(video, search, stop.signal).then(showTimeline, (error) => isAbort(error) || showNoTimeline(error));

  return {
    videoId: video.video_id,
    search,
    close() {
      clearTimeout(remembering);
      stop.abort();
      lanes?.close();
      player.close();
    },
    show(next) {
      show(momentIn(next));
      player.seek(next.atS ?? next.startS ?? 0);
    },
  };

  function showTimeline(loaded) {
    timeline = loaded;
    found = timeline.moments ?? [];
    moments = found.filter((one) => !isUnlikely(one)).toSorted((one, other) => one.start_s - other.start_s);
    lanes = timelineView(timeline, moments, { on });
    beside = besideView(timeline, search && moments, { on });
    main.lastChild.replaceWith(lanes.element);
    side.replaceChildren(beside.element);
    player.setHits(moments.length > 0);
    if (search) top.count(moments.length, timeline.corrected);
    // A search that came without a moment is shown at its best one.
    const best = wanted.startS === null && wanted.atS === null ? (found[0] ?? null) : null;
    show(momentIn(wanted) ?? best);
    setTime(player.timeS);
    if (!best) return;
    player.seek(best.start_s);
    playUnlessCalm();
  }

  function showNoTimeline(error) {
    const words = h(
      "p",
      { class: "error-text", role: "alert" },
      icon("alert"),
      `The timeline cannot be shown: ${error.message}`,
    );
    main.lastChild.replaceWith(h("div", { class: "timeline" }, words));
    side.replaceChildren();
  }

  function playUnlessCalm() {
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) player.play();
  }

  /** The moment that an address means: one of the search's, or one that only the address knows. */
  function momentIn({ startS: start, endS: end }) {
    if (start === null) return null;
    return (
      momentOf(found, start, end) ??
      (end === null ? null : { start_s: start, end_s: Math.min(end, video.duration_s ?? end) })
    );
  }

  function show(chosen) {
    moment = chosen;
    player.setMoment(chosen);
    lanes?.choose(chosen);
    beside?.choose(chosen);
    actions.draw();
  }

  function setTime(timeS) {
    lanes?.setTime(timeS);
    beside?.setTime(timeS);
  }

  function goTo(timeS) {
    player.actions.seek(timeS);
  }

  function choose(chosen) {
    clearTimeout(remembering);
    setAddress(watchAddress(video.video_id, { moment: chosen, search }), { replace: chosen === moment });
    show(chosen);
    player.seek(chosen.start_s);
    player.play();
    announce(`Moment at ${spokenClock(chosen.start_s)}`);
  }

  function goToHit(by) {
    const now = player.timeS;
    const next =
      by > 0
        ? moments.find((one) => one.start_s > now + 0.05 && one !== moment)
        : moments.findLast((one) => one.start_s < now - 1.5 && (one !== moment || now > one.start_s + 3));
    if (next) choose(next);
    else announce(by > 0 ? "No moment after this one" : "No moment before this one");
  }

  /** The address keeps the place, a little after the last of many seeks in a row. */
  function rememberTime(timeS) {
    clearTimeout(remembering);
    remembering = setTimeout(
      () => setAddress(watchAddress(video.video_id, { moment, atS: timeS, search })),
      REMEMBER_MS,
    );
  }

  /** Without a moment: the shot that is shown, or the next seconds of a long one. */
  function hereSpan() {
    const now = player.timeS;
    const shot = timeline?.shots.find((one) => now >= one.start_s && now < one.end_s);
    if (shot && shot.end_s - shot.start_s <= LONGEST_SHOT_S) return shot;
    return { start_s: now, end_s: Math.min(player.durationS || now + HERE_S, now + HERE_S) };
  }
}

/** The timeline with the search, or without it where the search cannot be made. */
async function loadTimeline(video, search, signal) {
  const path = `/v1/videos/${encodeURIComponent(video.video_id)}/timeline`;
  try {
    return await get(path, { params: search ?? {}, signal });
  } catch (error) {
    if (isAbort(error) || !search || error.status === 0) throw error;
    toast(`The video could not be searched: ${error.message}`, { kind: "bad" });
    return get(path, { signal });
  }
}
