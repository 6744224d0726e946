// `/library`: all videos, what is on its way in, and the doors for more.

import { get, isAbort, post } from "../api.js";
import { announce } from "../announce.js";
import { onSite } from "../base.js";
import { fill, h } from "../dom.js";
import { duration, plural } from "../format.js";
import { icon } from "../icons.js";
import { failedView } from "./failed-view.js";
import { jobsView } from "./jobs-view.js";
import { addingParts } from "./library-add.js";
import { libraryFilter } from "./library-filter.js";
import { libraryPicks } from "./library-picks.js";
import { isLeaving, removeWithUndo } from "./library-remove.js";
import { invitation, nothingFits, skeleton, trouble } from "./library-states.js";
import { navigate, setTitle } from "../router.js";
import { emptySearch, searchAddress } from "../search/search-state.js";
import { videoCard } from "./video-card.js";
import { toast } from "../toast.js";
import { editVideo } from "../video-dialog.js";

const PAGE_SIZE = 48;

/** Shows the page. */
export async function mount(root, _, query) {
  setTitle("Library");
  const stop = new AbortController();
  const { signal } = stop;
  const cards = new Map();
  let cursor = null;
  let loading = new AbortController();
  let listed = Promise.resolve();
  let counting = new AbortController();

  const total = h("p", { class: "library-total soft" });
  const grid = h("ul", { class: "videos", "aria-label": "Videos" });
  const state = h("div", { class: "library-state" });
  const more = h(
    "button",
    { class: "button library-more", type: "button", hidden: true, on: { click: () => load() } },
    "Show more",
  );
  const onAsked = (jobId) => jobs.expect(jobId);
  const adding = addingParts({ signal, onAsked });
  const picks = libraryPicks({
    cards: () => [...cards.values()],
    onChanged: showChanged,
    onRemoved: (card) => (dropCard(card), countAll()),
  });
  const filter = libraryFilter(query, { onChange: () => load({ isNew: true }), grid });
  const failed = failedView({ signal, onAsked });
  const jobs = jobsView({
    onDone(job) {
      if (job.video_id) showVideo(job.video_id);
      failed.load();
    },
    onFailed: failed.load,
    signal,
  });
  const seen = new IntersectionObserver(
    (entries) => entries.some((entry) => entry.isIntersecting) && cursor && load(),
    { rootMargin: "600px" },
  );
  seen.observe(more);

  fill(
    root,
    h(
      "div",
      { class: "library" },
      h("div", { class: "library-head" }, h("div", null, h("h1", null, "Library"), total), adding.button),
      adding.unfinished.element,
      jobs.element,
      failed.element,
      filter.element,
      state,
      grid,
      more,
      picks.element,
      adding.overlay,
      adding.inputs,
    ),
  );
  countAll();
  failed.load();
  await load({ isNew: true });

  return {
    unmount() {
      stop.abort();
      loading.abort();
      counting.abort();
      seen.disconnect();
      picks.clear();
    },
    update: (_params, newQuery) => {
      filter.read(newQuery);
      return load({ isNew: true });
    },
  };

  function load(options) {
    listed = read(options);
    return listed;
  }

  async function read({ isNew = false } = {}) {
    loading.abort();
    loading = new AbortController();
    const mine = loading;
    grid.setAttribute("aria-busy", "true");
    if (isNew && !cards.size) fill(state, skeleton());
    try {
      const page = await get("/v1/videos", {
        params: { ...filter.params(), status: "indexed", limit: PAGE_SIZE, cursor: isNew ? null : cursor },
        signal: mine.signal,
      });
      if (isNew) {
        picks.clear();
        cards.clear();
        grid.replaceChildren();
      }
      filter.learn(page.videos);
      for (const video of page.videos) {
        if (!isLeaving(video.video_id)) addCard(video, (element) => grid.append(element));
      }
      cursor = page.next_cursor;
      drawState();
      if (isNew && filter.isOn) {
        announce(cards.size ? `${plural(cards.size, "video")}${cursor ? " and more" : ""}` : "No video fits");
      }
    } catch (error) {
      if (isAbort(error)) return;
      fill(state, trouble(error));
    }
    grid.removeAttribute("aria-busy");
  }

  function addCard(video, place) {
    if (cards.has(video.video_id)) return cards.get(video.video_id).draw(video);
    const card = videoCard(video, { on: { pick: picks.pick, edit }, onMenu: menuOf });
    cards.set(video.video_id, card);
    place(card.element);
  }

  function showChanged(card, video) {
    card.draw(video);
    filter.learn([video]);
  }

  function dropCard(card) {
    cards.delete(card.video.video_id);
    card.element.remove();
    drawState();
  }

  /** A video that was just indexed comes first, if it is one of those that are looked for. */
  async function showVideo(videoId) {
    try {
      const video = await get(`/v1/videos/${encodeURIComponent(videoId)}`, { signal });
      countAll();
      // A list that was asked for before may lack the video, and replaces all that is shown.
      await listed;
      if (filter.fits(video)) addCard(video, (element) => grid.prepend(element));
      drawState();
    } catch (error) {
      // It may be gone again; where nobody knows, the list does.
      if (!isAbort(error) && error.status !== 404) load({ isNew: true });
    }
  }

  function menuOf(card) {
    const { video } = card;
    return [
      {
        label: "Play",
        icon: icon("play"),
        run: () => navigate(onSite(`/watch/${encodeURIComponent(video.video_id)}`)),
      },
      {
        label: "Search in it",
        icon: icon("search"),
        run: () => navigate(searchAddress({ ...emptySearch(), videos: [video.video_id] })),
      },
      { label: "Edit and details…", icon: icon("edit"), run: () => edit(card) },
      { label: "Index again", icon: icon("retry"), run: () => indexAgain(video) },
      { label: "Remove", icon: icon("trash"), run: () => removeOne(card) },
    ];
  }

  async function edit(card) {
    const changed = await editVideo(card.video);
    if (!changed) return;
    showChanged(card, changed);
    announce("Saved");
    card.element.querySelector(".video-more").focus();
  }

  async function indexAgain({ video_id: id, title }) {
    try {
      const { job_id: jobId } = await post("/v1/videos", { video: id, again: true });
      onAsked(jobId);
      toast(`“${title}” is being indexed again. It is found as before until that is done.`, { kind: "good" });
    } catch (error) {
      toast(error.message, { kind: "bad" });
    }
  }

  function removeOne(card) {
    const next = card.element.nextElementSibling ?? card.element.previousElementSibling;
    const place = card.element.nextElementSibling;
    removeWithUndo(card.video, {
      hide() {
        picks.drop(card);
        dropCard(card);
        (next?.querySelector(".video-title a") ?? adding.button).focus();
      },
      restore() {
        cards.set(card.video.video_id, card);
        grid.insertBefore(card.element, place?.isConnected ? place : null);
        drawState();
      },
      done: countAll,
    });
  }

  function drawState() {
    more.hidden = cursor === null;
    filter.element.hidden = cards.size === 0 && !filter.isOn;
    if (cards.size) fill(state);
    else fill(state, filter.isOn ? nothingFits(filter) : invitation(adding));
  }

  async function countAll() {
    counting.abort();
    counting = new AbortController();
    try {
      const { library } = await get("/v1/system", { signal: counting.signal });
      total.textContent = library.videos ? `${plural(library.videos, "video")}, ${duration(library.seconds)}` : "";
    } catch (error) {
      if (!isAbort(error)) total.textContent = "";
    }
  }
}
