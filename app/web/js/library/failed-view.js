// What could not be indexed: each video with the reason, what to do about it, another try, and the way out.

import { get, isAbort, post } from "../api.js";
import { announce } from "../announce.js";
import { fill, h } from "../dom.js";
import { fileName, plural, shortDay } from "../format.js";
import { icon } from "../icons.js";
import { toast } from "../toast.js";
import { actionButton } from "./job-row.js";
import { isLeaving, removeWithUndo } from "./library-remove.js";

const MOST_SHOWN = 100;

/** `{element, load()}`; `load` asks anew which videos failed, `onAsked(jobId)` is told of each new try. */
export function failedView({ signal, onAsked }) {
  let loading = new AbortController();
  signal.addEventListener("abort", () => loading.abort());
  const heading = h("h2", { class: "jobs-title" });
  const list = h("ul", { class: "jobs-list" });
  let drawn = "";
  const element = h(
    "section",
    { class: "jobs card failed", "aria-label": "Could not be indexed", hidden: true },
    h("div", { class: "jobs-head" }, heading),
    list,
  );
  return { element, load };

  async function load() {
    loading.abort();
    loading = new AbortController();
    const { signal: latest } = loading;
    try {
      const page = await get("/v1/videos", { params: { failed: true, limit: MOST_SHOWN }, signal: latest });
      draw(page.videos, page.next_cursor !== null);
    } catch (error) {
      if (!isAbort(error)) element.hidden = true;
    }
  }

  function draw(videos, areMore) {
    const shown = videos.filter((video) => !isLeaving(video.video_id));
    element.hidden = shown.length === 0;
    // What is drawn anew loses the focus, and a click that is half done.
    const now = JSON.stringify([shown, areMore]);
    if (now === drawn) return;
    drawn = now;
    fill(heading, `${plural(shown.length, "video")}${areMore ? " and more" : ""} could not be indexed`);
    fill(list, shown.map(row));
  }

  function row(video) {
    const { failure, title } = video;
    const facts = [
      video.status === "indexed" ? "Found as before; indexing it again failed" : null,
      failure.failed_at ? shortDay(failure.failed_at) : null,
      video.path,
    ].filter(Boolean);
    return h(
      "li",
      { class: "job is-bad", dataset: { code: failure.code } },
      h("span", { class: "job-state" }, icon("alert")),
      h(
        "div",
        { class: "job-words" },
        h("p", { class: "job-title" }, title),
        h("p", { class: "failed-reason" }, reason(video)),
        h("p", { class: "failed-advice" }, failure.advice),
        h("p", { class: "job-facts" }, facts.join(" · ")),
      ),
      h(
        "div",
        { class: "job-actions" },
        actionButton(["retry", "Try again", () => tryAgain(video)], title),
        actionButton(["trash", "Remove", () => remove(video)], title),
      ),
    );
  }

  async function tryAgain(video) {
    try {
      const { job_id: jobId } = await post("/v1/videos", { video: video.video_id, again: true });
      onAsked(jobId);
      announce(`${video.title} is tried again`);
    } catch (error) {
      toast(error.message, { kind: "bad" });
    }
  }

  function remove(video) {
    removeWithUndo(video, { hide: load, restore: load, done: load });
  }
}

/** Why a video failed, with the file's name in the place of its path. */
function reason({ failure, path }) {
  return failure.message.replaceAll(path, fileName(path));
}
