// What is on its way into the library: uploads and jobs, each in a row that says how far it is.

import { get, post } from "../api.js";
import { announce } from "../announce.js";
import { BASE, onSite } from "../base.js";
import { fill, h } from "../dom.js";
import { fileName, percent, plural, size, timeLeft } from "../format.js";
import { icon } from "../icons.js";
import { followJobs } from "./job-feed.js";
import { newRow } from "./job-row.js";
import { toast } from "../toast.js";
import { cancelUpload, currentUploads, forgetUpload, retryUpload, watchUploads } from "./upload.js";

const STAGES = {
  fetch: "Fetching the file",
  identify: "Reading the file",
  decode: "Decoding picture and sound",
  look: "Looking at the picture",
  listen: "Listening for sounds",
  transcribe: "Writing down what is said",
  speakers: "Telling voices apart",
  read: "Reading text on the screen",
  publish: "Putting it into the index",
};
const OVER = ["done", "failed", "cancelled"];
const SEEN = `moments${BASE}.seen-jobs`;
const MOST_SEEN = 500;

/**
 * `{element, expect(jobId)}`; `onDone(job)` when a job has finished while the page was watching, `onFailed(job)` when
 * one failed whose video is in the library, where it is shown. `expect` says that this page asked for a job.
 */
export function jobsView({ onDone, onFailed, signal }) {
  const jobs = new Map();
  const rows = new Map();
  const expected = new Set();
  const openedAt = Date.now();
  const heading = h("h2", { class: "jobs-title" });
  const clear = h(
    "button",
    { class: "button button-quiet button-small", type: "button", hidden: true, on: { click: clearOver } },
    "Clear",
  );
  const lost = h("p", { class: "jobs-lost", hidden: true }, icon("alert"), "The connection is lost. Trying again…");
  const list = h("ul", { class: "jobs-list" });
  const element = h(
    "section",
    { class: "jobs card", "aria-label": "On the way into the library", hidden: true },
    h("div", { class: "jobs-head" }, heading, lost, clear),
    list,
  );

  followJobs({ onJob: take, onState: (isConnected) => (lost.hidden = isConnected), signal });
  watchUploads(meet, signal);
  meet();
  return { element, expect };

  /** How the job ends is news, though it may be over before the stream, or this page, knew of it. */
  async function expect(jobId) {
    if (expected.has(jobId)) return;
    expected.add(jobId);
    try {
      const job = await get(`/v1/jobs/${encodeURIComponent(jobId)}`, { signal });
      if (OVER.includes(job.state)) take(job);
    } catch {
      // The stream tells of it all the same.
    }
  }

  function take(job) {
    const before = jobs.get(job.job_id);
    const isOver = OVER.includes(job.state);
    if (!before && isOver && !isNews(job)) return;
    if (isInLibrary(job)) return leave(job, before);
    jobs.set(job.job_id, job);
    if (isOver && before?.state !== job.state) {
      if (job.state === "done") onDone(job);
      if (before) announce(job.state === "done" ? `${job.title} is ready` : `${job.title}: ${words(job)}`);
    }
    meet();
  }

  /** A job whose failure is shown with its video is no more on its way. */
  function leave(job, before) {
    jobs.delete(job.job_id);
    const sent = currentUploads().find((item) => item.jobId === job.job_id);
    if (sent) forgetUpload(sent);
    if (before) announce(`${job.title}: ${words(job)}`);
    onFailed(job);
    draw();
  }

  /** An upload is shown until its job is; which of the two is known first, nobody can say. */
  function meet() {
    const met = currentUploads().find((item) => jobs.has(item.jobId));
    if (met) return forgetUpload(met);
    for (const { jobId } of currentUploads()) if (jobId) expect(jobId);
    draw();
  }

  /** Whether a job that was over when it was first told of is shown: also failures that only it tells of, until cleared. */
  function isNews(job) {
    if (expected.has(job.job_id)) return true;
    if (seenJobs().includes(job.job_id)) return false;
    return (job.state === "failed" && !isInLibrary(job)) || Date.parse(job.ended_at ?? 0) >= openedAt;
  }

  function draw() {
    const items = [...currentUploads().map(uploadRow), ...[...jobs.values()].toSorted(byNews).map(jobRow)];
    const kept = new Set(items.map((item) => item.key));
    for (const [key, row] of rows) if (!kept.has(key)) (row.element.remove(), rows.delete(key));
    items.forEach((item, number) => {
      if (!rows.has(item.key)) rows.set(item.key, newRow());
      const row = rows.get(item.key);
      row.draw(item);
      if (list.children[number] !== row.element) list.insertBefore(row.element, list.children[number] ?? null);
    });
    const running = items.filter((item) => item.isGoing).length;
    element.hidden = items.length === 0;
    clear.hidden = !items.some((item) => item.isOver);
    fill(
      heading,
      running ? `Adding ${plural(running, "video")}` : items.some((item) => item.isBad) ? "Not added" : "Added",
    );
  }

  function clearOver() {
    for (const job of [...jobs.values()]) if (OVER.includes(job.state)) dismiss(job);
    draw();
  }

  function dismiss(job) {
    jobs.delete(job.job_id);
    rememberJob(job.job_id);
  }

  function uploadRow(item) {
    const share = item.size ? item.receivedBytes / item.size : 0;
    const left = item.bytesPerS ? timeLeft((item.size - item.receivedBytes) / item.bytesPerS) : null;
    const states = {
      waiting: ["Waiting to be sent", size(item.size)],
      sending: [
        "Sending",
        `${size(item.receivedBytes)} of ${size(item.size)}`,
        item.bytesPerS ? `${size(item.bytesPerS)}/s` : null,
        left && `${left} left`,
      ],
      offline: ["The server cannot be reached. It goes on by itself.", `${percent(share)} sent`],
      sent: ["Sent, waiting for its turn"],
      failed: [`Not sent: ${item.error}`],
    };
    const isBad = item.state === "failed";
    return {
      key: item.id,
      title: item.name,
      share,
      isBad,
      isGoing: !isBad,
      facts: states[item.state].filter(Boolean),
      actions: [
        isBad && item.file && ["retry", "Try again", () => retryUpload(item)],
        ["close", isBad ? "Clear" : "Cancel", () => cancelUpload(item)],
      ].filter(Boolean),
    };
  }

  function jobRow(job) {
    const isOver = OVER.includes(job.state);
    return {
      key: job.job_id,
      title: job.title ?? fileName(job.path),
      share: job.state === "done" ? 1 : job.progress,
      isBad: job.state === "failed",
      isDone: job.state === "done",
      isOver,
      isGoing: !isOver,
      href: job.state === "done" && job.video_id ? onSite(`/watch/${encodeURIComponent(job.video_id)}`) : null,
      facts: factsOf(job),
      actions: isOver
        ? [
            job.state !== "done" && ["retry", "Try again", () => ask(job, "retry")],
            ["close", "Clear", () => (dismiss(job), draw())],
          ].filter(Boolean)
        : [["close", "Cancel", () => ask(job, "cancel")]],
    };
  }

  async function ask(job, what) {
    try {
      take(await post(`/v1/jobs/${encodeURIComponent(job.job_id)}/${what}`));
    } catch (error) {
      toast(error.message, { kind: "bad" });
    }
  }
}

