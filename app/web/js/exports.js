// Chosen moments as files.

import { download } from "./api.js";
import { h } from "./dom.js";
import { plural } from "./format.js";
import { toast } from "./toast.js";

const KEPT_MS = 60_000;

/** What moments can be saved as; `only` says whether it is for one moment or for several. */
const FORMATS = [
  { id: "mp4", name: "Video clip", hint: "MP4", only: "one" },
  { id: "reel", name: "One video of all", hint: "MP4", only: "several" },
  { id: "srt", name: "Subtitles", hint: "SRT" },
  { id: "vtt", name: "Web subtitles", hint: "VTT" },
  { id: "edl", name: "Edit decision list", hint: "EDL" },
  { id: "fcpxml", name: "Final Cut Pro", hint: "FCPXML" },
  { id: "xml", name: "Premiere Pro", hint: "XML" },
  { id: "otio", name: "OpenTimelineIO", hint: "OTIO" },
  { id: "csv", name: "Table", hint: "CSV" },
  { id: "json", name: "Data", hint: "JSON" },
];

/** Entries of a menu (see popover.js) that save `moments`, read when one is chosen. */
export function exportItems(moments) {
  const kind = moments().length === 1 ? "one" : "several";
  return FORMATS.filter((format) => !format.only || format.only === kind).map((format) => ({
    label: format.name,
    hint: format.hint,
    run: () => saveMoments(format, moments()),
  }));
}

/** Has the server make a file of moments, and hands it to the browser to save. */
async function saveMoments(format, moments) {
  const isVideo = format.only !== undefined;
  const close = toast(isVideo ? `Cutting ${plural(moments.length, "moment")} …` : "Preparing the file …", {
    shownMs: 10 * KEPT_MS,
  });
  const chosen = moments.map(({ video_id, start_s, end_s, title }) => ({ video_id, start_s, end_s, title }));
  try {
    const { blob, filename } = await download("/v1/exports", { format: format.id, moments: chosen });
    const link = h("a", {
      href: URL.createObjectURL(blob),
      download: filename ?? `moments.${format.hint.toLowerCase()}`,
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
    toast(`Saved ${link.download}`, { kind: "good" });
  } catch (error) {
    toast(`The export did not work: ${error.message}`, { kind: "bad" });
  } finally {
    close();
  }
}
