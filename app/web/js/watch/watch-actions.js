// What can be done with the moment that the player shows.

import { address } from "../api.js";
import { fill, h } from "../dom.js";
import { exportItems } from "../exports.js";
import { clock, clockRange } from "../format.js";
import { icon } from "../icons.js";
import { judgeButtons, loadVerdicts } from "../judge.js";
import { openMenu } from "../popover.js";
import { navigate } from "../router.js";
import { emptySearch, searchAddress } from "../search/search-state.js";
import { toast } from "../toast.js";
import { isPicked, togglePicked, watchPicked } from "../tray-store.js";
import { watchAddress } from "./watch-address.js";

/** `{element, draw()}`; `moment()` is what things are done with, until `signal` aborts. */
export function watchActions(video, { search, moment, signal }) {
  const span = h("p", { class: "actions-span num" });
  const save = action("download", "Download", openFormats);
  save.setAttribute("aria-haspopup", "menu");
  const tray = action("tray", "Add to tray", () => togglePicked(pickable()));
  const verdict = h("div", { class: "actions-verdict" });
  let verdicts = null;
  let judged = null;
  const element = h(
    "div",
    { class: "actions", role: "group", "aria-label": "With this moment" },
    h(
      "div",
      { class: "actions-row" },
      span,
      save,
      tray,
      action("similar", "More like this", findSimilar),
      action("link", "Copy link", copyLink),
      verdict,
    ),
  );
  watchPicked(draw, signal);
  if (search && !search.then.length && !search.not.length) {
    loadVerdicts(search.text, signal).then(
      (known) => ((verdicts = known), draw()),
      () => {},
    );
  }
  return { element, draw };

  function draw() {
    const { start_s: startS, end_s: endS } = moment();
    fill(span, h("span", { class: "soft" }, "Moment "), clockRange(startS, endS));
    const isIn = isPicked(pickable());
    tray.setAttribute("aria-pressed", String(isIn));
    tray.lastChild.textContent = isIn ? "In the tray" : "Add to tray";
    drawVerdict();
  }

  /** Verdicts are on what a search found, so a span of the user's own has none. */
  function drawVerdict() {
    const now = moment();
    const canJudge = verdicts !== null && now.rank !== undefined;
    if (judged === (canJudge ? now : null)) return;
    judged = canJudge ? now : null;
    fill(
      verdict,
      canJudge ? [h("span", { class: "soft" }, "Right?"), judgeButtons(now, verdicts, signal).element] : null,
    );
  }

  function pickable() {
    const { start_s, end_s, thumbnail_url, play_url } = moment();
    return {
      video_id: video.video_id,
      start_s,
      end_s,
      title: video.title,
      thumbnail_url:
        thumbnail_url ?? (video.thumbnail_url && address(video.thumbnail_url.split("?")[0], { t_s: start_s })),
      play_url: play_url ?? watchAddress(video.video_id, { moment: { start_s, end_s } }),
    };
  }

  function openFormats() {
    openMenu(
      save,
      exportItems(() => [pickable()]),
      { label: "Download this moment as" },
    );
  }

  function findSimilar() {
    const { start_s, end_s } = moment();
    navigate(searchAddress({ ...emptySearch(), like: { video_id: video.video_id, start_s, end_s } }));
  }

  async function copyLink() {
    const link = new URL(watchAddress(video.video_id, { moment: moment(), search }), location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      toast(`Copied the link to ${clock(moment().start_s)}`, { kind: "good" });
    } catch {
      toast(`The browser does not allow copying. The link is ${link}`);
    }
  }
}

function action(image, label, act) {
  return h("button", { class: "button", type: "button", on: { click: act } }, icon(image), label);
}
