// How loud a moment is from its start to its end, where there is nothing to see.

import { get } from "../api.js";
import { h, svg } from "../dom.js";
import { icon } from "../icons.js";

const BARS = 64;

/** A picture of the sound of a moment, drawn when it comes into view; the sign of sound until then, or without it. */
export function waveform({ video_id, start_s, end_s }) {
  const place = h("span", { class: "moment-no-picture waveform" }, icon("sound"));
  const seen = new IntersectionObserver(async ([entry]) => {
    if (!entry.isIntersecting) return;
    seen.disconnect();
    try {
      const path = `/v1/videos/${encodeURIComponent(video_id)}/waveform`;
      const { peaks } = await get(path, { params: { start_s, end_s, bars: BARS } });
      place.replaceChildren(drawn(peaks));
    } catch {
      // The sign of sound says as much as is known.
    }
  });
  seen.observe(place);
  return place;
}

function drawn(peaks) {
  const bar = (peak, n) => {
    const height = Math.max(1, peak * 100);
    return svg("rect", { x: n + 0.15, y: (100 - height) / 2, width: 0.7, height, rx: 0.35 });
  };
  return svg(
    "svg",
    { class: "waveform-bars", viewBox: `0 0 ${peaks.length} 100`, preserveAspectRatio: "none", "aria-hidden": "true" },
    ...peaks.map(bar),
  );
}
