// Resumable uploads by the tus 1.0 protocol: create, send in chunks, ask how far it came, go on.

import { BASE, onSite } from "../base.js";

const VERSION = "1.0.0";
const CHUNK_BYTES = 16 * 1024 * 1024;
const WAITS_MS = [500, 1000, 2000, 4000, 8000, 15000, 30000];
const MAX_BEGUN = 3;
const KEPT = `moments${BASE}.upload.`;

/** An upload that cannot go on: `message` says why in words for a person, `code` is the problem's. */
export class UploadError extends Error {
  constructor(message, code = "upload_failed") {
    super(message);
    this.code = code;
  }
}

/** What makes a file the same file after a reload of the page. */
export function fingerprint(file) {
  return [file.webkitRelativePath || file.name, file.size, file.lastModified].join("|");
}

/** The header's value: names with their values in base 64, as the protocol asks for. */
export function metadataHeader(metadata) {
  const encode = (value) => btoa(String.fromCharCode(...new TextEncoder().encode(value)));
  return Object.entries(metadata)
    .filter(([, value]) => value)
    .map(([name, value]) => `${name} ${encode(value)}`)
    .join(",");
}

/** Uploads that stopped half-way and can go on: `{key, url, name, size, received_bytes}` each. */
export function unfinishedUploads() {
  const kept = [];
  for (let number = 0; number < localStorage.length; number += 1) {
    const key = localStorage.key(number);
    if (!key.startsWith(KEPT)) continue;
    try {
      kept.push({ key, ...JSON.parse(localStorage.getItem(key)) });
    } catch {
      localStorage.removeItem(key);
    }
  }
  return kept;
}

/** Nothing; the server forgets the upload, and so does this browser. */
export async function abandonUpload({ key, url }) {
  localStorage.removeItem(key);
  await fetch(url, { method: "DELETE", headers: { "Tus-Resumable": VERSION } }).catch(() => {});
}

/**
 * The URL of the complete upload.
 * `onProgress(receivedBytes)` is called as bytes leave; `onWait(milliseconds or null)` when the network is
 * away. Aborting `signal` with the reason "pause" keeps what was sent, any other reason abandons it.
 * @param {File} file
 * @param {{
 *   metadata?: Record<string, string>,
 *   onProgress?: (receivedBytes: number) => void,
 *   onWait?: (milliseconds: number | null) => void,
 *   signal?: AbortSignal,
 * }} [options]
 */
export async function upload(file, { metadata = {}, onProgress, onWait, signal } = {}) {
  const endpoint = onSite("/v1/uploads");
  const key = KEPT + fingerprint(file);
  const known = readKept(key);
  let url = known?.url ?? null;
  let offset = null;
  let begun = 0;
  for (let tries = 0; ;) {
    try {
      signal?.throwIfAborted();
      if (url !== null && offset === null) offset = await receivedBytes(url, signal);
      if (url === null || offset === null) {
        if ((begun += 1) > MAX_BEGUN) throw new UploadError("the server keeps losing this upload");
        url = await create(endpoint, file, metadata, signal);
        offset = 0;
        keep(key, url, file, 0);
      }
      onWait?.(null);
      onProgress?.(offset);
      while (offset < file.size) {
        offset = await sendChunk(url, file, offset, onProgress, signal);
        tries = 0;
        keep(key, url, file, offset);
      }
      localStorage.removeItem(key);
      return url;
    } catch (error) {
      if (signal?.aborted) {
        if (url !== null && signal.reason !== "pause") await abandonUpload({ key, url });
        throw error;
      }
      if (error instanceof UploadError) {
        localStorage.removeItem(key);
        throw error;
      }
      const wait_ms = WAITS_MS[Math.min(tries, WAITS_MS.length - 1)];
      tries += 1;
      offset = null;
      await stillReadable(file);
      onWait?.(wait_ms);
      await networkOr(wait_ms, signal);
    }
  }
}

function readKept(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function keep(key, url, file, received_bytes) {
  try {
    localStorage.setItem(key, JSON.stringify({ url, name: file.name, size: file.size, received_bytes }));
  } catch {
    // A full or forbidden store only costs the resuming after a reload.
  }
}

async function create(endpoint, file, metadata, signal) {
  const answer = await fetch(endpoint, {
    method: "POST",
    signal,
    headers: {
      "Tus-Resumable": VERSION,
      "Upload-Length": String(file.size),
      "Upload-Metadata": metadataHeader({ filename: file.name, filetype: file.type, ...metadata }),
    },
  });
  if (answer.status !== 201) await refuse(answer.status, await answer.text());
  return new URL(answer.headers.get("Location"), location.href).href;
}

/** How much the server has, or null where it no longer knows the upload. */
async function receivedBytes(url, signal) {
  const answer = await fetch(url, { method: "HEAD", signal, headers: { "Tus-Resumable": VERSION } });
  if ([403, 404, 410].includes(answer.status)) return null;
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return Number(answer.headers.get("Upload-Offset"));
}

/** The offset after the chunk. By XMLHttpRequest, as fetch does not tell how far a body has gone. */
function sendChunk(url, file, offset, onProgress, signal) {
  const chunk = file.slice(offset, offset + CHUNK_BYTES);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    signal?.addEventListener("abort", stop, { once: true });
    request.open("PATCH", url);
    request.setRequestHeader("Tus-Resumable", VERSION);
    request.setRequestHeader("Upload-Offset", String(offset));
    request.setRequestHeader("Content-Type", "application/offset+octet-stream");
    request.upload.onprogress = (event) => onProgress?.(offset + event.loaded);
    request.onloadend = () => {
      signal?.removeEventListener("abort", stop);
      if (request.status === 204 || request.status === 200) {
        resolve(Number(request.getResponseHeader("Upload-Offset")));
      } else if ([0, 404, 409, 410, 423].includes(request.status)) {
        reject(new Error(`status ${request.status}`));
      } else {
        refuse(request.status, request.responseText).catch(reject);
      }
    };
    request.send(chunk);
  });
}

/** Nothing; raises where the file was changed or taken away, which looks like a broken network. */
async function stillReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new UploadError("the file was changed or moved while it was sent; choose it again", "file_changed");
  }
}

/** Never: raises what the answer means, final or worth another try. */
async function refuse(status, text) {
  if (status >= 500 || status === 408 || status === 429) throw new Error(`status ${status}`);
  let problem = {};
  try {
    problem = JSON.parse(text);
  } catch {
    // Not every server in between speaks in problems.
  }
  throw new UploadError(problem.detail || `the server refused the file (status ${status})`, problem.code);
}

/** After `wait_ms`, or as soon as the network is back. Rejects when aborted. */
function networkOr(wait_ms, signal) {
  return new Promise((resolve, reject) => {
    const done = (finish) => {
      clearTimeout(timer);
      window.removeEventListener("online", back);
      signal?.removeEventListener("abort", stop);
      finish();
    };
    const back = () => done(resolve);
    const stop = () => done(() => reject(signal.reason));
    const timer = setTimeout(back, wait_ms);
    window.addEventListener("online", back);
    signal?.addEventListener("abort", stop);
  });
}
