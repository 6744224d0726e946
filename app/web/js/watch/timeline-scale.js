// Which stretch of a video a strip of pixels shows. Pure: values in, values out.

const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
const MIN_SPAN_S = 2;

/** The view of a whole video: `{duration_s, start_s, end_s}`. */
export function wholeView(duration_s) {
  return { duration_s, start_s: 0, end_s: duration_s };
}

/** Where a time lies in a strip `width` wide; outside of the strip if the view does not show it. */
export function xOf(view, time_s, width) {
  return ((time_s - view.start_s) / (view.end_s - view.start_s || 1)) * width;
}

/** The time at a place of the strip, within the video. */
export function timeAt(view, x, width) {
  const time_s = view.start_s + (x / (width || 1)) * (view.end_s - view.start_s);
  return clamp(time_s, 0, view.duration_s);
}

/** How many times larger than the whole video the view shows things. */
export function zoomOf(view) {
  return view.duration_s / (view.end_s - view.start_s || 1);
}

/** The view that is `factor` times closer, with `anchor_s` where it was. */
export function zoomed(view, factor, anchor_s) {
  const span_s = view.end_s - view.start_s;
  const wanted_s = clamp(span_s / factor, Math.min(MIN_SPAN_S, view.duration_s), view.duration_s);
  const share = span_s > 0 ? (anchor_s - view.start_s) / span_s : 0.5;
  return placed(view, anchor_s - clamp(share, 0, 1) * wanted_s, wanted_s);
}

/** The view moved by some seconds, never past the ends of the video. */
export function panned(view, by_s) {
  return placed(view, view.start_s + by_s, view.end_s - view.start_s);
}

/** The same view if it shows the time, otherwise the one turned to the page where it is. */
export function following(view, time_s) {
  if (time_s >= view.start_s && time_s <= view.end_s) return view;
  const span_s = view.end_s - view.start_s;
  return placed(view, time_s - span_s * 0.1, span_s);
}

/** Times for the ruler, at most one per `gap` pixels, at round numbers. */
export function ticks(view, width, gap = 76) {
  const span_s = view.end_s - view.start_s;
  const step_s = STEPS_S.find((step) => (step / span_s) * width >= gap) ?? STEPS_S.at(-1);
  const times = [];
  for (let count = Math.ceil(view.start_s / step_s); count * step_s <= view.end_s; count += 1) {
    times.push(Math.round(count * step_s * 10) / 10);
  }
  return { step_s, times };
}

/** The spans that a view shows, of a list in order of start. */
export function visible(spans, view) {
  return spans.filter((span) => span.end_s > view.start_s && span.start_s < view.end_s);
}

/** The last span that holds the time, or null. */
export function spanAt(spans, time_s) {
  return spans.findLast((span) => time_s >= span.start_s && time_s < span.end_s) ?? null;
}

/** The value nearest to `wanted` in an ascending list, or null where the list is empty. */
export function nearest(values, wanted) {
  let low = 0;
  let high = values.length - 1;
  if (high < 0) return null;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  const before = values[Math.max(0, low - 1)];
  return Math.abs(before - wanted) <= Math.abs(values[low] - wanted) ? before : values[low];
}

/** The number, not below `low` nor above `high`. */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

function placed(view, start_s, span_s) {
  const from_s = clamp(start_s, 0, Math.max(0, view.duration_s - span_s));
  return { duration_s: view.duration_s, start_s: from_s, end_s: Math.min(view.duration_s, from_s + span_s) };
}