const DONE = {
  indexed: "Ready to be searched",
  reindexed: "Indexed again",
  unchanged: "Was in the library already",
};

const WORDS = {
  queued: (job) => (job.position > 1 ? `Waiting, number ${job.position} in line` : "Next in line"),
  running: ({ stage }) => (stage === null ? "Starting" : (STAGES[stage] ?? stage)),
  done: (job) => DONE[job.outcome.status],
  failed: reason,
  cancelled: () => "Cancelled",
};

/** What a job does now, or why it stopped. */
function words(job) {
  return WORDS[job.state](job);
}

function isInLibrary(job) {
  return job.state === "failed" && job.video_id !== null;
}

/** Why a job failed, with the file's name in the place of its path. */
function reason(job) {
  const told = job.outcome?.error?.message ?? job.crash ?? "Something unforeseen went wrong";
  return told.replaceAll(job.path, fileName(job.path));
}

function factsOf(job) {
  if (job.state === "failed") return [words(job), job.outcome?.error?.advice].filter(Boolean);
  if (job.state !== "running") return [words(job)];
  return [
    words(job),
    percent(job.progress),
    job.speed_x ? `${job.speed_x >= 10 ? Math.round(job.speed_x) : job.speed_x.toFixed(1)}× real time` : null,
    job.remaining_s === null ? null : `${timeLeft(job.remaining_s)} left`,
  ].filter(Boolean);
}

function byNews(one, other) {
  const order = { running: 0, queued: 1, failed: 2, cancelled: 3, done: 4 };
  return order[one.state] - order[other.state] || one.created_at.localeCompare(other.created_at);
}

function seenJobs() {
  try {
    return JSON.parse(localStorage.getItem(SEEN)) ?? [];
  } catch {
    return [];
  }
}

function rememberJob(id) {
  localStorage.setItem(SEEN, JSON.stringify([...seenJobs(), id].slice(-MOST_SEEN)));
}
