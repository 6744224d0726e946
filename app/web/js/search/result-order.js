// In which order moments are shown, and under which videos. Pure.

/** Ways to sort, by what the address calls them, with the words that a person chooses among. */
export const SORTS = [
  ["", "Likeliest first"],
  ["time", "By time in the video"],
  ["newest", "Newest first"],
  ["oldest", "Oldest first"],
];

/** Moments in an order, a new list. They come likeliest first; what has no date comes last, where dates order. */
export function sorted(moments, sort) {
  if (sort === "time") {
    return byVideo(moments).flatMap(([, own]) => own.toSorted((one, other) => one.start_s - other.start_s));
  }
  if (sort === "newest") return byDate(moments, -1);
  if (sort === "oldest") return byDate(moments, 1);
  return moments;
}

/** [[video's id, its moments]], in the order of the first of each. */
export function byVideo(moments) {
  const groups = new Map();
  for (const moment of moments) {
    if (!groups.has(moment.video_id)) groups.set(moment.video_id, []);
    groups.get(moment.video_id).push(moment);
  }
  return [...groups];
}

function byDate(moments, direction) {
  const time = ({ recorded_at: at }) => (at ? Date.parse(at) : null);
  return moments.toSorted((one, other) => {
    const [before, after] = [time(one), time(other)];
    if (before === null || after === null) return Number(before === null) - Number(after === null);
    return direction * (before - after);
  });
}
