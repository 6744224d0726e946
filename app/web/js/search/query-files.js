// Pictures, sounds and clips that a person searches with. They stay in this tab: an address names one by
// a key, which means nothing anywhere else or after a reload.

import { QUERY_FILE_BYTES } from "../limits.js";

const files = new Map();

/** The file of that key: {kind: "image" | "sound", blob, name, picture}; undefined if this tab has none. */
export function storedFile(key) {
  return files.get(key);
}

/** Keeps a file to search with and returns its key. */
export function storeFile(file) {
  const key = Math.random().toString(36).slice(2, 10);
  files.set(key, file);
  return key;
}

/** What can be searched for of a file: "image", "sound", "video", or null with no use for it. */
export function fileType(file) {
  const [type] = file.type.split("/");
  if (type === "image") return "image";
  if (type === "audio") return "sound";
  if (type === "video") return "video";
  if (/\.(mkv|mov|mp4|webm|avi|m4v|ts)$/i.test(file.name)) return "video";
  return /\.(wav|mp3|m4a|flac|ogg|opus|aac)$/i.test(file.name) ? "sound" : null;
}

/**
 * What to search with for a file that a person chose, kept: its key. Of a video clip it is the frame at
 * half time, or its sound where no picture can be shown. Throws Error, with words for a person.
 */
export async function keepFile(file) {
  const type = fileType(file);
  if (type === null) throw new Error(`${file.name} is no picture, sound or video. Choose one of these to search with.`);
  if (file.size > QUERY_FILE_BYTES) throw new Error(`${file.name} is too large to search with. Choose a shorter clip.`);
  if (type === "image") {
    return storeFile({ kind: "image", blob: file, name: file.name, picture: URL.createObjectURL(file) });
  }
  if (type === "sound") return storeFile({ kind: "sound", blob: file, name: file.name, picture: null });
  const clip = { file, durationS: 0, frameS: 0 };
  try {
    return await keepFrame(clip);
  } catch {
    return keepSound(clip);
  }
}

/** Keeps a frame of a video clip, at `frameS` or in its middle, to search with: its key. */
export async function keepFrame(clip, frameS = null) {
  const { blob, atS, durationS } = await frameOf(clip.file, frameS);
  const origin = { ...clip, frameS: atS, durationS };
  return storeFile({ kind: "image", blob, name: clip.file.name, picture: URL.createObjectURL(blob), clip: origin });
}

/** Keeps the sound of a video clip to search with: its key. */
export function keepSound(clip) {
  return storeFile({ kind: "sound", blob: clip.file, name: clip.file.name, picture: null, clip });
}

async function frameOf(file, frameS) {
  const video = document.createElement("video");
  const source = URL.createObjectURL(file);
  video.muted = true;
  video.preload = "auto";
  try {
    video.src = source;
    await happens(video, "loadeddata");
    const durationS = Number.isFinite(video.duration) ? video.duration : 0;
    const atS = frameS ?? durationS / 2;
    video.currentTime = atS;
    await happens(video, "seeked");
    const canvas = document.createElement("canvas");
    const scale = Math.min(1, 1024 / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
    if (!blob) throw new Error("the clip has no picture");
    return { blob, atS, durationS };
  } finally {
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(source);
  }
}

function happens(video, event) {
  return new Promise((resolve, reject) => {
    video.addEventListener(event, resolve, { once: true });
    video.addEventListener("error", () => reject(new Error("the clip cannot be read")), { once: true });
    setTimeout(() => reject(new Error("the clip takes too long to read")), 8000);
  });
}
