// The ways into the library: files, folders, a path of the server's machine, an address.

import { post } from "../api.js";
import { fill, h, listen, uid } from "../dom.js";
import { plural } from "../format.js";
import { icon } from "../icons.js";
import { ACCEPTED, droppedFiles, hasFiles, sorted } from "./media-files.js";
import { openMenu } from "../popover.js";
import { toast } from "../toast.js";
import { abandonUpload, unfinishedUploads } from "./tus.js";
import { addFiles, currentUploads } from "./upload.js";
import { ask } from "../video-dialog.js";

/**
 * Everything about adding: `{button, unfinished, overlay, choose()}`, elements and what opens the chooser.
 * `onAsked(jobId)` is told of what was put on the queue, but for uploads.
 */
export function addingParts({ signal, onAsked }) {
  const files = chooser({ multiple: true, accept: ACCEPTED });
  const folder = chooser({ webkitdirectory: true });
  const button = h(
    "button",
    { class: "button button-primary", type: "button", "aria-haspopup": "menu", "aria-expanded": "false" },
    icon("plus"),
    "Add videos",
  );
  button.addEventListener("click", () =>
    openMenu(
      button,
      [
        { label: "Files…", icon: icon("film"), run: () => files.click() },
        { label: "A folder…", icon: icon("folder"), run: () => folder.click() },
        { label: "By path or address…", icon: icon("link"), run: () => askWhere(onAsked) },
      ],
      { label: "Add videos" },
    ),
  );
  const overlay = h(
    "div",
    { class: "drop-overlay", hidden: true, "aria-hidden": "true" },
    h("div", { class: "drop-overlay-words" }, icon("upload"), h("p", null, "Drop files or folders to add them")),
  );
  watchDrops(overlay, signal);
  return {
    button,
    overlay,
    inputs: [files, folder],
    unfinished: unfinishedNotice(() => files.click()),
    choose: () => files.click(),
    askWhere: () => askWhere(onAsked),
  };
}

function chooser(attributes) {
  const input = h("input", { type: "file", hidden: true, tabindex: -1, "aria-hidden": "true", ...attributes });
  input.addEventListener("change", async () => {
    const chosen = [...input.files];
    input.value = "";
    take(attributes.webkitdirectory ? await sorted(chosen) : { files: chosen, skipped: 0 });
  });
  return input;
}

function take({ files, skipped }) {
  const added = addFiles(files);
  if (skipped) {
    toast(`${plural(skipped, "file")} left out: neither video nor sound. Choose one by itself to add it all the same.`);
  }
  if (files.length > added) toast(`${plural(files.length - added, "file")} is on its way already.`);
}

function watchDrops(overlay, signal) {
  let depth = 0;
  const show = (isOn) => (overlay.hidden = !isOn);
  listen(document, "dragenter", (event) => hasFiles(event) && ((depth += 1), show(true)), signal);
  listen(document, "dragleave", (event) => hasFiles(event) && ((depth -= 1), show(depth > 0)), signal);
  listen(document, "dragover", (event) => hasFiles(event) && event.preventDefault(), signal);
  listen(
    document,
    "drop",
    async (event) => {
      depth = 0;
      show(false);
      if (!hasFiles(event)) return;
      event.preventDefault();
      take(await droppedFiles(event.dataTransfer));
    },
    signal,
  );
}

/** Says which uploads a reload cut off; nothing where there are none. */
function unfinishedNotice(choose) {
  const element = h("div", { class: "unfinished" });
  draw();
  return { element, draw };

  function draw() {
    const going = new Set(currentUploads().map((item) => `moments.upload.${item.key}`));
    const cut = unfinishedUploads().filter((one) => !going.has(one.key));
    element.hidden = cut.length === 0;
    fill(
      element,
      cut.map((one) =>
        h(
          "div",
          { class: "unfinished-row" },
          icon("upload"),
          h(
            "p",
            null,
            h("strong", null, one.name),
            ` was sent to ${Math.floor((one.received_bytes / one.size) * 100)} %. Choose the file again to go on.`,
          ),
          h("button", { class: "button button-small", type: "button", on: { click: choose } }, "Choose file"),
          h(
            "button",
            {
              class: "button button-quiet button-small",
              type: "button",
              on: { click: () => abandonUpload(one).then(draw) },
            },
            "Forget it",
          ),
        ),
      ),
    );
  }
}

/** Asks for a path or an address, and puts it on the queue. */
async function askWhere(onAsked) {
  const [id, hintId] = [uid("where"), uid("hint")];
  const input = h("input", {
    class: "input",
    id,
    type: "text",
    required: true,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "/videos/talk.mp4",
    "aria-describedby": hintId,
  });
  const trouble = h("p", { class: "error-text", role: "alert", hidden: true });
  const field = h(
    "div",
    { class: "field" },
    h("label", { class: "field-label", for: id }, "Path or address"),
    input,
    h(
      "p",
      { class: "field-hint", id: hintId },
      "A file on the machine that Moments runs on, or the http(s) address of a video file.",
    ),
  );
  const add = h("button", { class: "button button-primary", type: "submit" }, "Add");
  const added = await ask("Add by path or address", [field, trouble], add, async () => {
    const where = input.value.trim();
    trouble.hidden = true;
    try {
      return await post("/v1/videos", /^https?:\/\//i.test(where) ? { url: where } : { path: where });
    } catch (error) {
      trouble.hidden = false;
      input.setAttribute("aria-invalid", "true");
      fill(trouble, icon("alert"), error.message);
      return undefined;
    }
  });
  if (!added) return;
  onAsked(added.job_id);
  toast("Put on the queue.", { kind: "good" });
}
