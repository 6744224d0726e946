// Files on their way to the server. They go on while other pages are shown.

import { fingerprint, upload } from "./tus.js";

const AT_ONCE = 2;
const SPEED_OVER_MS = 4000;

const uploads = [];
const watchers = new Set();
let lastId = 0;
let told = 0;

/**
 * Uploads in order, `{id, name, size, receivedBytes, bytesPerS, state, error, jobId}` each; `state` is
 * "waiting", "sending", "offline", "sent" (`jobId` is known) or "failed".
 */
export function currentUploads() {
  return uploads;
}

/** Has `listener` called after changes, until `signal` aborts. */
export function watchUploads(listener, signal) {
  watchers.add(listener);
  signal.addEventListener("abort", () => watchers.delete(listener));
}

/** Puts files at the end of the line; those that are in it already are left out. Returns how many were put. */
export function addFiles(files) {
  const present = new Set(uploads.filter((item) => item.state !== "failed").map((item) => item.key));
  const fresh = files.filter((file) => !present.has(fingerprint(file)));
  for (const file of fresh) {
    lastId += 1;
    uploads.push({
      id: `upload-${lastId}`,
      key: fingerprint(file),
      file,
      name: file.name,
      size: file.size,
      receivedBytes: 0,
      bytesPerS: null,
      state: "waiting",
      error: null,
      jobId: null,
      stop: null,
    });
  }
  tell();
  next();
  return fresh.length;
}

/** Gives an upload up; what was sent of it is forgotten. */
export function cancelUpload(item) {
  item.stop?.abort(new DOMException("given up", "AbortError"));
  forgetUpload(item);
  next();
}

/** Tries a failed upload once more. */
export function retryUpload(item) {
  Object.assign(item, { state: "waiting", error: null, stop: null });
  tell();
  next();
}

/** Takes an upload out of the list, as its job is shown now. */
export function forgetUpload(item) {
  const at = uploads.indexOf(item);
  if (at >= 0) uploads.splice(at, 1);
  tell();
}

function next() {
  const busy = uploads.filter((item) => item.state === "sending" || item.state === "offline").length;
  for (const item of uploads.filter((one) => one.state === "waiting").slice(0, AT_ONCE - busy)) send(item);
}

async function send(item) {
  item.stop = new AbortController();
  item.state = "sending";
  const seen = [];
  tell();
  try {
    const url = await upload(item.file, {
      signal: item.stop.signal,
      onProgress(receivedBytes) {
        item.receivedBytes = receivedBytes;
        item.state = "sending";
        item.bytesPerS = speed(seen, receivedBytes);
        tellNow();
      },
      onWait(waitMs) {
        if (waitMs !== null) seen.length = 0;
        item.state = waitMs === null ? "sending" : "offline";
        tell();
      },
    });
    // The id of an upload is that of its job.
    item.jobId = decodeURIComponent(new URL(url).pathname.split("/").at(-1));
    item.state = "sent";
    // The file itself is not needed any more.
    item.file = null;
  } catch (error) {
    if (item.stop.signal.aborted) return;
    item.state = "failed";
    item.error = error.message;
  }
  tell();
  next();
}

/** Bytes a second over the last seconds, or null while it is too early to say. */
function speed(seen, receivedBytes) {
  const now = performance.now();
  seen.push([now, receivedBytes]);
  while (now - seen[0][0] > SPEED_OVER_MS) seen.shift();
  const [since, before] = seen[0];
  return now - since > 500 ? ((receivedBytes - before) / (now - since)) * 1000 : null;
}

/** Progress comes many times a second; the page needs a few. */
function tellNow() {
  if (performance.now() - told > 150) tell();
}

function tell() {
  told = performance.now();
  for (const watcher of watchers) watcher();
}

addEventListener("beforeunload", (event) => {
  if (uploads.some((item) => ["waiting", "sending", "offline"].includes(item.state))) event.preventDefault();
});
