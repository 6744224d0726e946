// Files out of a drop or a file chooser, folders and all.

// The endings that the server takes (indexer/media_names.py); those of the second list other files have too.
const SURE = endings(`
  264 265 3g2 3ga 3gp 3gp2 3gpp aac ac3 aif aifc aiff amr ape apng asf av1 avi awb bwf caf divx dts dv dvr-ms eac3
  ec3 f4a f4b f4p f4v flac flv gif gxf h264 h265 h26l hevc insv isma ismv ivf m1a m1v m2a m2p m2t m2ts m2v m4a m4b m4r
  m4v mj2 mk3d mka mkv mov mp1 mp2 mp2v mp3 mp4 mp4v mpe mpeg mpg mpg4 mpgv mpv mpv2 mqv mxf nsv nut obu oga ogg ogm ogv ogx
  opus qt rf64 rmvb rv spx swf tod trp tta vc1 vob vro w64 wav wave weba webm wm wma wmv wtv wv xvid y4m
`);
const DOUBTFUL = endings(`
  360 au avc dat dif evo ism mac mod mp+ mpa mpc mpp mts ps psp ra rm snd tp ts voc
`);
const HEAD_BYTES = 4096;
const TRACKER_AT = 1080;

/** What a chooser of files offers: every type and ending of media. */
export const ACCEPTED = ["video/*", "audio/*", ...[...SURE, ...DOUBTFUL].map((ending) => `.${ending}`)].join(",");

/** Whether a file looks as if it could be indexed, by its type or its ending, or where that is in doubt by its start. */
export async function isMedia(file) {
  const ending = file.name.split(".").pop().toLowerCase();
  if (DOUBTFUL.has(ending)) return isNoText(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
  return /^(video|audio)\//.test(file.type) || SURE.has(ending);
}

/** Whether bytes are neither text, as TypeScript is, nor the music of a tracker. */
function isNoText(bytes) {
  const mark = String.fromCharCode(...bytes.slice(TRACKER_AT, TRACKER_AT + 4));
  return bytes.some((byte) => byte < 9) && !/^(M\.K\.|M!K!|FLT\d|\dCHN)$/.test(mark);
}

function endings(words) {
  return new Set(words.trim().split(/\s+/));
}

/** Whether a drag brings files. */
export function hasFiles(event) {
  return [...(event.dataTransfer?.types ?? [])].includes("Files");
}

/** All files of a drop: `{files, skipped}`; of folders, those that are media. */
export async function droppedFiles(transfer) {
  // Entries have to be taken before the first await: the list is empty afterwards.
  const entries = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => [item.webkitGetAsEntry?.(), item.getAsFile()]);
  const found = [];
  for (const [entry, file] of entries) {
    if (entry?.isDirectory) found.push(...(await filesOf(entry)));
    else if (file) found.push(file);
  }
  return sorted(found);
}

/** The files that are media, and how many are not. */
export async function sorted(files) {
  const seen = files.filter((file) => !file.name.startsWith("."));
  const kept = await Promise.all(seen.map(isMedia));
  const media = seen.filter((_, number) => kept[number]);
  return { files: media, skipped: seen.length - media.length };
}

async function filesOf(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // A reader gives a folder in parts, and an empty part at the end.
    const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!part.length) return found;
    for (const child of part) found.push(...(await filesOf(child)));
  }
}
