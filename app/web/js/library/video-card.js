// A video of the library as a card, which the stylesheet also shows as a row.

import { address } from "../api.js";
import { onSite } from "../base.js";
import { fill, h } from "../dom.js";
import { clock, duration, plural, shortDay, size } from "../format.js";
import { icon } from "../icons.js";
import { openMenu } from "../popover.js";

/**
 * `{element, video, draw(video), pick(isPicked)}`.
 * `on`: pick(card, isPicked, isRange), edit(card); `onMenu(card)` gives the items of its menu.
 */
export function videoCard(video, { on, onMenu }) {
  const element = h("li", { class: "video" });
  const box = h("input", { type: "checkbox", class: "video-check" });
  box.addEventListener("click", (event) => on.pick(card, box.checked, event.shiftKey));
  const card = { element, video, draw, pick };
  draw(video);
  return card;

  function pick(isPicked) {
    box.checked = isPicked;
    element.classList.toggle("is-picked", isPicked);
  }

  function draw(now) {
    card.video = now;
    const href = onSite(`/watch/${encodeURIComponent(now.video_id)}`);
    const more = h(
      "button",
      {
        class: "icon-button icon-button-small video-more",
        type: "button",
        "aria-label": `More about ${now.title}`,
        "aria-haspopup": "menu",
      },
      icon("more"),
    );
    more.addEventListener("click", () => openMenu(more, onMenu(card), { label: now.title }));
    box.setAttribute("aria-label", `Pick ${now.title}`);
    fill(
      element,
      h(
        "div",
        { class: "video-picture" },
        h("a", { href, tabindex: -1, "aria-hidden": "true" }, picture(now)),
        now.duration_s === null
          ? null
          : h("span", { class: "video-length num", "aria-hidden": "true" }, clock(now.duration_s)),
        h("label", { class: "video-pick" }, box),
      ),
      h(
        "div",
        { class: "video-words" },
        h("h3", { class: "video-title" }, h("a", { href }, now.title)),
        h("p", { class: "video-facts-line" }, factsOf(now)),
        now.tags.length || now.warnings.length
          ? h(
              "ul",
              { class: "tag-list" },
              now.warnings.length
                ? h(
                    "li",
                    null,
                    h(
                      "button",
                      { class: "badge badge-warn video-warn", type: "button", on: { click: () => on.edit(card) } },
                      icon("alert"),
                      plural(now.warnings.length, "warning"),
                    ),
                  )
                : null,
              now.tags.map((tag) => {
                const href = address(onSite("/library"), { tag });
                return h("li", null, h("a", { class: "tag", href }, tag));
              }),
            )
          : null,
      ),
      more,
    );
  }
}

function picture(video) {
  if (!video.thumbnail_url) return h("span", { class: "video-blank" }, icon("sound"));
  const image = h("img", {
    src: video.thumbnail_url,
    alt: "",
    loading: "lazy",
    decoding: "async",
    width: 320,
    height: 180,
  });
  image.addEventListener("error", () => image.replaceWith(h("span", { class: "video-blank" }, icon("film"))), {
    once: true,
  });
  return image;
}

function factsOf(video) {
  const facts = [
    // The picture has it too, for those who see.
    video.duration_s === null ? null : h("span", { class: "video-length-words" }, duration(video.duration_s)),
    video.size_bytes ? size(video.size_bytes) : null,
    video.recorded_at ? shortDay(video.recorded_at) : `added ${shortDay(video.created_at)}`,
    video.profile,
  ].filter(Boolean);
  return facts.map((fact) => h("span", { class: "fact" }, fact));
}
