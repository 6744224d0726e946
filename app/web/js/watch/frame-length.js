// How long one frame of a playing video lasts, which no API says.

const USUAL_S = 1 / 25;
const KEPT = 15;

/** `{lengthS}`: the middle of the last gaps between frames; the usual length until some were seen. */
export function measureFrames(media) {
  const gaps = [];
  let last = null;
  const look = (_, { mediaTime }) => {
    const gap = last === null ? 0 : mediaTime - last;
    // Larger and negative gaps are seeks.
    if (gap > 0.003 && gap < 0.15) gaps.push(gap);
    if (gaps.length > KEPT) gaps.shift();
    last = mediaTime;
    media.requestVideoFrameCallback(look);
  };
  media.requestVideoFrameCallback?.(look);
  return {
    get lengthS() {
      return gaps.length < 3 ? USUAL_S : gaps.toSorted((one, other) => one - other)[gaps.length >> 1];
    },
  };
}
