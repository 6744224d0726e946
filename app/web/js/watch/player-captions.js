// The transcript as captions over the picture.

import { address } from "../api.js";
import { onSite } from "../base.js";
import { h } from "../dom.js";

// In lines from the bottom: above the bar of buttons.
const LINE = -4;

/** Captions of a media element: `{isThere, isShown, show(isOn), startAt(second)}`; `onChange` when they turn out to be none. */
export function addCaptions(media, video, onChange) {
  let isThere = true;
  let isShown = false;
  let startS = 0;
  const track = h("track", {
    kind: "captions",
    label: "Transcript",
    srclang: "en",
    src: address(onSite(`/v1/videos/${encodeURIComponent(video.video_id)}/transcript`), { format: "vtt" }),
  });
  const none = () => {
    isThere = false;
    track.remove();
    onChange();
  };
  track.addEventListener("load", () => {
    const cues = [...(track.track.cues ?? [])];
    if (!cues.length) none();
    for (const cue of cues) if (cue instanceof VTTCue) cue.line = LINE;
    shift(-startS);
  });
  track.addEventListener("error", none);
  media.append(track);
  // Cues are fetched for a hidden track, not for a disabled one, and so it is known whether there are any.
  track.track.mode = "hidden";

  return {
    get isThere() {
      return isThere;
    },
    get isShown() {
      return isThere && isShown;
    },
    show(isOn) {
      isShown = isOn;
      track.track.mode = isOn ? "showing" : "hidden";
    },
    startAt(second) {
      shift(startS - second);
      startS = second;
    },
  };

  function shift(bySeconds) {
    if (!bySeconds) return;
    for (const cue of track.track?.cues ?? []) {
      cue.startTime += bySeconds;
      cue.endTime += bySeconds;
    }
  }
}
