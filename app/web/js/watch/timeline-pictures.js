// Small pictures of a video by time, fetched when first asked for.

import { address } from "../api.js";
import { onSite } from "../base.js";
import { nearest } from "./timeline-scale.js";

const AT_ONCE = 6;

/** `{picture(timeS, height), url(timeS), close()}`; `onLoad` when one more is there. */
export function timelinePictures(videoId, thumbnailsS, onLoad) {
  const known = new Map();
  const waiting = [];
  let loading = 0;
  let shape = 16 / 9;
  let isClosed = false;

  return {
    /** The picture nearest to a time, or null while it comes, and how wide one is at that height. */
    picture(timeS, height) {
      const at = nearest(thumbnailsS, timeS);
      if (at !== null && !known.has(at)) {
        known.set(at, null);
        waiting.push(at);
        next();
      }
      return { image: known.get(at) ?? null, cell: height * shape };
    },
    url(timeS) {
      const at = nearest(thumbnailsS, timeS);
      return at === null ? null : address(onSite(`/v1/videos/${encodeURIComponent(videoId)}/thumbnail`), { t_s: at });
    },
    close() {
      isClosed = true;
      waiting.length = 0;
    },
  };

  function next() {
    if (isClosed || loading >= AT_ONCE || !waiting.length) return;
    const at = waiting.pop();
    const image = new Image();
    const settle = () => {
      loading -= 1;
      next();
    };
    loading += 1;
    image.onload = () => {
      known.set(at, image);
      shape = image.naturalWidth / image.naturalHeight;
      settle();
      if (!isClosed) onLoad();
    };
    image.onerror = settle;
    image.src = address(onSite(`/v1/videos/${encodeURIComponent(videoId)}/thumbnail`), { t_s: at });
  }
}
