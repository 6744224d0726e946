// The moments that were picked, in order; kept for as long as the tab lives.

import { BASE } from "./base.js";

const KEY = `moments${BASE}.tray`;
const watchers = new Set();
let picked = load();

/** What was picked, in order: {video_id, start_s, end_s, title, thumbnail_url, play_url}. */
export function pickedMoments() {
  return picked;
}

/** Whether a moment is in the tray. */
export function isPicked(moment) {
  return picked.some((other) => isSame(other, moment));
}

/** Puts a moment into the tray, or takes it out; returns whether it is in it now. */
export function togglePicked(moment) {
  const wasIn = isPicked(moment);
  if (wasIn) save(picked.filter((other) => !isSame(other, moment)));
  else {
    const { video_id, start_s, end_s, title, thumbnail_url, play_url } = moment;
    save([...picked, { video_id, start_s, end_s, title, thumbnail_url, play_url }]);
  }
  return !wasIn;
}

/** Moves what is at one place of the tray to another. */
export function movePicked(from, to) {
  if (to < 0 || to >= picked.length || from === to) return;
  const moved = [...picked];
  moved.splice(to, 0, ...moved.splice(from, 1));
  save(moved);
}

/** Empties the tray, or puts back what was in it. */
export function setPicked(moments) {
  save([...moments]);
}

/** Has `listener` called after each change, until `signal` aborts. */
export function watchPicked(listener, signal) {
  watchers.add(listener);
  signal?.addEventListener("abort", () => watchers.delete(listener));
}

function isSame(one, other) {
  return one.video_id === other.video_id && one.start_s === other.start_s && one.end_s === other.end_s;
}

function save(moments) {
  picked = moments;
  try {
    sessionStorage.setItem(KEY, JSON.stringify(moments));
  } catch {
    // Without storage the tray lasts until the page is reloaded.
  }
  for (const listener of watchers) listener();
}

function load() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}
