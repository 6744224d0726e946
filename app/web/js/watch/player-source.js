// Where a player's picture and sound come from: the file itself, or clips made of it where the browser
// cannot decode the file, or would play another of its sound tracks than the one that was indexed. Times are the video's own in both cases.

import { address } from "../api.js";
import { onSite } from "../base.js";
import { clamp } from "./timeline-scale.js";

const CLIP_S = 60;
const LEAD_S = 5;
// A seek to a rounded time must not land on the frame before it.
const EDGE_S = 0.001;

/** What a media element plays: `media` shows `video` from second `startS` on. */
export class PlayerSource {
  /**
   * `onState(state)` is told "stream", "clip" (with `{start_s, end_s}`), "gone" (the file is not there),
   * "changed" (it is another), or "unplayable".
   */
  constructor(media, video, { startS = 0, onState }) {
    this.media = media;
    this.video = video;
    this.onState = onState;
    this.clip = null;
    this.wantedS = startS;
    this.wantsPlay = false;
    this.stop = new AbortController();
    const on = (event, listener) => media.addEventListener(event, listener, { signal: this.stop.signal });
    on("error", () => this.#failed());
    on("loadedmetadata", () => this.#loaded());
    on("ended", () => this.#clipEnded());
    // Browsers play a file's first sound track, whichever is the one to be heard; and where the file's own times start
    // over or leap, they would show another second than the one meant.
    const isOtherwise = video.times_break || Number.isInteger(video.sound_track);
    if (isOtherwise) queueMicrotask(() => this.#loadClip(startS, false));
    else media.src = video.stream_url;
  }

  /** The second of the video that is shown. */
  get timeS() {
    return this.wantedS ?? this.media.currentTime + this.#offsetS;
  }

  get durationS() {
    if (this.video.duration_s) return this.video.duration_s;
    return Number.isFinite(this.media.duration) ? this.media.duration + this.#offsetS : 0;
  }

  /** Shows another second; in clips, one that holds it is fetched when needed. */
  seek(timeS) {
    const target = clamp(timeS, 0, this.durationS || timeS);
    if (this.clip && (target < this.clip.start_s || target >= this.clip.end_s)) {
      this.#loadClip(target, !this.media.paused || this.wantsPlay);
      return;
    }
    if (this.media.readyState < HTMLMediaElement.HAVE_METADATA) {
      this.wantedS = target;
      return;
    }
    this.media.currentTime = Math.max(0, target - this.#offsetS) + (target > 0 ? EDGE_S : 0);
  }

  /** Lets go of the file. */
  close() {
    this.stop.abort();
    clearTimeout(this.timer);
    this.media.pause();
    this.media.removeAttribute("src");
    this.media.load();
  }

  get #offsetS() {
    return this.clip ? this.clip.start_s : 0;
  }

  #loaded() {
    // A codec of pictures that the browser does not know leaves the sound alone, without an error.
    if (!this.clip && this.video.has_picture !== false && this.video.width && !this.media.videoWidth) {
      this.#toClips();
      return;
    }
    const wanted = this.wantedS;
    this.wantedS = null;
    if (wanted !== null && wanted > 0) this.seek(wanted);
    this.onState(this.clip ? "clip" : "stream", this.clip);
    if (this.wantsPlay) this.media.play().catch(() => {});
    this.wantsPlay = false;
  }

  async #failed() {
    if (this.stop.signal.aborted) return;
    const trouble = await this.#trouble();
    if (trouble) this.onState(trouble);
    else if (this.clip) this.onState("unplayable");
    else this.#toClips();
  }

  /** What is wrong with the file itself, if anything is. */
  async #trouble() {
    try {
      const answer = await fetch(this.video.stream_url, { method: "HEAD", signal: this.stop.signal });
      return { 404: "gone", 409: "changed", 410: "gone" }[answer.status] ?? null;
    } catch {
      return null;
    }
  }

  #toClips() {
    const playing = !this.media.paused || this.wantsPlay;
    this.#loadClip(this.timeS, playing);
  }

  #loadClip(timeS, thenPlay) {
    const start_s = Math.max(0, Math.floor(timeS - LEAD_S));
    const end_s = Math.min(start_s + CLIP_S, this.video.duration_s ?? start_s + CLIP_S);
    this.clip = { start_s, end_s };
    this.wantedS = timeS;
    this.wantsPlay = thenPlay;
    this.onState("clip", this.clip);
    // Many seeks in a row, as when a slider is dragged, ask for one clip.
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const clip = onSite(`/v1/videos/${encodeURIComponent(this.video.video_id)}/clip.mp4`);
      this.media.src = address(clip, { start_s, end_s });
    }, 200);
  }

  #clipEnded() {
    if (this.clip && this.clip.end_s < this.durationS - 0.1 && !this.media.loop) this.#loadClip(this.clip.end_s, true);
  }
}
