// What a screen reader is told without anything moving on the page.

/** Has `text` read out when the reader is free. */
export function announce(text) {
  const region = document.getElementById("live");
  region.textContent = "";
  // A region must change after it was emptied, or the same words twice are read once.
  setTimeout(() => {
    region.textContent = text;
  }, 60);
}
