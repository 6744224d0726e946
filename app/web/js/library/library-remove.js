// Taking videos out of the library, with a way back for as long as the notice is shown.

import { remove } from "../api.js";
import { plural } from "../format.js";
import { toast } from "../toast.js";
import { confirmDanger } from "../video-dialog.js";

const UNDO_MS = 6000;
const waiting = new Map();

// Who leaves the page has not taken it back.
addEventListener("pagehide", () => {
  for (const id of waiting.keys()) fetch(pathOf(id), { method: "DELETE", keepalive: true });
});

/** Removes one video after six seconds, unless it is taken back; `hide`, `restore` and `done` show it. */
export function removeWithUndo(video, { hide, restore, done }) {
  hide();
  const id = video.video_id;
  let closeNotice = () => {};
  const timer = setTimeout(async () => {
    closeNotice();
    try {
      await remove(pathOf(id));
      waiting.delete(id);
      done();
    } catch (error) {
      waiting.delete(id);
      restore();
      toast(`“${video.title}” could not be removed: ${error.message}`, { kind: "bad" });
    }
  }, UNDO_MS);
  waiting.set(id, timer);
  const run = () => {
    clearTimeout(timer);
    waiting.delete(id);
    restore();
  };
  closeNotice = toast(`Removed “${video.title}” from the library.`, {
    action: { label: "Undo", run },
    shownMs: UNDO_MS,
  });
}

/** The videos that were removed, after asking; none where the answer was no. */
export async function removeSeveral(videos) {
  const yes = await confirmDanger(
    `Remove ${plural(videos.length, "video")}?`,
    "They leave the library and cannot be found any more. Files that were uploaded or fetched are deleted with them; all others stay where they are.",
    `Remove ${plural(videos.length, "video")}`,
  );
  const removed = [];
  if (!yes) return removed;
  for (const video of videos) {
    try {
      await remove(pathOf(video.video_id));
      removed.push(video);
    } catch (error) {
      toast(`“${video.title}” could not be removed: ${error.message}`, { kind: "bad" });
    }
  }
  return removed;
}

/** Whether a video is on its way out. */
export function isLeaving(videoId) {
  return waiting.has(videoId);
}

function pathOf(id) {
  return `/v1/videos/${encodeURIComponent(id)}`;
}
