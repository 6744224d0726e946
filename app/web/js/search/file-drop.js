// Files that are dropped anywhere on the page.

/** Calls `onFiles(files)` for what is dropped, and `onOver(isOver)` while files are held over the page; until `signal`. */
export function acceptDrops({ onFiles, onOver, signal }) {
  // Each element on the way says that it was entered and left; the page is left when all were.
  let depth = 0;
  on("dragenter", () => move(1));
  on("dragleave", () => move(-1));
  on("dragover", (event) => event.preventDefault());
  on("drop", (event) => {
    event.preventDefault();
    move(-depth);
    onFiles([...event.dataTransfer.files]);
  });

  function on(name, listener) {
    const ifFiles = (event) => event.dataTransfer?.types.includes("Files") && listener(event);
    addEventListener(name, ifFiles, { signal });
  }

  function move(steps) {
    depth += steps;
    onOver(depth > 0);
  }
}
