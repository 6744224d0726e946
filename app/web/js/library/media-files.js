// Files out of a drop or a file chooser, folders and all.

const MEDIA = new Set(
  "mp4 m4v mov mkv webm avi mpg mpeg ts m2ts mts wmv flv 3gp ogv mxf vob mp3 wav m4a aac flac ogg oga opus wma aif aiff".split(
    " ",
  ),
);

/** Whether a file looks as if it could be indexed, by its type or its ending. */
export function isMedia(file) {
  return /^(video|audio)\//.test(file.type) || MEDIA.has(file.name.split(".").pop().toLowerCase());
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
export function sorted(files) {
  const media = files.filter((file) => isMedia(file) && !file.name.startsWith("."));
  return { files: media, skipped: files.filter((file) => !file.name.startsWith(".")).length - media.length };
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
