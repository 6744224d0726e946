// Under the player: title, tags, date and path of the video, with the way to change them.

import { address } from "../api.js";
import { announce } from "../announce.js";
import { onSite } from "../base.js";
import { fill, h } from "../dom.js";
import { day, duration, size } from "../format.js";
import { icon } from "../icons.js";
import { editVideo } from "../video-dialog.js";

/** `{element}`; `onChange(video)` after an edit. */
export function videoFacts(video, { onChange }) {
  const element = h("header", { class: "about" });
  draw(video);
  return { element };

  function draw(now) {
    const edit = h(
      "button",
      {
        class: "icon-button icon-button-small",
        type: "button",
        "aria-label": "Edit title, tags and date",
        title: "Edit title, tags and date",
      },
      icon("edit"),
    );
    edit.addEventListener("click", async () => {
      const changed = await editVideo(now);
      if (!changed) return;
      Object.assign(video, changed);
      draw(video);
      onChange(video);
      announce("Saved");
      element.querySelector("button").focus();
    });
    fill(
      element,
      h("div", { class: "about-title" }, h("h1", { class: "about-name" }, now.title), edit),
      h(
        "ul",
        { class: "about-facts" },
        facts(now).map((fact) => h("li", null, fact)),
      ),
      now.tags.length
        ? h(
            "ul",
            { class: "tag-list", "aria-label": "Tags" },
            now.tags.map((tag) => {
              const href = address(onSite("/library"), { tag });
              return h("li", null, h("a", { class: "tag", href }, tag));
            }),
          )
        : null,
      h("p", { class: "mono-path", title: "Where the file is" }, now.path),
      now.warnings.length
        ? h(
            "details",
            { class: "about-warnings" },
            h("summary", null, icon("alert"), `Warnings of the index (${now.warnings.length})`),
            h(
              "ul",
              null,
              now.warnings.map((text) => h("li", null, text)),
            ),
          )
        : null,
    );
  }
}

function facts(video) {
  return [
    video.duration_s === null ? null : duration(video.duration_s),
    video.recorded_at ? `recorded ${day(video.recorded_at)}` : null,
    video.width ? `${video.width} × ${video.height}` : "sound only",
    video.size_bytes ? size(video.size_bytes) : null,
  ].filter(Boolean);
}
