// How loud somebody likes it, from one video to the next.

const KEY = "moments.volume";

/** Gives a media element the volume that was set last, and remembers the next. */
export function rememberVolume(media) {
  try {
    const kept = Number.parseFloat(localStorage.getItem(KEY) ?? "");
    if (kept >= 0 && kept <= 1) media.volume = kept;
    media.addEventListener("volumechange", () => localStorage.setItem(KEY, String(media.volume)));
  } catch {
    // Without storage every video starts at its full volume.
  }
}
